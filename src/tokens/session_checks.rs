//! The checks of sessions, with the setting `recheck`: at the first request after its interval, a session
//! is checked once, over all workers and all nodes.

use std::{sync::Arc, time::Duration};

use actix_web::rt;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    check::{Check, Verdict},
    check_state::CheckState,
    known_checks::Known,
    refresh::SignedInAccount,
};
use crate::{
    session::{
        token_store::TokenStore,
        tokens::{LiveToken, TokenId},
    },
    util::single_flight::{Flight, SingleFlight},
};

/// How much longer than `entra_timeout` a request waits for the check of its session.
const MARGIN: Duration = Duration::from_millis(500);

/// The checks of this process.
#[derive(Debug)]
pub(crate) struct SessionChecks {
    pub(crate) state: Arc<CheckState>,
    checks: SingleFlight<TokenId, (Verdict, Option<LiveToken>)>,
    /// Sessions that are checked at once: after a weekend, all are due.
    permits: Arc<Semaphore>,
}

impl SessionChecks {
    pub(crate) fn new(tokens: TokenStore, at_once: u32) -> Self {
        Self {
            state: Arc::new(CheckState::new(tokens)),
            checks: SingleFlight::new(TimeDelta::zero()),
            permits: Arc::new(Semaphore::new(at_once as usize)),
        }
    }

    /// Notes a session that has just begun, and is due then.
    pub(crate) fn begin(&self, id: TokenId, due_at: DateTime<Utc>, now: DateTime<Utc>) {
        let known = Known {
            due_at,
            roles: None,
            failing_since: None,
        };
        self.state.known.insert(id, known, now);
    }

    /// The last check of a session that isn't due.
    pub(crate) fn known(&self, id: TokenId, now: DateTime<Utc>) -> Option<Known> {
        let known = self.state.known.get(id);
        known.filter(|known| known.due_at > now)
    }

    /// Checks a session. Concurrent requests share one check; who carries it out gets the access token
    /// that came of it, too. A request whose session could not be checked lately doesn't wait for it.
    pub(crate) async fn check(
        &self,
        id: TokenId,
        account: SignedInAccount,
    ) -> (Verdict, Option<LiveToken>) {
        let goes_on = |roles| (Verdict::GoesOn(roles), None);
        let known = self.state.known.get(id);
        let settings = &account.site.config;
        let (limit, now) = (settings.entra_timeout + MARGIN, account.clock.now());
        let grace = TimeDelta::from_std(settings.recheck_grace).unwrap_or(TimeDelta::MAX);
        let since = known.as_ref().and_then(|known| known.failing_since);
        // In the time of grace nobody waits for what failed lately.
        let is_in_grace = since.is_some_and(|since| now - since < grace);
        let (waiter, is_leader) = match self.checks.join(id, now) {
            // Nothing that is over is remembered.
            Flight::Finished => return goes_on(None),
            Flight::Follower(waiter) => (waiter, false),
            Flight::Leader(leader, waiter) => {
                let (state, permits) = (Arc::clone(&self.state), Arc::clone(&self.permits));
                // It goes on when the browser goes away, for the others that wait.
                rt::spawn(async move {
                    // The semaphore is never closed.
                    let _permit = permits.acquire().await;
                    let (state, account) = (&*state, &account);
                    let check = Check { state, id, account };
                    let result = check.run().await;
                    leader.finish(result, account.clock.now());
                });
                (waiter, true)
            }
        };
        let limit = if is_in_grace { Duration::ZERO } else { limit };
        match timeout(limit, waiter.result()).await {
            Ok(Some((verdict, token))) => (verdict, token.filter(|_| is_leader)),
            // It is under way still, and the next request learns of it.
            Ok(None) | Err(_) => goes_on(known.and_then(|known| known.roles)),
        }
    }
}
