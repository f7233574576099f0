//! `GET callback/`: Entra sends the browser back, and the sign-in ends one way or the other.

use std::sync::{Arc, atomic::Ordering};

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, rt};

use super::{answer::Answer, explain, outage, parameter, redirect, refused, slots, switched_off};
use crate::{
    aadsts::EntraRefusal,
    area,
    attempt::{Attempt, Ending, Silence, Slot, State},
    error::SignInError,
    extract::{Sso, Worker},
    flash,
    flights::{Flight, Outcome},
    next_path::login_with_next,
    origin,
    session::{self, SignedIn},
    signing_in::SigningIn,
    text::Text,
};

pub(crate) async fn callback(req: HttpRequest, sso: Sso, session: Session) -> HttpResponse {
    if !sso.site.config.enabled {
        return switched_off(&req);
    }
    // First of all `state`: nothing else of the query is looked at before.
    let state =
        parameter(&req, "state").and_then(|state| State::open(&sso.sealer, &sso.site, &state));
    let Some(state) = state else {
        return stray(&req, &sso, &session, None, SignInError::State);
    };
    match slots(&req, &sso).find(&req, &state) {
        Some(Slot::Attempt(attempt)) => match area::check(&sso.site.config, &state.next) {
            Ok(()) => finish(&req, &sso, &session, &state, attempt).await,
            Err(error) => failed(&req, &sso, &state, &error),
        },
        Some(Slot::Ended {
            ending: Ending::SignedIn,
            ..
        }) => again(&state),
        _ => stray(&req, &sso, &session, Some(&state), SignInError::NoAttempt),
    }
}

/// A callback of an attempt that this browser began: its first, or one that came at the same
/// time.
async fn finish(
    req: &HttpRequest,
    sso: &Sso,
    session: &Session,
    state: &State,
    attempt: Attempt,
) -> HttpResponse {
    let ended = match outcome(req, sso, attempt).await {
        Ok(signed_in) => establish(req, sso, session, state, &signed_in),
        Err(error) => Err(error),
    };
    match ended {
        Ok(response) => response,
        Err(error) if error.is_outage() => outage(req, sso, &error),
        Err(error) if error.is_used_code() => anew(req, sso, state, &error),
        Err(error) if error.wants_interaction() && state.silence != Silence::NotAsked => {
            not_silently(req, sso, state)
        }
        Err(error) => failed(req, sso, state, &error),
    }
}

/// Signs the person in, or waits for the request that does already.
async fn outcome(req: &HttpRequest, sso: &Sso, attempt: Attempt) -> Outcome {
    let redirect_uri = origin::redirect_uri(req, sso).map_err(Arc::new)?;
    if let Some(landing) = sso.flights.find(attempt.id()) {
        return landing.outcome().await;
    }
    let place = sso.places.take().await;
    let place = place.ok_or_else(|| Arc::new(SignInError::Overloaded))?;
    let landing = match sso.flights.board(attempt.id()) {
        Flight::Again(landing) => landing,
        Flight::First(sender, landing) => {
            let code = code(Answer::of(req, sso)).map_err(Arc::new);
            let signing_in = SigningIn {
                sso: sso.clone(),
                request: req.clone(),
                http: Worker::http(req, sso),
                redirect_uri,
                attempt,
            };
            // It goes on when the browser goes away, and the reload finds its result.
            rt::spawn(async move {
                let outcome = match code {
                    Ok(code) => signing_in.run(&code).await.map(Arc::new).map_err(Arc::new),
                    Err(error) => Err(error),
                };
                let _ = sender.send(Some(outcome));
                drop(place);
            });
            landing
        }
    };
    landing.outcome().await
}

/// `error` first (RFC 6749, section 4.1.2.1), then the code.
fn code(answer: Answer) -> Result<String, SignInError> {
    if let Some(error) = answer.error {
        let description = answer.error_description.unwrap_or_default();
        return Err(SignInError::Refused(EntraRefusal::new(
            &error,
            &description,
        )));
    }
    let code = answer.code.filter(|code| !code.is_empty());
    code.ok_or(SignInError::NoCode)
}

fn establish(
    req: &HttpRequest,
    sso: &Sso,
    session: &Session,
    state: &State,
    signed_in: &SignedIn,
) -> Result<HttpResponse, Arc<SignInError>> {
    let in_cookie = sso.sessions_in_cookie.load(Ordering::Relaxed);
    session::establish(session, signed_in, in_cookie)?;
    if signed_in.lacks_groups {
        flash::warn(req, &sso.site.config, Text::LacksGroups);
    }
    let cookie = slots(req, sso).end(state, Ending::SignedIn);
    let cookie = cookie.map_err(SignInError::from)?;
    Ok(redirect(
        StatusCode::SEE_OTHER,
        state.next.as_str(),
        Some(cookie),
    ))
}

/// The back button or a reload, after the sign-in has ended well in this browser.
fn again(state: &State) -> HttpResponse {
    redirect(StatusCode::SEE_OTHER, state.next.as_str(), None)
}

/// So many sign-ins of a browser that ended without anybody signed in, within [`LATELY`] seconds,
/// and none is begun anew: something redeems each code before us, and it would go on for ever.
const ENDED_IN_VAIN: usize = 3;
const LATELY: i64 = 60;

/// The code was redeemed already: the same callback came to another node at the same time. The
/// sign-in begins anew, which Entra answers at once, and nobody sees an error.
fn anew(req: &HttpRequest, sso: &Sso, state: &State, error: &SignInError) -> HttpResponse {
    let (_, in_vain) = slots(req, sso).ended_within(req, LATELY);
    if in_vain >= ENDED_IN_VAIN {
        return failed(req, sso, state, error);
    }
    tracing::warn!(
        code = "code_used",
        "the code was redeemed already; the sign-in begins anew"
    );
    begin_again(req, sso, state)
}

/// Entra would have to ask the person something, and was told not to: it is asked again and may,
/// or the person goes on as they are.
fn not_silently(req: &HttpRequest, sso: &Sso, state: &State) -> HttpResponse {
    tracing::debug!("Entra can't sign the person in without asking");
    if state.silence == Silence::ThenAsk {
        return begin_again(req, sso, state);
    }
    burn(req, sso, state, state.next.as_str())
}

fn begin_again(req: &HttpRequest, sso: &Sso, state: &State) -> HttpResponse {
    let login = format!("{}/login/", origin::scope_path(req));
    burn(
        req,
        sso,
        state,
        &login_with_next(&login, state.next.as_str()),
    )
}

/// Ends the attempt without a sign-in and goes on elsewhere.
fn burn(req: &HttpRequest, sso: &Sso, state: &State, to: &str) -> HttpResponse {
    let cookie = slots(req, sso).end(state, Ending::Failed).ok();
    redirect(StatusCode::SEE_OTHER, to, cookie)
}

/// The attempt is burnt, and the person learns why on the next page.
fn failed(req: &HttpRequest, sso: &Sso, state: &State, error: &SignInError) -> HttpResponse {
    explain(req, sso, error);
    burn(req, sso, state, sso.site.config.login_failed_url.as_str())
}

/// A callback that belongs to no attempt of this browser: refused, and the code isn't used.
/// Somebody who is signed in has most likely gone back to it, and sees no error.
fn stray(
    req: &HttpRequest,
    sso: &Sso,
    session: &Session,
    state: Option<&State>,
    error: SignInError,
) -> HttpResponse {
    if sso.identity(session).is_some() {
        let next = state.map_or(&sso.site.config.next_url, |state| &state.next);
        return redirect(StatusCode::SEE_OTHER, next.as_str(), None);
    }
    refused(req, sso, &error)
}
