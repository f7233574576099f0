//! `GET login/`: a sign-in begins.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode};

use super::{outage, parameter, redirect, refused, slots, switched_off};
use crate::{
    area,
    attempt::{Attempt, Silence, State},
    entra::flow::{AuthorizeRequest, authorize_url},
    error::SignInError,
    extract::{Sso, Worker},
    flash,
    guard::is_navigation,
    next_path::NextPath,
    origin, page,
    prompt::{Prompt, is_hint},
};

/// A browser that comes back with nobody signed in goes round in a circle when this many of its
/// sign-ins ended well within [`LATELY`]: its session is dropped each time. Signing out takes the
/// record of them away.
const ENDED_WELL: usize = 4;

/// Or when this many failed, and the message of the last one wasn't read: the page that should
/// show it sends people here.
const FAILED: usize = 8;

/// In seconds.
const LATELY: i64 = 20;

pub(crate) async fn login(req: HttpRequest, sso: Sso, session: Session) -> HttpResponse {
    if !sso.site.config.enabled {
        return switched_off(&req);
    }
    if sso.identity(&session).is_none() {
        let (well, failed) = slots(&req, &sso).ended_within(&req, LATELY);
        if well >= ENDED_WELL || (failed >= FAILED && flash::is_pending(&req)) {
            return circle(&req);
        }
        if well > 0 {
            tracing::warn!(
                "a browser that was signed in seconds ago is back without its session: is the cookie dropped (Secure over http, another host name), or SessionMiddleware missing?"
            );
        }
    }
    begin(&req, &sso)
        .await
        .unwrap_or_else(|error| outage(&req, &sso, &error))
}

async fn begin(req: &HttpRequest, sso: &Sso) -> Result<HttpResponse, SignInError> {
    let next = parameter(req, "next").and_then(|next| NextPath::parse(&next));
    let next = next.unwrap_or_else(|| sso.site.config.next_url.clone());
    if let Err(error) = area::check(&sso.site.config, &next) {
        return Ok(refused(req, sso, &error));
    }
    if sso.places.is_full() {
        return Err(SignInError::Overloaded);
    }
    let redirect_uri = origin::redirect_uri(req, sso)?;
    let snapshot = sso.snapshot(&Worker::http(req, sso)).await?;
    let attempt = Attempt::new(sso.clock.now())?;
    let (slot, cookie) = slots(req, sso).begin(req, &attempt, &sso.starts)?;
    let wish = Wish::of(req, sso);
    let state = State {
        slot,
        silence: wish.silence,
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
        prompt: wish.prompt,
        login_hint: wish.login_hint,
        domain_hint: wish.domain_hint,
    };
    let url = authorize_url(&sso.site.client(&snapshot), request);
    Ok(redirect(StatusCode::FOUND, url.as_str(), Some(cookie)))
}

/// What the link asks for, over what the settings do.
struct Wish {
    prompt: Option<Prompt>,
    silence: Silence,
    login_hint: Option<String>,
    domain_hint: Option<String>,
}

impl Wish {
    fn of(req: &HttpRequest, sso: &Sso) -> Self {
        let hint = |name| parameter(req, name).filter(|hint| is_hint(hint));
        let linked = parameter(req, "prompt").and_then(|prompt| Prompt::parse(&prompt));
        let silence = match linked {
            _ if parameter(req, "silent").is_some() => Silence::ThenGoOn,
            Some(Prompt::None) => Silence::ThenAsk,
            _ => Silence::NotAsked,
        };
        let setting = Some(sso.site.config.domain_hint.clone()).filter(|hint| !hint.is_empty());
        Self {
            prompt: match silence {
                Silence::NotAsked => linked.or_else(|| Prompt::of_setting(&sso.site.config.prompt)),
                Silence::ThenAsk | Silence::ThenGoOn => Some(Prompt::None),
            },
            silence,
            login_hint: hint("login_hint"),
            domain_hint: hint("domain_hint").or(setting),
        }
    }
}

/// Stops a browser that is sent here again and again, and says why that happens.
fn circle(req: &HttpRequest) -> HttpResponse {
    tracing::error!(
        code = "redirect_loop",
        "a browser signs in again and again: is the session cookie dropped (Secure over http, another host name, SessionMiddleware missing or inside), or does the page at `login_failed_url` need a sign-in?"
    );
    let text = "You were signed in, or refused, several times within seconds, and sent here again. Your browser may not accept this site's cookies. Please wait a minute, then try again, or ask the application's administrator.";
    page::notice(
        is_navigation(req),
        StatusCode::TOO_MANY_REQUESTS,
        "redirect_loop",
        text,
    )
}
