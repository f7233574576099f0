//! The checks of sessions, with the setting `recheck`: at the first request after its interval, a session
//! is checked once, over all workers and all nodes.

use std::{sync::Arc, time::Duration};

use actix_web::rt;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{Instant, sleep};

use super::{
    access_tokens::AccessTokens,
    known_checks::{Known, KnownChecks},
    refresh::{Refreshed, SignedInAccount},
};
use crate::{
    session::{
        token_store::{Checked, TokenStore},
        tokens::{LiveToken, TokenId},
    },
    sign_in::audit,
    store::{error::StoreError, token_row::TokenRow},
    util::{
        log::chain,
        single_flight::{Flight, SingleFlight},
    },
};

/// Time to the next check after one that failed.
const RETRY: TimeDelta = TimeDelta::seconds(30);

/// How often a node looks whether another one has finished its check.
const POLL: Duration = Duration::from_millis(100);

/// What becomes of a session.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    /// It goes on, with these roles, if they aren't those of the sign-in.
    GoesOn(Option<Arc<[String]>>),
    Ended,
}

/// The checks of this process.
#[derive(Debug)]
pub(crate) struct SessionChecks {
    pub(crate) tokens: Arc<TokenStore>,
    pub(crate) access_tokens: Arc<AccessTokens>,
    known: KnownChecks,
    checks: SingleFlight<TokenId, (Verdict, Option<LiveToken>)>,
}

impl SessionChecks {
    pub(crate) fn new(tokens: TokenStore) -> Self {
        let tokens = Arc::new(tokens);
        Self {
            access_tokens: Arc::new(AccessTokens::new(Arc::clone(&tokens))),
            tokens,
            known: KnownChecks::default(),
            checks: SingleFlight::new(TimeDelta::zero()),
        }
    }

    /// Notes a session that has just begun, and is due then.
    pub(crate) fn begin(&self, id: TokenId, due_at: DateTime<Utc>, now: DateTime<Utc>) {
        let known = Known {
            due_at,
            roles: None,
            failing_since: None,
        };
        self.known.insert(id, known, now);
    }

    /// The last check of a session that isn't due.
    pub(crate) fn known(&self, id: TokenId, now: DateTime<Utc>) -> Option<Known> {
        self.known.get(id).filter(|known| known.due_at > now)
    }

    /// Forgets a session that has ended.
    pub(crate) async fn forget(&self, id: TokenId) {
        self.access_tokens.forget_session(id);
        let deleted = self.tokens.delete(id).await;
        self.known.remove(id);
        if let Err(error) = deleted {
            tracing::warn!(
                code = "token_not_deleted",
                reason = %chain(&error),
                "the refresh token of a session that has ended could not be deleted; it expires with the session"
            );
        }
    }

    /// Checks a session. Concurrent requests share one check; who carries it out gets the access token
    /// that came of it, too.
    pub(crate) async fn check(
        self: &Arc<Self>,
        id: TokenId,
        account: SignedInAccount,
    ) -> (Verdict, Option<LiveToken>) {
        let clock = Arc::clone(&account.clock);
        match self.checks.join(id, clock.now()) {
            Flight::Follower(waiter) => match waiter.result().await {
                Some((verdict, _)) => (verdict, None),
                None => (Verdict::GoesOn(None), None),
            },
            // Nothing that is over is remembered.
            Flight::Finished => (Verdict::GoesOn(None), None),
            Flight::Leader(leader, waiter) => {
                let checks = Arc::clone(self);
                // It goes on when the browser goes away, for the others that wait.
                rt::spawn(async move {
                    let result = Check {
                        checks: &checks,
                        id,
                        account: &account,
                    }
                    .run()
                    .await;
                    leader.finish(result, clock.now());
                });
                let result = waiter.result().await;
                result.unwrap_or((Verdict::GoesOn(None), None))
            }
        }
    }
}

/// One check.
struct Check<'a> {
    checks: &'a SessionChecks,
    id: TokenId,
    account: &'a SignedInAccount,
}

