//! Entra's metadata and keys, cached for the process and kept fresh.

use std::{
    collections::HashMap,
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::JsonWebKeySet;

use super::{
    keys::EntraKey,
    metadata::{self, Metadata, MetadataError},
    token_bucket::TokenBucket,
};
use crate::{
    http_client::{
        HttpClient,
        response::{HttpError, HttpProblem},
    },
    settings::authority::Authority,
    util::{
        clock::Clock,
        log::chain,
        single_flight::{Flight, SingleFlight, Waiter},
    },
};

/// Microsoft's advice: refresh each hour in the background ("Signing key rollover").
const MAX_AGE: TimeDelta = TimeDelta::hours(1);

/// Pause after a failed background refresh.
const RETRY_AFTER: TimeDelta = TimeDelta::minutes(1);

/// Fetches for unknown key ids: this many in a row, then one in each period.
const UNKNOWN_KEY_BURST: i32 = 3;
const UNKNOWN_KEY_PERIOD: Duration = Duration::from_secs(300);

/// Metadata and keys of one fetch.
pub(crate) struct Snapshot {
    pub(crate) metadata: Metadata,
    pub(crate) keys: JsonWebKeySet<EntraKey>,
    fetched_at: DateTime<Utc>,
}

impl Snapshot {
    pub(crate) fn new(
        metadata: Metadata,
        keys: JsonWebKeySet<EntraKey>,
        fetched_at: DateTime<Utc>,
    ) -> Self {
        Self {
            metadata,
            keys,
            fetched_at,
        }
    }

    pub(crate) fn has_key(&self, kid: &str) -> bool {
        self.keys.keys().iter().any(|key| key.has_id(kid))
    }
}

type Fetched = Result<Arc<Snapshot>, MetadataError>;

/// An authority with an application's keys, as this process knows it. All workers share it; each brings its own HTTP client.
pub(crate) struct Provider {
    authority: Authority,
    application_id: String,
    clock: Arc<dyn Clock>,
    snapshot: RwLock<Option<Arc<Snapshot>>>,
    fetches: SingleFlight<(), Fetched>,
    unknown_keys: Mutex<TokenBucket>,
    last_background_refresh: Mutex<Option<DateTime<Utc>>>,
}

/// The providers of all authorities and applications that the sites use.
pub(crate) struct Providers {
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<(Authority, String), Arc<Provider>>>,
}

impl Providers {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            known: Mutex::default(),
        }
    }

    pub(crate) fn find(&self, authority: &Authority, application_id: &str) -> Arc<Provider> {
        let mut known = lock(&self.known);
        let key = (authority.clone(), application_id.to_owned());
        let new = || {
            Arc::new(Provider::new(
                authority,
                application_id,
                Arc::clone(&self.clock),
            ))
        };
        Arc::clone(known.entry(key).or_insert_with(new))
    }
}

impl Provider {
    fn new(authority: &Authority, application_id: &str, clock: Arc<dyn Clock>) -> Self {
        let unknown_keys = TokenBucket::new(UNKNOWN_KEY_BURST, UNKNOWN_KEY_PERIOD);
        Self {
            authority: authority.clone(),
            application_id: application_id.to_owned(),
            clock,
            snapshot: RwLock::new(None),
            fetches: SingleFlight::new(TimeDelta::zero()),
            unknown_keys: Mutex::new(unknown_keys),
            last_background_refresh: Mutex::new(None),
        }
    }

    fn cached(&self) -> Option<Arc<Snapshot>> {
        let cached = self.snapshot.read().unwrap_or_else(PoisonError::into_inner);
        cached.clone()
    }

    /// How long ago metadata and keys were fetched.
    pub(crate) fn keys_age(&self) -> Option<TimeDelta> {
        let snapshot = self.cached()?;
        Some(self.clock.now() - snapshot.fetched_at)
    }

    /// Metadata and keys: at once when cached, refreshed in the background each hour.
    pub(crate) async fn snapshot(
        self: &Arc<Self>,
        http: &Rc<HttpClient>,
        timeout: Duration,
    ) -> Fetched {
        let Some(snapshot) = self.cached() else {
            return self.refresh(http, timeout).await;
        };
        if self.is_background_refresh_due(&snapshot) {
            let flight = self.fetches.join((), self.clock.now());
            // The task that fetches needs nobody to wait for it.
            drop(self.fly(flight, http, timeout));
        }
        Ok(snapshot)
    }

