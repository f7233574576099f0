//! A callback without its attempt: the link of an office program that followed the redirects itself, a
//! page left open past `timeout`, a browser that keeps no cookies, or somebody else's callback.
//!
//! The code is never redeemed. The sign-in begins anew, as if the browser had opened `login/`, and
//! once: `state` says whether it did.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode};

use super::login_params::AGAIN;
use crate::{
    settings::{
        codes::Code,
        texts::{Text, Wording},
    },
    sign_in::{
        attempt_cookies::AttemptCookies,
        audit,
        error::SignInError,
        state::{SilentSignIn, State},
    },
    util::next_path::NextPath,
    web::{
        extract::Sso,
        notice::Notice,
        origin,
        request::{login_with_next, with_parameter},
        respond::{redirect, redirect_to_failure_page, redirect_within},
        visitor::Visitor,
    },
};

/// Answers a callback whose `state` is ours, and of no attempt of this browser.
pub(super) fn stray(
    req: &HttpRequest,
    sso: &Sso,
    cookies: &AttemptCookies,
    session: &Session,
    state: &State,
) -> HttpResponse {
    let next = cookies.next(state);
    // A signed-in user most likely went back to it, and sees no error.
    if sso.identity(session).is_some() {
        return redirect_within(sso, next.as_str(), None);
    }
    if !state.again {
        tracing::debug!("a callback without its attempt: the sign-in begins anew");
        let login = login_again(req, sso, state, &next, true);
        return redirect(StatusCode::SEE_OTHER, &login, None);
    }
    if state.silent == SilentSignIn::ElseAnonymous {
        tracing::debug!("a silent sign-in lost its attempt twice; the person goes on without it");
        return redirect_within(sso, next.as_str(), None);
    }
    if cookies.are_missing() && state.is_recent(&sso.site, sso.clock.now()) {
        return no_cookies(req, sso);
    }
    redirect_to_failure_page(req, sso, &SignInError::NoAttempt)
}

/// The URL of the same sign-in, anew.
pub(super) fn login_again(
    req: &HttpRequest,
    sso: &Sso,
    state: &State,
    next: &NextPath,
    again: bool,
) -> String {
    let login = login_with_next(&origin::login_path(req, sso), next.as_str());
    let login = if again {
        with_parameter(&login, AGAIN, "1")
    } else {
        login
    };
    match state.silent {
        SilentSignIn::No => login,
        SilentSignIn::ElseInteractive => with_parameter(&login, "prompt", "none"),
        SilentSignIn::ElseAnonymous => with_parameter(&login, "silent", "1"),
    }
}

/// The page for a browser that keeps no cookies: a message for the next page is a cookie, too.
fn no_cookies(req: &HttpRequest, sso: &Sso) -> HttpResponse {
    audit::refused(&sso.site, &SignInError::NoAttempt);
    let notice = Notice {
        status: StatusCode::BAD_REQUEST,
        code: Code::NoCookies,
        title: Wording::Known(Text::NoCookiesTitle),
        text: Wording::Known(Text::NoCookies),
    };
    notice.respond(&Visitor::for_request(req))
}
