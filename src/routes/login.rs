//! `GET login/`: a sign-in begins.

use actix_session::Session;
use actix_web::{Error, HttpRequest, HttpResponse, http::StatusCode};
use openidconnect::core::CoreAuthPrompt;

use crate::{
    oidc::flow::{AuthorizeRequest, authorize_url},
    settings::{
        choices::Prompt,
        config::Settings,
        hint::Hint,
        texts::{Text, Wording},
    },
    sign_in::{
        attempt::Attempt,
        attempt_cookies::AttemptCookies,
        destination,
        error::SignInError,
        state::{SilentSignIn, State},
    },
    util::next_path::NextPath,
    web::{
        extract::{Sso, WorkerClient},
        messages,
        notice::Notice,
        origin,
        request::parameter,
        respond::{redirect, redirect_to_failure_page, service_unavailable, switched_off},
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
    if sso.identity(&session).is_none() {
        let recent = cookies.ended_within(RECENT_SECS);
        let is_unread = || messages::are_pending(&req);
        if recent.signed_in >= MAX_SIGNED_IN || (recent.failed >= MAX_FAILED && is_unread()) {
            return Ok(redirect_loop(&req));
        }
        if recent.signed_in > 0 {
            tracing::warn!(
                "a browser that signed in seconds ago is back without its session: is the cookie dropped (Secure over http, another host name)?"
            );
        }
    }
    let response = begin(&req, &sso, &cookies).await;
    Ok(response.unwrap_or_else(|error| service_unavailable(&req, &sso, &error)))
}

async fn begin(
    req: &HttpRequest,
    sso: &Sso,
    cookies: &AttemptCookies,
) -> Result<HttpResponse, SignInError> {
    let next = parameter(req, "next").and_then(|next| NextPath::parse(&next));
    let next = next.unwrap_or_else(|| sso.site.config.next_url.clone());
    if let Err(error) = destination::check(&sso.site.config, &next) {
        return Ok(redirect_to_failure_page(req, sso, &error));
    }
    if sso.sign_in_limit.is_full() {
        return Err(SignInError::Overloaded);
    }
    let redirect_uri = origin::redirect_uri(req, sso)?;
    let snapshot = sso.snapshot(&WorkerClient::for_request(req, sso)).await?;
    let attempt = Attempt::new(sso.clock.now())?;
    let (slot, cookie) = cookies.begin(&attempt, &sso.attempt_counter)?;
    let params = LoginParams::for_request(req, &sso.site.config);
    let state = State {
        slot,
        silent: params.silent,
        id: attempt.id(),
        next,
    };
    let request = AuthorizeRequest {
        state: state.seal(&sso.sealer, &sso.site)?,
        nonce: attempt.nonce(),
        verifier: attempt.verifier(),
        redirect_uri: &redirect_uri,
        scopes: &sso.site.scopes,
        response_mode: sso.site.config.response_mode,
        prompt: params.prompt,
        login_hint: params.login_hint,
        domain_hint: params.domain_hint,
    };
    let url = authorize_url(&sso.site.client(&snapshot), request);
    Ok(redirect(StatusCode::FOUND, url.as_str(), Some(cookie)))
}

/// The parameters of a link to `login/`, which take precedence over the settings.
struct LoginParams {
    prompt: Option<CoreAuthPrompt>,
    silent: SilentSignIn,
    login_hint: Option<Hint>,
    domain_hint: Option<Hint>,
}

impl LoginParams {
    fn for_request(req: &HttpRequest, settings: &Settings) -> Self {
        let hint = |name| parameter(req, name).and_then(Hint::parse);
        let prompt = parameter(req, "prompt");
        let silent = if parameter(req, "silent").is_some() {
            SilentSignIn::ElseAnonymous
        } else if prompt.as_deref() == Some("none") {
            SilentSignIn::ElseInteractive
        } else {
            SilentSignIn::No
        };
        let interactive = || {
            let linked = prompt.as_deref().and_then(Prompt::parse);
            linked.or(settings.prompt).map(CoreAuthPrompt::from)
        };
        Self {
            prompt: match silent {
                SilentSignIn::No => interactive(),
                SilentSignIn::ElseInteractive | SilentSignIn::ElseAnonymous => {
                    Some(CoreAuthPrompt::None)
                }
            },
            silent,
            login_hint: hint("login_hint"),
            domain_hint: hint("domain_hint").or_else(|| settings.domain_hint.clone()),
        }
    }
}

impl From<Prompt> for CoreAuthPrompt {
    fn from(prompt: Prompt) -> Self {
        match prompt {
            Prompt::Login => Self::Login,
            Prompt::Consent => Self::Consent,
            Prompt::SelectAccount => Self::SelectAccount,
        }
    }
}

/// Stops a browser that signs in again and again, and says why that happens.
fn redirect_loop(req: &HttpRequest) -> HttpResponse {
    tracing::error!(
        code = "redirect_loop",
        "a browser signs in again and again: is the session cookie dropped (Secure over http, another host name), or does the page at `login_failed_url` need a sign-in?"
    );
    let notice = Notice {
        status: StatusCode::TOO_MANY_REQUESTS,
        code: "redirect_loop",
        title: Wording::Known(Text::RedirectLoopTitle),
        text: Wording::Known(Text::RedirectLoop),
    };
    notice.respond(&Visitor::for_request(req))
}
