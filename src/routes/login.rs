//! `GET login/`: a sign-in begins.

use std::sync::Arc;

use actix_session::Session;
use actix_web::{Error, HttpRequest, HttpResponse, http::StatusCode};
use openidconnect::{RedirectUrl, Scope};

use super::login_params::{LoginParams, Unasked};
use crate::{
    account::user::UserId,
    oidc::{
        client_capability,
        flow::{AuthorizeRequest, authorize_url},
        provider::Snapshot,
    },
    settings::{
        codes::Code,
        texts::{Text, Wording},
    },
    sign_in::{
        attempt::Attempt,
        attempt_cookies::AttemptCookies,
        destination,
        error::SignInError,
        failing_clients::Client as SignInClient,
        link::LinkTag,
        state::{SiteTag, State, StateNext},
    },
    util::next_path::NextPath,
    web::{
        extract::{Sso, WorkerClient},
        messages,
        notice::Notice,
        origin,
        request::{ASK, parameter},
        respond::{
            fits, redirect, redirect_to_failure_page, redirect_within, service_unavailable,
            switched_off,
        },
        visitor::Visitor,
        wiring::check_sessions,
    },
};

/// Redirect loop: this many successful sign-ins within [`RECENT_SECS`], and still no session. Signing
/// out removes the record of them.
const MAX_SIGNED_IN: usize = 4;

/// Redirect loop: this many failures, and no page has shown the message of the last one, because
/// the page at `login_failed_url` redirects here.
const MAX_FAILED: usize = 8;

const RECENT_SECS: i64 = 20;

pub(super) async fn login(
    req: HttpRequest,
    sso: Sso,
    cookies: AttemptCookies,
    session: Session,
) -> Result<HttpResponse, Error> {
    if !sso.site.config.enabled {
        return Ok(switched_off(&req));
    }
    // Without it the sign-in would seem to succeed, and nobody would be signed in.
    check_sessions(&req)?;
    if let Some(url) = origin::login_at_base_url(&req, &sso) {
        return Ok(redirect(StatusCode::FOUND, &url, None));
    }
    // A page that asks for more, and is never content, sends a signed-in user.
    let is_asked = parameter(&req, ASK).is_some();
    let user = sso.identity(&session).map(|identity| identity.user_id);
    if is_asked || user.is_none() {
        let recent = cookies.ended_within(RECENT_SECS);
        let is_unread = || messages::are_pending(&req, &sso);
        if recent.signed_in >= MAX_SIGNED_IN || (recent.failed >= MAX_FAILED && is_unread()) {
            return Ok(redirect_loop(&req));
        }
        if recent.signed_in > 0 && !is_asked {
            tracing::warn!(
                "a browser that signed in seconds ago is back without its session: is the cookie dropped (Secure over http, another host name)?"
            );
        }
    }
    let response = begin(&req, &sso, &cookies, Purpose::SignIn(user)).await;
    Ok(response.unwrap_or_else(|error| service_unavailable(&req, &sso, &error)))
}

/// What a sign-in is for.
pub(super) enum Purpose {
    /// For the user who is signed in already, if a page asks for more.
    SignIn(Option<UserId>),
    /// The account becomes that of a local user.
    Link(LinkTag),
}

impl Purpose {
    fn user(&self) -> Option<&UserId> {
        match self {
            Self::SignIn(user) => user.as_ref(),
            Self::Link(_) => None,
        }
    }
}

