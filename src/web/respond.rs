//! The responses that the endpoints share.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::Cookie,
    http::{StatusCode, header},
};

use super::{
    extract::Sso, messages::leave_error, notice::Notice, origin::public_path, visitor::Visitor,
};
use crate::{
    settings::{
        codes::Code,
        texts::{Text, Wording},
    },
    sign_in::{audit, error::SignInError},
};

/// A redirect that is not cached and sends no referrer.
pub(crate) fn redirect(
    status: StatusCode,
    location: &str,
    cookie: Option<Cookie<'static>>,
) -> HttpResponse {
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

/// A redirect to a path of the application, after a request that is over.
pub(crate) fn redirect_within(
    sso: &Sso,
    path: &str,
    cookie: Option<Cookie<'static>>,
) -> HttpResponse {
    redirect(StatusCode::SEE_OTHER, &public_path(sso, path), cookie)
}

/// Most bytes of a response's headers: what nginx holds of them by default (`proxy_buffer_size`).
const MAX_HEADERS: usize = 4096;

/// Of those, for the status line and what the server adds.
const RESERVED: usize = 128;

/// Whether the headers of a response are within [`MAX_HEADERS`].
pub(crate) fn fits(response: &HttpResponse) -> bool {
    let lines = response.headers().iter();
    let bytes: usize = lines
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    bytes + RESERVED <= MAX_HEADERS
}

/// Reports a failed sign-in: to the operator in the log, to the person on the next page.
pub(crate) fn report(req: &HttpRequest, sso: &Sso, error: &SignInError) {
    audit::refused(&sso.site, error);
    leave_error(req, sso, error.message());
}

/// Reports a failed sign-in that has no attempt to end, and shows the next page.
pub(crate) fn redirect_to_failure_page(
    req: &HttpRequest,
    sso: &Sso,
    error: &SignInError,
) -> HttpResponse {
    report(req, sso, error);
    redirect_within(sso, sso.site.config.login_failed_url.as_str(), None)
}

/// The page for a sign-in that can't be carried out at all, and the reason in the log.
pub(crate) fn service_unavailable(
    req: &HttpRequest,
    sso: &Sso,
    error: &SignInError,
) -> HttpResponse {
    audit::refused(&sso.site, error);
    let text = error.message();
    let notice = Notice {
        // 503 promises that it passes by itself.
        status: if error.needs_administrator() {
            StatusCode::INTERNAL_SERVER_ERROR
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        },
        code: error.code(),
        title: Wording::Known(match text {
            Wording::Known(Text::Unreachable) => Text::UnreachableTitle,
            Wording::Known(Text::Overloaded) => Text::OverloadedTitle,
            _ => Text::OutOfOrderTitle,
        }),
        text,
    };
    notice.respond(&Visitor::for_request(req))
}

/// The answer where `enabled` is off.
pub(crate) fn switched_off(req: &HttpRequest) -> HttpResponse {
    let notice = Notice {
        status: StatusCode::NOT_FOUND,
        code: Code::SwitchedOff,
        title: Wording::Known(Text::SwitchedOffTitle),
        text: Wording::Known(Text::SwitchedOff),
    };
    notice.respond(&Visitor::for_request(req))
}