impl Check<'_> {
    async fn run(&self) -> (Verdict, Option<LiveToken>) {
        match self.lease().await {
            Ok(Leased::Mine(row)) => self.refresh(row).await,
            Ok(Leased::Checked(row)) => (self.goes_on(&row), None),
            Ok(Leased::Gone) => {
                self.checks.known.remove(self.id);
                self.checks.access_tokens.forget_session(self.id);
                tracing::debug!("a session was ended elsewhere");
                (Verdict::Ended, None)
            }
            Err(error) => (self.without_database(&error), None),
        }
    }

    /// Waits for the turn to check the session, or for the node that does.
    async fn lease(&self) -> Result<Leased, StoreError> {
        let settings = &self.account.site.config;
        let tokens = &self.checks.tokens;
        // Metadata, credential, token, keys; then Graph.
        let longest = settings.entra_timeout * 4 + settings.graph_timeout;
        let recheck = settings.recheck.unwrap_or_default();
        let began = Instant::now();
        loop {
            let Some(row) = tokens.find(self.id).await? else {
                return Ok(Leased::Gone);
            };
            let now = self.account.clock.now();
            // A node whose clock was ahead has put it off for too long.
            let is_put_off = row.due_at > (now + recheck).timestamp();
            let is_checked = row.due_at > now.timestamp() && !is_put_off;
            if is_checked || began.elapsed() > settings.entra_timeout {
                return Ok(Leased::Checked(row));
            }
            let is_free = row.leased_until <= now.timestamp()
                || row.leased_until > (now + longest).timestamp();
            if is_free && tokens.lease(&row, now + longest).await? {
                return Ok(Leased::Mine(row));
            }
            sleep(POLL).await;
        }
    }

    async fn refresh(&self, row: TokenRow) -> (Verdict, Option<LiveToken>) {
        let Some(refresh_token) = self.checks.tokens.open(&row) else {
            let reason = "its refresh token can't be opened: was `secret_key` changed?";
            return (self.end("token_unreadable", reason).await, None);
        };
        let now = self.account.clock.now();
        let (tokens, roles) = match self.account.refresh(&refresh_token).await {
            Refreshed::GoesOn { tokens, roles } => (tokens, roles),
            Refreshed::Ended(code, reason) => return (self.end(code, &reason).await, None),
            Refreshed::Trouble {
                reason,
                needs_operator,
            } => {
                let verdict = self.trouble(&row, refresh_token, &reason, needs_operator);
                return (verdict.await, None);
            }
        };
        let before = self.roles(&row);
        let roles = match roles {
            // As long as nothing changes, the session has them.
            Some(roles) if before.is_none() && roles == self.account.identity.roles => None,
            Some(roles) => Some(roles),
            None => before,
        };
        let recheck = self.account.site.config.recheck.unwrap_or_default();
        let checked = Checked {
            refresh_token: tokens.refresh_token.clone().unwrap_or(refresh_token),
            roles,
            due_at: now + recheck,
            failing_since: None,
        };
        let token = LiveToken::new(&tokens, now);
        (self.write(checked).await, Some(token))
    }

    /// The roles of a row.
    fn roles(&self, row: &TokenRow) -> Option<Vec<String>> {
        serde_json::from_str(row.roles.as_deref()?).ok()
    }

    fn goes_on(&self, row: &TokenRow) -> Verdict {
        let time = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        self.remember(Known {
            due_at: time(row.due_at),
            roles: self.roles(row).map(Arc::from),
            failing_since: row.failing_since.map(time),
        })
    }

    fn remember(&self, known: Known) -> Verdict {
        let verdict = Verdict::GoesOn(known.roles.clone());
        let now = self.account.clock.now();
        self.checks.known.insert(self.id, known, now);
        verdict
    }

    /// Writes what was found; the session is over if it was ended meanwhile.
    async fn write(&self, checked: Checked) -> Verdict {
        match self.checks.tokens.update(self.id, &checked).await {
            Ok(true) => self.remember(Known {
                due_at: checked.due_at,
                roles: checked.roles.map(Arc::from),
                failing_since: checked.failing_since,
            }),
            Ok(false) => {
                self.checks.known.remove(self.id);
                Verdict::Ended
            }
            Err(error) => self.without_database(&error),
        }
    }

    /// Keeps the session for the time of `recheck_grace`.
    async fn trouble(
        &self,
        row: &TokenRow,
        refresh_token: crate::util::secret::Secret,
        reason: &str,
        needs_operator: bool,
    ) -> Verdict {
        let now = self.account.clock.now();
        let since = row
            .failing_since
            .and_then(|since| DateTime::from_timestamp(since, 0));
        let since = since.unwrap_or(now);
        if self.is_grace_over(since) {
            let reason = format!("since {since} the account could not be checked: {reason}");
            return self.end("recheck_grace_over", &reason).await;
        }
        self.log_trouble(since, reason, needs_operator);
        let checked = Checked {
            refresh_token,
            roles: self.roles(row),
            due_at: now + self.retry(),
            failing_since: Some(since),
        };
        self.write(checked).await
    }

    /// As [`Self::trouble`], where only this process can remember it.
    fn without_database(&self, error: &StoreError) -> Verdict {
        let now = self.account.clock.now();
        let known = self.checks.known.get(self.id);
        let since = known.as_ref().and_then(|known| known.failing_since);
        let since = since.unwrap_or(now);
        if self.is_grace_over(since) {
            audit::session_ended(&self.account.identity, "recheck_grace_over", &chain(error));
            return Verdict::Ended;
        }
        self.log_trouble(since, &chain(error), true);
        self.remember(Known {
            due_at: now + self.retry(),
            roles: known.and_then(|known| known.roles),
            failing_since: Some(since),
        })
    }

    fn retry(&self) -> TimeDelta {
        let recheck = self.account.site.config.recheck.unwrap_or_default();
        TimeDelta::from_std(recheck).map_or(RETRY, |recheck| recheck.min(RETRY))
    }

    fn is_grace_over(&self, since: DateTime<Utc>) -> bool {
        let grace = self.account.site.config.recheck_grace;
        let grace = TimeDelta::from_std(grace).unwrap_or(TimeDelta::MAX);
        self.account.clock.now() - since >= grace
    }

    fn log_trouble(&self, since: DateTime<Utc>, reason: &str, needs_operator: bool) {
        let identity = &self.account.identity;
        let (user, site) = (&identity.user_id, identity.site.as_str());
        let grace = humantime::format_duration(self.account.site.config.recheck_grace);
        let text = "a session could not be checked; it goes on for the time of `recheck_grace`";
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(
                    code = "recheck_failed", %user, site, %since, %grace, reason, "{text}"
                )
            };
        }
        if needs_operator {
            log!(error);
        } else {
            log!(warn);
        }
    }

    async fn end(&self, code: &'static str, reason: &str) -> Verdict {
        audit::session_ended(&self.account.identity, code, reason);
        self.checks.forget(self.id).await;
        Verdict::Ended
    }
}

/// Whose turn a check is.
enum Leased {
    Mine(TokenRow),
    /// Somebody else has checked it, or still does.
    Checked(TokenRow),
    Gone,
}
