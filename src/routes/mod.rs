//! The endpoints.

pub(crate) mod answer;
pub(crate) mod callback;
pub(crate) mod front_channel_logout;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod pages;
pub(crate) mod picture;

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::Cookie,
    http::{StatusCode, header},
};

use crate::{
    audit, error::SignInError, extract::Sso, flash, guard::is_navigation, origin, page,
    slots::Slots, text::Speech,
};

/// A parameter of the query, decoded; the first, where it stands there twice.
fn parameter(req: &HttpRequest, name: &str) -> Option<String> {
    parameter_of(req.query_string(), name)
}

pub(crate) fn parameter_of(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// The cookies of this browser's sign-ins.
fn slots<'a>(req: &HttpRequest, sso: &'a Sso) -> Slots<'a> {
    Slots {
        sealer: &sso.sealer,
        site: &sso.site,
        now: sso.clock.now(),
        timeout: sso.site.config.timeout,
        secure: origin::is_https(req, sso),
    }
}

/// A redirect that nobody keeps and that tells no other site where it came from.
fn redirect(status: StatusCode, location: &str, cookie: Option<Cookie<'static>>) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"));
    if let Some(cookie) = cookie {
        response.cookie(cookie);
    }
    response.finish()
}

/// A sign-in that has no attempt to burn, or none yet: the person learns why on the next page.
fn refused(req: &HttpRequest, sso: &Sso, error: &SignInError) -> HttpResponse {
    explain(req, sso, error);
    let to = sso.site.config.login_failed_url.as_str();
    redirect(StatusCode::SEE_OTHER, to, None)
}

/// Why a sign-in failed: in the log for the operator, on the next page for the person.
fn explain(req: &HttpRequest, sso: &Sso, error: &SignInError) {
    audit::refused(&sso.site, error);
    flash::leave(req, &sso.site.config, error.message());
}

/// The page for a sign-in that can't be carried out at all, and the reason in the log.
fn outage(req: &HttpRequest, sso: &Sso, error: &SignInError) -> HttpResponse {
    let speech = Speech::of(req, &sso.site.config);
    audit::refused(&sso.site, error);
    page::notice_in(
        speech.language,
        is_navigation(req),
        StatusCode::SERVICE_UNAVAILABLE,
        error.code(),
        speech.tell(error.message()),
    )
}

/// The answer where sign-in is switched off.
fn switched_off(req: &HttpRequest) -> HttpResponse {
    let text = "Signing in with Microsoft is switched off.";
    page::notice(
        is_navigation(req),
        StatusCode::NOT_FOUND,
        "switched_off",
        text,
    )
}
