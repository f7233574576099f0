//! `GET callback/`: Entra sends the browser back, and the sign-in ends one way or the other.
//!
//! The order is that of the specification (OpenID Connect Core 1.0, section 3.1.2; RFC 6749, section
//! 4.1.2): `state`, then `error`, then the code; a permit; the steps of
//! [`SignInFlow`](crate::sign_in::steps::SignInFlow); the session; the redirect.

use std::sync::Arc;

use actix_session::Session;
use actix_web::{
    Error, HttpRequest, HttpResponse,
    http::{Method, StatusCode},
    rt,
};
use openidconnect::{AuthorizationCode, RedirectUrl};

use super::stray::{login_again, stray};
use crate::{
    account::user::UserId,
    session::identity::{GroupsKnown, SignedIn, UserIs, establish},
    settings::texts::Text,
    sign_in::{
        another_account,
        attempt::{Attempt, CookieState, Ending},
        attempt_cookies::AttemptCookies,
        audit,
        authorization_response::AuthorizationResponse,
        destination,
        error::SignInError,
        failing_clients::Client,
        next_step::{NextStep, RECENT_SECS, next_step},
        state::{SilentSignIn, State},
    },
    sso::SharedResult,
    util::{
        next_path::NextPath,
        single_flight::{Flight, Waiter},
    },
    web::{
        attempts::attempt_cookies,
        callback_site::callback_site,
        extract::Sso,
        messages::leave_warning,
        origin,
        request::parameter,
        respond::{
            redirect, redirect_to_failure_page, redirect_within, report, service_unavailable,
            switched_off,
        },
    },
};

/// A callback, with what belongs to its request.
pub(super) struct Callback {
    pub(super) req: HttpRequest,
    pub(super) sso: Sso,
    cookies: AttemptCookies,
    pub(super) session: Session,
}

pub(super) async fn callback(req: HttpRequest, session: Session) -> Result<HttpResponse, Error> {
    // `state` comes first: nothing else of the query is read before it.
    let (sso, state) = callback_site(&req, parameter(&req, "state").as_deref())?;
    if !sso.site.config.enabled {
        return Ok(switched_off(&req));
    }
    let callback = Callback {
        cookies: attempt_cookies(&req, &sso),
        req,
        sso,
        session,
    };
    Ok(callback.respond(state).await)
}

impl Callback {
    async fn respond(self, state: Option<State>) -> HttpResponse {
        let Some(state) = state else {
            return self.refuse(SignInError::State);
        };
        let next = self.cookies.next(&state);
        if *self.req.method() == Method::HEAD {
            return redirect_within(&self.sso, next.as_str(), None);
        }
        match self.cookies.find(&state).cloned() {
            Some(CookieState::Attempt(attempt)) => match self.sign_in(&state, &next, attempt).await
            {
                Ok(response) => response,
                Err(error) => self.after_failure(&state, &next, &error),
            },
            // The back button or a reload, after the sign-in succeeded in this browser.
            Some(CookieState::Ended {
                ending: Ending::SignedIn,
                ..
            }) => redirect_within(&self.sso, next.as_str(), None),
            Some(CookieState::Ended { .. }) if self.is_signed_in() => {
                redirect_within(&self.sso, next.as_str(), None)
            }
            Some(CookieState::Ended { .. }) => self.refuse(SignInError::NoAttempt),
            None => {
                let Self {
                    req,
                    sso,
                    cookies,
                    session,
                } = &self;
                stray(req, sso, cookies, session, &state)
            }
        }
    }

    fn is_signed_in(&self) -> bool {
        self.sso.identity(&self.session).is_some()
    }

    /// Refuses a callback that can't be tied to a sign-in; the code is not redeemed. A signed-in user
    /// most likely went back to it, and sees no error.
    fn refuse(&self, error: SignInError) -> HttpResponse {
        if self.is_signed_in() || *self.req.method() == Method::HEAD {
            return redirect_within(&self.sso, self.sso.site.config.next_url.as_str(), None);
        }
        redirect_to_failure_page(&self.req, &self.sso, &error)
    }

    /// A callback of an attempt that this browser began: its first, or a concurrent one.
    async fn sign_in(
        &self,
        state: &State,
        next: &NextPath,
        attempt: Attempt,
    ) -> Result<HttpResponse, Arc<SignInError>> {
        destination::check(&self.sso.site.config, next)?;
        // `error` comes before the wait for a permit: who cancels never has to wait.
        let query = self.req.query_string();
        let response = AuthorizationResponse::from_query(query, &self.sso.sealer, &self.sso.site);
        response.check_issuer(&self.sso.site)?;
        let code = response.code()?;
        let redirect_uri = origin::redirect_uri(&self.req, &self.sso)?;
        let link = self.link(state).await?;
        let signed_in = self
            .result(state, attempt, code, redirect_uri, link)
            .await?;
        self.establish(state, next, &signed_in)
    }