pub(super) async fn begin(
    req: &HttpRequest,
    sso: &Sso,
    cookies: &AttemptCookies,
    purpose: Purpose,
) -> Result<HttpResponse, SignInError> {
    let config = &sso.site.config;
    let next = parameter(req, "next").and_then(|next| NextPath::within(&next));
    let next = next.unwrap_or_else(|| config.next_url.clone());
    if let Err(error) = destination::check(config, &next) {
        return Ok(redirect_to_failure_page(req, sso, &error));
    }
    let params =
        match LoginParams::for_request(req, sso, purpose.user(), cookies.is_account_refused()) {
            Ok(params) => params,
            Err(Unasked) => {
                tracing::debug!(
                    "Entra would have to ask the person, who goes on without a sign-in"
                );
                return Ok(redirect_within(sso, next.as_str(), None));
            }
        };
    let client = sso.trusted_proxies.client(req).map(SignInClient::from);
    if sso.limit_of(client).is_full() {
        return Err(SignInError::Overloaded);
    }
    let redirect_uri = origin::redirect_uri(req, sso)?;
    let snapshot = sso.snapshot(&WorkerClient::for_request(req, sso)).await?;
    sso.sites.remember(&sso.site);
    let begun = Begun {
        sso,
        cookies,
        params,
        redirect_uri,
        snapshot: &snapshot,
        purpose,
    };
    let whole = begun.with_next(&next)?;
    if fits(&whole) {
        return Ok(whole);
    }
    tracing::debug!("the query of `next` was dropped: it doesn't fit into the response's headers");
    let shortened = begun.with_next(&next.without_query())?;
    if fits(&shortened) {
        return Ok(shortened);
    }
    begun.with_next(&config.next_url)
}

/// All of a new sign-in but its destination.
struct Begun<'a> {
    sso: &'a Sso,
    cookies: &'a AttemptCookies,
    params: LoginParams,
    redirect_uri: RedirectUrl,
    snapshot: &'a Arc<Snapshot>,
    purpose: Purpose,
}

impl Begun<'_> {
    fn with_next(&self, next: &NextPath) -> Result<HttpResponse, SignInError> {
        let (sso, now) = (self.sso, self.sso.clock.now());
        let attempt = Attempt::new(now)?;
        let (slot, cookie) = self.cookies.begin(&attempt, &sso.attempt_counter)?;
        let (next, rest) = StateNext::split(next);
        let state = State {
            slot,
            silent: self.params.silent,
            again: self.params.again,
            id: attempt.id(),
            began_at: now,
            site: SiteTag::new(&sso.site, self.redirect_uri.as_str()),
            next,
            demand: self.params.ask.demand.clone(),
            link: match self.purpose {
                Purpose::SignIn(_) => None,
                Purpose::Link(tag) => Some(tag),
            },
        };
        let asked = self.params.ask.scopes.iter().cloned().map(Scope::new);
        let request = AuthorizeRequest {
            state: state.seal(&sso.sealer)?,
            nonce: attempt.nonce(),
            verifier: attempt.verifier(),
            redirect_uri: &self.redirect_uri,
            scopes: sso.site.scopes.iter().cloned().chain(asked).collect(),
            claims: if sso.site.config.recheck.is_some() {
                client_capability::declare(self.params.ask.claims())
            } else {
                self.params.ask.claims()
            },
            response_mode: sso.site.config.response_mode,
            prompt: self.params.prompt.clone(),
            login_hint: self.params.login_hint.clone(),
            domain_hint: self.params.domain_hint.clone(),
        };
        let url = authorize_url(&sso.site.client(self.snapshot), request);
        let status = match self.purpose {
            Purpose::SignIn(_) => StatusCode::FOUND,
            // After a post, the browser goes on by GET.
            Purpose::Link(_) => StatusCode::SEE_OTHER,
        };
        let mut response = redirect(status, url.as_str(), Some(cookie));
        if let Some(rest) = rest {
            let cookie = self
                .cookies
                .keep_rest(attempt.id(), rest, &sso.attempt_counter)?;
            // A cookie of ours is always a header's value.
            let _ = response.add_cookie(&cookie);
        }
        Ok(response)
    }
}

/// Stops a browser that signs in again and again, and says why that happens.
fn redirect_loop(req: &HttpRequest) -> HttpResponse {
    tracing::error!(
        code = Code::RedirectLoop.as_str(),
        "a browser signs in again and again: is the session cookie dropped (Secure over http, another host name), or does the page at `login_failed_url` need a sign-in?"
    );
    let notice = Notice {
        status: StatusCode::TOO_MANY_REQUESTS,
        code: Code::RedirectLoop,
        title: Wording::Known(Text::RedirectLoopTitle),
        text: Wording::Known(Text::RedirectLoop),
    };
    notice.respond(&Visitor::for_request(req))
}
