//! The check of a request's session, with the setting `recheck`: before the application sees the request.

use std::{sync::Arc, time::Duration};

use actix_session::{Session, SessionExt};
use actix_web::{HttpRequest, web::Data};
use chrono::TimeDelta;

use super::{
    extract::signed_in_account,
    request::{is_checked_endpoint, is_own_endpoint},
};
use crate::{
    session::{
        identity::{self, IDENTITY_KEY},
        tokens::{self, LiveToken, TokenId},
    },
    settings::codes::Code,
    sign_in::audit,
    sso::MicrosoftSso,
    tokens::{check::Verdict, session_checks::SessionChecks},
};

/// A saved access token that lasts no longer than the time to the next check and this is replaced.
const MARGIN: Duration = Duration::from_secs(300);

/// A request whose session is checked from time to time.
pub(super) struct CheckedRequest {
    session: Session,
    checks: Arc<SessionChecks>,
    /// The row of the refresh token that the session came with.
    id: Option<TokenId>,
}

impl CheckedRequest {
    /// `None` where nobody is checked.
    pub(super) fn new(req: &HttpRequest) -> Option<Self> {
        let sso = req.app_data::<Data<MicrosoftSso>>()?;
        let checks = sso.session_checks.as_ref()?;
        let session = req.get_session();
        let id = tokens::token_id(&session);
        // Where the setting is off by now, the token still ends with its session.
        let is_checked = sso.may_recheck && session.contains_key(IDENTITY_KEY);
        if id.is_none() && !is_checked {
            return None;
        }
        Some(Self {
            id,
            checks: Arc::clone(checks),
            session,
        })
    }

    /// Whether it can be served without a look at the database or at Entra. Then the roles are those of
    /// the last check.
    pub(super) fn is_known(&self, req: &HttpRequest) -> bool {
        let Some(sso) = req.app_data::<Data<MicrosoftSso>>() else {
            return true;
        };
        let known = self
            .id
            .and_then(|id| self.checks.known(id, sso.clock.now()));
        let Some(known) = known else {
            return false;
        };
        if let Some(roles) = &known.roles {
            apply_roles(&self.session, sso, roles);
        }
        true
    }

    /// Checks the session, and ends it if it is over.
    pub(super) async fn check(&self, req: &HttpRequest) {
        let Some(sso) = req.app_data::<Data<MicrosoftSso>>().cloned() else {
            return;
        };
        if is_own_endpoint(req) && !is_checked_endpoint(req) {
            return;
        }
        let Some(site) = sso.sites.for_request(req, &sso.trusted_proxies) else {
            return;
        };
        let Some(recheck) = site.config.recheck else {
            return;
        };
        let Some(identity) = identity::identity(&self.session, &site, sso.clock.now()) else {
            return;
        };
        let Some(id) = self.id else {
            // Of a node that doesn't know the setting yet, or of before. It lasts as long as a check.
            if sso.clock.now() - identity.signed_in_at >= interval(recheck) {
                let reason = "it has no refresh token, as those from before `recheck` was on";
                audit::session_ended(&identity, Code::BeforeRecheck, reason);
                identity::end(&self.session);
            }
            return;
        };
        let account = signed_in_account(req, &sso, &site, identity);
        match self.checks.check(id, account).await {
            (Verdict::Ended, _) => identity::end(&self.session),
            (Verdict::GoesOn(roles), token) => {
                if let Some(roles) = roles {
                    apply_roles(&self.session, &sso, &roles);
                }
                if let Some(token) = token.filter(|_| site.config.save_access_token) {
                    renew_access_token(&self.session, &sso, &token, recheck);
                }
            }
        }
    }

    /// Deletes the refresh token of a session that the application, or a sign-out, has ended.
    pub(super) async fn after(&self) {
        if let Some(id) = self.id
            && tokens::token_id(&self.session) != Some(id)
        {
            self.checks.state.forget(id).await;
        }
    }
}

fn interval(recheck: Duration) -> TimeDelta {
    TimeDelta::from_std(recheck).unwrap_or(TimeDelta::MAX)
}

fn apply_roles(session: &Session, sso: &MicrosoftSso, roles: &[String]) {
    let place = sso.session_place();
    if identity::set_roles(session, roles, place).is_err() {
        tracing::error!("the roles of a check can't be written into the session");
    }
}

/// Replaces the saved access token, where it would end before the next check.
fn renew_access_token(session: &Session, sso: &MicrosoftSso, token: &LiveToken, recheck: Duration) {
    let until = sso.clock.now() + recheck + MARGIN;
    let saved = tokens::saved_access_token(session);
    if saved.is_some_and(|saved| saved.expires_at > until) {
        return;
    }
    let written = tokens::save_access_token(session, token);
    if written.is_err() || !sso.session_place().has_room(session) {
        tokens::remove_access_token(session);
    }
}
