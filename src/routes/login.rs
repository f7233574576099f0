//! `GET login/`: a sign-in begins.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode};

use super::{outage, parameter, redirect, slots, switched_off};
use crate::{
    attempt::{Attempt, State},
    entra::flow::{AuthorizeRequest, authorize_url},
    error::SignInError,
    extract::{Sso, Worker},
    guard::is_navigation,
    next_path::NextPath,
    origin, page, session,
};

/// This many sign-ins that ended within so many seconds, and the browser is back here without
/// anybody signed in: it goes round in a circle.
const CIRCLE: (usize, i64) = (10, 20);

pub(crate) async fn login(req: HttpRequest, sso: Sso, session: Session) -> HttpResponse {
    if !sso.config.enabled {
        return switched_off(&req);
    }
    let path = origin::scope_path(&req);
    let nobody = session::identity(&session, sso.clock.now()).is_none();
    if nobody && slots(&req, &sso, &path).ended_within(&req, CIRCLE.1) >= CIRCLE.0 {
        return circle(&req);
    }
    begin(&req, &sso, &path)
        .await
        .unwrap_or_else(|error| outage(&req, &error))
}

async fn begin(req: &HttpRequest, sso: &Sso, path: &str) -> Result<HttpResponse, SignInError> {
    let redirect_uri = origin::redirect_uri(req, &sso.config)?;
    let snapshot = sso.provider.snapshot(&Worker::http(req, sso)).await?;
    let next = parameter(req, "next").and_then(|next| NextPath::parse(&next));
    let attempt = Attempt::new(sso.clock.now())?;
    let (slot, cookie) = slots(req, sso, path).begin(req, &attempt, &sso.starts)?;
    let state = State {
        slot,
        id: attempt.id(),
        next: next.unwrap_or_else(|| sso.config.next_url.clone()),
    };
    let request = AuthorizeRequest {
        state: state.seal(&sso.sealer)?,
        nonce: attempt.nonce(),
        verifier: attempt.verifier(),
        redirect_uri: &redirect_uri,
        scopes: &sso.scopes,
    };
    let url = authorize_url(&snapshot.client, request);
    Ok(redirect(StatusCode::FOUND, url.as_str(), Some(cookie)))
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