    /// Carries the sign-in out, or waits for the concurrent callback that does.
    async fn result(
        &self,
        state: &State,
        attempt: Attempt,
        code: AuthorizationCode,
        redirect_uri: RedirectUrl,
        link: Option<UserId>,
    ) -> SharedResult {
        let (sso, id) = (&self.sso, attempt.id());
        if let Some(waiter) = sso.sign_ins.running(id) {
            return wait(waiter).await;
        }
        let client = sso.trusted_proxies.client(&self.req).map(Client::from);
        let permit = sso.acquire_sign_in(client).await;
        let permit = permit.ok_or_else(|| Arc::new(SignInError::Overloaded))?;
        let waiter = match sso.sign_ins.join(id, sso.clock.now()) {
            Flight::Follower(waiter) => waiter,
            Flight::Finished => return Err(Arc::new(SignInError::AlreadyCompleted)),
            Flight::Leader(leader, waiter) => {
                let sso = sso.clone();
                let flow = self.flow(state, attempt, redirect_uri, link);
                #[cfg(feature = "_diesel")]
                let session = self.session_draft();
                // It goes on when the browser goes away, and a reload meanwhile joins it.
                rt::spawn(async move {
                    let run = flow.run(
                        code,
                        #[cfg(feature = "_diesel")]
                        session,
                    );
                    let result = run.await;
                    let now = sso.clock.now();
                    match (&result, client) {
                        (Ok(_), Some(client)) => sso.failing_clients.succeeded(client),
                        (Err(error), Some(client)) if error.is_unknown_code() => {
                            sso.failing_clients.failed(client, now);
                        }
                        _ => {}
                    }
                    leader.finish(result.map(Arc::new).map_err(Arc::new), now);
                    drop(permit);
                });
                waiter
            }
        };
        wait(waiter).await
    }

    fn establish(
        &self,
        state: &State,
        next: &NextPath,
        signed_in: &SignedIn,
    ) -> Result<HttpResponse, Arc<SignInError>> {
        establish(&self.session, signed_in, self.sso.session_place())
            .map_err(|_| SignInError::Session)?;
        #[cfg(feature = "_diesel")]
        self.note_check(signed_in);
        if signed_in.user == UserIs::Linked {
            let by = if state.link.is_some() {
                "person"
            } else {
                "rule"
            };
            audit::linked(&signed_in.identity, by);
        }
        audit::signed_in(&signed_in.identity, signed_in.user);
        if signed_in.groups == GroupsKnown::No {
            leave_warning(&self.req, &self.sso, Text::LacksGroups);
        }
        let cookie = self.cookies.end(state, Ending::SignedIn);
        let cookie = cookie.map_err(SignInError::from)?;
        Ok(redirect_within(&self.sso, next.as_str(), Some(cookie)))
    }

    /// A session that has just begun is checked.
    #[cfg(feature = "_diesel")]
    fn note_check(&self, signed_in: &SignedIn) {
        let sso = &self.sso;
        if let (Some(checks), Some(id), Some(recheck)) = (
            &sso.session_checks,
            signed_in.tokens.id,
            sso.site.config.recheck,
        ) {
            let now = sso.clock.now();
            checks.begin(id, now + recheck, now);
        }
    }

    fn after_failure(&self, state: &State, next: &NextPath, error: &SignInError) -> HttpResponse {
        let recent = self.cookies.ended_within(RECENT_SECS);
        let login = |state: &State| login_again(&self.req, &self.sso, state, next, state.again);
        match next_step(error, state.silent, recent) {
            NextStep::ServiceUnavailable => service_unavailable(&self.req, &self.sso, error),
            NextStep::RestartSignIn => {
                tracing::warn!(
                    code = error.code().as_str(),
                    "the code can't be used any more; the sign-in begins again"
                );
                self.end_attempt(state, Ending::Failed, &login(state))
            }
            NextStep::RestartInteractive => {
                tracing::debug!("Entra needs to ask the person; the sign-in begins again");
                let mut asking = state.clone();
                asking.silent = SilentSignIn::No;
                self.end_attempt(state, Ending::Failed, &login(&asking))
            }
            NextStep::ContinueAnonymous => {
                tracing::debug!("Entra needs to ask the person, who goes on without a sign-in");
                let to = origin::public_path(&self.sso, next.as_str());
                self.end_attempt(state, Ending::Failed, &to)
            }
            NextStep::ShowFailure => {
                report(&self.req, &self.sso, error);
                let ending = if another_account::may_pass(error) {
                    Ending::AccountRefused
                } else {
                    Ending::Failed
                };
                let to = self.sso.site.config.login_failed_url.as_str();
                self.end_attempt(state, ending, &origin::public_path(&self.sso, to))
            }
        }
    }

    /// Ends the attempt without a sign-in, and redirects.
    fn end_attempt(&self, state: &State, ending: Ending, to: &str) -> HttpResponse {
        let cookie = self.cookies.end(state, ending).ok();
        redirect(StatusCode::SEE_OTHER, to, cookie)
    }
}

async fn wait(waiter: Waiter<SharedResult>) -> SharedResult {
    let result = waiter.result().await;
    result.unwrap_or_else(|| Err(Arc::new(SignInError::Worker)))
}
