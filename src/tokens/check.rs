//! One check of a session: once over all nodes, by a lease in its row.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{Instant, sleep};

use super::{
    check_state::CheckState,
    known_checks::Known,
    outages::{Outage, RETRY},
    refresh::{Refreshed, SignedInAccount, Trouble},
};
use crate::{
    session::{
        token_store::Checked,
        tokens::{LiveToken, TokenId},
    },
    settings::codes::Code,
    sign_in::audit,
    store::{error::StoreError, token_row::TokenRow},
    util::{log::chain, secret::Secret},
};

/// How often a node looks whether another one has finished its check: at first, and at most.
const POLL: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// Time to the next look at a session that another node didn't finish in time.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(5);

/// What becomes of a session.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    /// It goes on, with these roles, if they aren't those of the sign-in.
    GoesOn(Option<Arc<[String]>>),
    Ended,
}

/// One check.
pub(super) struct Check<'a> {
    pub(super) state: &'a CheckState,
    pub(super) id: TokenId,
    pub(super) account: &'a SignedInAccount,
}

/// Whose turn a check is.
enum Leased {
    Mine(TokenRow),
    /// Somebody else has checked it.
    Checked(TokenRow),
    /// Somebody else still does.
    Busy(TokenRow),
    Gone,
}

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

fn roles(row: &TokenRow) -> Option<Vec<String>> {
    serde_json::from_str(row.roles.as_deref()?).ok()
}

