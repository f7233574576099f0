//! Entra's metadata and keys, cached for the process and kept fresh.

use std::{
    collections::HashMap,
    rc::Rc,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::JsonWebKeySet;

use super::{
    http::{HttpClient, HttpError},
    keys::EntraKey,
    limit::TokenBucket,
    metadata::{self, Metadata, MetadataError},
};
use crate::{clock::Clock, settings::Authority};

/// Microsoft's advice: refresh each hour in the background ("Signing key rollover").
const FRESH: TimeDelta = TimeDelta::hours(1);

/// After a failed background refresh, the next one waits this long.
const RETRY: TimeDelta = TimeDelta::minutes(1);

/// Unknown key ids: this many fetches in a row, then one every five minutes.
const BURST: i32 = 3;
const PERIOD: Duration = Duration::from_secs(300);

/// One fetch of Entra's documents.
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

/// Entra, as this process knows it. Shared by all workers; each brings its own HTTP client.
pub(crate) struct Provider {
    authority: Authority,
    clock: Arc<dyn Clock>,
    snapshot: RwLock<Option<Arc<Snapshot>>>,
    /// Held while a fetch runs: one at a time. It keeps what the last one brought.
    flight: tokio::sync::Mutex<Option<Result<Arc<Snapshot>, MetadataError>>>,
    /// How many fetches have ended.
    ended: AtomicU64,
    unknown_keys: Mutex<TokenBucket>,
    background: Mutex<Option<DateTime<Utc>>>,
}

/// What this process knows of each authority that its sites use.
pub(crate) struct Providers {
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<Authority, Arc<Provider>>>,
}

impl Providers {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            known: Mutex::default(),
        }
    }

    /// The one of an authority, made at its first use.
    pub(crate) fn of(&self, authority: &Authority) -> Arc<Provider> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Provider::new(authority, Arc::clone(&self.clock)));
        Arc::clone(known.entry(authority.clone()).or_insert_with(new))
    }
}

impl Provider {
    fn new(authority: &Authority, clock: Arc<dyn Clock>) -> Self {
        Self {
            authority: authority.clone(),
            clock,
            snapshot: RwLock::new(None),
            flight: tokio::sync::Mutex::new(None),
            ended: AtomicU64::new(0),
            unknown_keys: Mutex::new(TokenBucket::new(BURST, PERIOD)),
            background: Mutex::new(None),
        }
    }

    fn cached(&self) -> Option<Arc<Snapshot>> {
        let cached = self.snapshot.read().unwrap_or_else(PoisonError::into_inner);
        cached.clone()
    }

    /// The metadata and keys: at once when cached, refreshed in the background each hour.
    pub(crate) async fn snapshot(
        self: &Arc<Self>,
        http: &Rc<HttpClient>,
        within: Duration,
    ) -> Result<Arc<Snapshot>, MetadataError> {
        match self.cached() {
            Some(snapshot) => {
                if self.background_is_due(&snapshot) {
                    let (provider, http) = (Arc::clone(self), Rc::clone(http));
                    tokio::task::spawn_local(
                        async move { provider.refresh(&http, within, None).await },
                    );
                }
                Ok(snapshot)
            }
            None => self.refresh(http, within, None).await,
        }
    }

    /// Metadata and keys that may know a key id which `seen` doesn't: fetched anew at once, but
    /// not more often than the limit lets unknown key ids.
    pub(crate) async fn snapshot_for_key(
        self: &Arc<Self>,
        http: &Rc<HttpClient>,
        within: Duration,
        seen: Arc<Snapshot>,
        kid: &str,
    ) -> Result<Arc<Snapshot>, MetadataError> {
        match self.cached() {
            // Somebody else has fetched since.
            Some(newer) if newer.has_key(kid) => Ok(newer),
            _ => self.refresh(http, within, Some((kid, seen))).await,
        }
    }

    fn may_fetch_for_unknown_key(&self) -> bool {
        let bucket = self.unknown_keys.lock();
        let mut bucket = bucket.unwrap_or_else(PoisonError::into_inner);
        let allowed = bucket.take(self.clock.now());
        match allowed {
            true => tracing::info!("an ID token names an unknown key; fetching Entra's keys"),
            false => tracing::warn!(
                "an ID token names an unknown key, and keys were fetched too often for that lately"
            ),
        }
        allowed
    }

    fn background_is_due(&self, snapshot: &Snapshot) -> bool {
        let now = self.clock.now();
        if now - snapshot.fetched_at < FRESH {
            return false;
        }
        let mut last = self
            .background
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| now - last >= RETRY);
        if due {
            *last = Some(now);
        }
        due
    }

    /// Fetches, one at a time: who comes while a fetch runs shares what it brings. For an unknown
    /// key id, what it brings must know the id; if not, and fetches for such ids were too many
    /// lately, it is what was seen before.
    async fn refresh(
        self: &Arc<Self>,
        http: &Rc<HttpClient>,
        within: Duration,
        unknown: Option<(&str, Arc<Snapshot>)>,
    ) -> Result<Arc<Snapshot>, MetadataError> {
        // The fetch goes on even when the browser that caused it goes away.
        let (provider, http) = (Arc::clone(self), Rc::clone(http));
        let unknown = unknown.map(|(kid, seen)| (kid.to_owned(), seen));
        let before = self.ended.load(Ordering::Acquire);
        let fetch = tokio::task::spawn_local(async move {
            let mut flight = provider.flight.lock().await;
            let shared = flight
                .as_ref()
                .filter(|_| provider.ended.load(Ordering::Acquire) > before);
            match (shared, unknown) {
                (Some(result), None) => return result.clone(),
                (Some(Ok(snapshot)), Some((kid, _))) if snapshot.has_key(&kid) => {
                    return Ok(Arc::clone(snapshot));
                }
                (_, Some((_, seen))) if !provider.may_fetch_for_unknown_key() => return Ok(seen),
                _ => {}
            }
            let result = provider.fetch(&http, within).await;
            *flight = Some(result.clone());
            provider.ended.fetch_add(1, Ordering::Release);
            result
        });
        fetch.await.unwrap_or_else(|_| {
            let url = self.authority.metadata_url();
            let source = HttpError::Broken("the worker stopped".to_owned());
            Err(MetadataError::Fetch { url, source })
        })
    }

    async fn fetch(
        &self,
        http: &HttpClient,
        within: Duration,
    ) -> Result<Arc<Snapshot>, MetadataError> {
        let fetched = metadata::fetch(http, &self.authority, within).await;
        let (metadata, keys) = fetched.inspect_err(|error| {
            tracing::error!(error = %crate::error::chain(error), "Entra's metadata could not be fetched");
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