    /// Metadata and keys that may hold a key that `seen` lacks: fetched at once, but no more often
    /// than the limit for unknown key ids allows. `seen` itself where it doesn't.
    pub(crate) async fn snapshot_for_key(
        self: &Arc<Self>,
        http: &Rc<HttpClient>,
        timeout: Duration,
        seen: Arc<Snapshot>,
        kid: &str,
    ) -> Fetched {
        if let Some(newer) = self.cached().filter(|cached| cached.has_key(kid)) {
            return Ok(newer);
        }
        // A fetch under way may bring the key; one that fails or brings another is no answer yet.
        if let Some(running) = self.fetches.running(())
            && let Some(Ok(newer)) = running.result().await
            && newer.has_key(kid)
        {
            return Ok(newer);
        }
        let may_fetch = || self.may_fetch_for_unknown_key();
        match self.fetches.join_if((), self.clock.now(), may_fetch) {
            Some(flight) => self.land(self.fly(flight, http, timeout)).await,
            None => Ok(seen),
        }
    }

    fn may_fetch_for_unknown_key(&self) -> bool {
        let allowed = lock(&self.unknown_keys).take(self.clock.now());
        if allowed {
            tracing::info!("a token names an unknown key; fetching Entra's keys");
        } else {
            tracing::warn!(
                "a token names an unknown key; keys were fetched too often for that recently"
            );
        }
        allowed
    }

    fn is_background_refresh_due(&self, snapshot: &Snapshot) -> bool {
        let now = self.clock.now();
        if now - snapshot.fetched_at < MAX_AGE {
            return false;
        }
        let mut last = lock(&self.last_background_refresh);
        let is_due = last.is_none_or(|last| now - last >= RETRY_AFTER);
        if is_due {
            *last = Some(now);
        }
        is_due
    }

    async fn refresh(self: &Arc<Self>, http: &Rc<HttpClient>, timeout: Duration) -> Fetched {
        let flight = self.fetches.join((), self.clock.now());
        self.land(self.fly(flight, http, timeout)).await
    }

    /// Starts the fetch, if it is the caller's to do, in a task of its own: it goes on when the
    /// browser that caused it goes away.
    fn fly(
        self: &Arc<Self>,
        flight: Flight<(), Fetched>,
        http: &Rc<HttpClient>,
        timeout: Duration,
    ) -> Option<Waiter<Fetched>> {
        match flight {
            Flight::Follower(waiter) => Some(waiter),
            // Nothing is remembered of a finished fetch.
            Flight::Finished => None,
            Flight::Leader(leader, waiter) => {
                let (provider, http) = (Arc::clone(self), Rc::clone(http));
                tokio::task::spawn_local(async move {
                    let fetched = provider.fetch(&http, timeout).await;
                    leader.finish(fetched, provider.clock.now());
                });
                Some(waiter)
            }
        }
    }

    async fn land(&self, waiter: Option<Waiter<Fetched>>) -> Fetched {
        let fetched = match waiter {
            Some(waiter) => waiter.result().await,
            None => None,
        };
        fetched.unwrap_or_else(|| {
            let problem = HttpProblem::Broken("the worker stopped".to_owned());
            let url = self.authority.metadata_url(&self.application_id);
            Err(MetadataError::Fetch(HttpError::new(&url, problem)))
        })
    }

    async fn fetch(&self, http: &HttpClient, timeout: Duration) -> Fetched {
        let fetched = metadata::fetch(http, &self.authority, &self.application_id, timeout).await;
        let (metadata, keys) = fetched.inspect_err(|error| {
            tracing::error!(error = %chain(error), "Entra's metadata could not be fetched");
        })?;
        let snapshot = Arc::new(Snapshot::new(metadata, keys, self.clock.now()));
        let mut cached = self
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *cached = Some(Arc::clone(&snapshot));
        Ok(snapshot)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