impl Check<'_> {
    /// The verdict, and the access token, where there is a new one.
    pub(super) async fn run(&self) -> (Verdict, Option<LiveToken>) {
        let outage = self
            .state
            .outages
            .current(self.account.site.binding(), self.now());
        if let Some(outage) = outage {
            return (self.put_off(outage).await, None);
        }
        match self.lease().await {
            Ok(Leased::Mine(row)) => self.refresh(row).await,
            Ok(Leased::Checked(row)) => (self.remember(&row, time(row.due_at)), None),
            Ok(Leased::Busy(row)) => (self.remember(&row, self.now() + LOOK_AGAIN), None),
            Ok(Leased::Gone) => (self.gone(), None),
            Err(error) => (self.without_database(&error), None),
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.account.clock.now()
    }

    /// Waits for the turn to check the session, or for the node that does.
    async fn lease(&self) -> Result<Leased, StoreError> {
        let settings = &self.account.site.config;
        // Metadata, credential, token, keys; then Graph.
        let longest = settings.entra_timeout * 4 + settings.graph_timeout;
        let recheck = settings.recheck.unwrap_or_default();
        // What is beyond these was written by a node whose clock was ahead by far.
        let (last_due, last_lease) = (
            recheck + settings.clock_leeway,
            longest + settings.clock_leeway,
        );
        let (mut pause, longest_pause) = POLL;
        let began = Instant::now();
        loop {
            let Some(row) = self.state.store.find(self.id).await? else {
                return Ok(Leased::Gone);
            };
            let now = self.now();
            let is_within =
                |at: i64, last: Duration| at > now.timestamp() && at <= (now + last).timestamp();
            if is_within(row.due_at, last_due) {
                return Ok(Leased::Checked(row));
            }
            let is_free = !is_within(row.leased_until, last_lease);
            if is_free && self.state.store.lease(&row, now + longest).await? {
                return Ok(Leased::Mine(row));
            }
            if began.elapsed() > settings.entra_timeout {
                return Ok(Leased::Busy(row));
            }
            sleep(pause).await;
            pause = (pause * 2).min(longest_pause);
        }
    }

    async fn refresh(&self, row: TokenRow) -> (Verdict, Option<LiveToken>) {
        let Some(refresh_token) = self.state.store.open(&row) else {
            let reason = "its refresh token can't be opened: was `secret_key` changed?";
            return (self.end(Code::TokenUnreadable, reason).await, None);
        };
        let now = self.now();
        let (tokens, found) = match self.account.refresh(&refresh_token).await {
            Refreshed::GoesOn { tokens, roles } => (tokens, roles),
            Refreshed::Ended(code, reason) => {
                self.answered();
                return (self.end(code, &reason).await, None);
            }
            Refreshed::Trouble(trouble) => {
                return (self.trouble(&row, refresh_token, &trouble).await, None);
            }
        };
        self.answered();
        let before = roles(&row);
        let roles = match found {
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

    /// Entra has answered.
    fn answered(&self) {
        if self.state.outages.answered(self.account.site.binding()) {
            let site = self.account.site.name();
            tracing::info!(site, "sessions can be checked again");
        }
    }

    fn remember(&self, row: &TokenRow, due_at: DateTime<Utc>) -> Verdict {
        self.note(Known {
            due_at,
            roles: roles(row).map(Arc::from),
            failing_since: row.failing_since.map(time),
        })
    }

    fn note(&self, known: Known) -> Verdict {
        let verdict = Verdict::GoesOn(known.roles.clone());
        self.state.known.insert(self.id, known, self.now());
        verdict
    }

    /// Writes what was found; the session is over if it was ended meanwhile.
    async fn write(&self, checked: Checked) -> Verdict {
        match self.state.store.update(self.id, &checked).await {
            Ok(true) => self.note(Known {
                due_at: checked.due_at,
                roles: checked.roles.map(Arc::from),
                failing_since: checked.failing_since,
            }),
            Ok(false) => self.gone(),
            Err(error) => self.without_database(&error),
        }
    }

    /// Keeps the session for the time of `recheck_grace`.
    async fn trouble(&self, row: &TokenRow, refresh_token: Secret, trouble: &Trouble) -> Verdict {
        let now = self.now();
        let mut since = row.failing_since.map_or(now, time);
        let mut due_at = now + self.retry();
        let mut is_new = true;
        if trouble.is_of_entra {
            let site = self.account.site.binding();
            let (outage, is_first) = self.state.outages.failed(site, now, trouble.retry_after);
            // A failure before the last success of anybody's is none of this outage.
            since = since.max(outage.since);
            due_at = due_at.max(outage.until);
            is_new = is_first;
        }
        if self.is_grace_over(since) {
            let reason = format!("since {since} it could not be checked: {}", trouble.reason);
            return self.end(Code::RecheckGraceOver, &reason).await;
        }
        self.log_trouble(since, &trouble.reason, trouble.needs_operator, is_new);
        let checked = Checked {
            refresh_token,
            roles: roles(row),
            due_at,
            failing_since: Some(since),
        };
        self.write(checked).await
    }

    /// As [`Self::trouble`], while Entra isn't asked.
    async fn put_off(&self, outage: Outage) -> Verdict {
        let known = self.state.known.get(self.id);
        let since = known.as_ref().and_then(|known| known.failing_since);
        let since = since.unwrap_or_else(|| self.now()).max(outage.since);
        if self.is_grace_over(since) {
            let reason = format!("since {since} Entra could not be asked");
            return self.end(Code::RecheckGraceOver, &reason).await;
        }
        self.note(Known {
            due_at: outage.until,
            roles: known.and_then(|known| known.roles),
            failing_since: Some(since),
        })
    }

    /// As [`Self::trouble`], where only this process can remember it.
    fn without_database(&self, error: &StoreError) -> Verdict {
        let now = self.now();
        let known = self.state.known.get(self.id);
        let since = known.as_ref().and_then(|known| known.failing_since);
        let is_new = since.is_none();
        let since = since.unwrap_or(now);
        if self.is_grace_over(since) {
            audit::session_ended(
                &self.account.identity,
                Code::RecheckGraceOver,
                &chain(error),
            );
            return Verdict::Ended;
        }
        self.log_trouble(since, &chain(error), true, is_new);
        self.note(Known {
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
        self.now() - since >= grace
    }

    /// The first failure is for the operator; those of other sessions, and later ones, are detail.
    fn log_trouble(&self, since: DateTime<Utc>, reason: &str, needs_operator: bool, is_new: bool) {
        let identity = &self.account.identity;
        let (user, site) = (&identity.user_id, identity.site.as_str());
        let grace = humantime::format_duration(self.account.site.config.recheck_grace);
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(
                    code = Code::RecheckFailed.as_str(),
                    %user,
                    site,
                    %since,
                    %grace,
                    reason,
                    "sessions can't be checked; each goes on for the time of `recheck_grace`, then ends"
                )
            };
        }
        match (is_new, needs_operator) {
            (false, _) => log!(debug),
            (true, true) => log!(error),
            (true, false) => log!(warn),
        }
    }

    fn gone(&self) -> Verdict {
        self.state.forget_gone(self.id);
        let reason = "its refresh token is gone: it was ended elsewhere";
        audit::session_ended(&self.account.identity, Code::EndedElsewhere, reason);
        Verdict::Ended
    }

    async fn end(&self, code: Code, reason: &str) -> Verdict {
        audit::session_ended(&self.account.identity, code, reason);
        self.state.forget(self.id).await;
        Verdict::Ended
    }
}
