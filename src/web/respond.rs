//! The responses that the endpoints share.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::Cookie,
    http::{StatusCode, header},
};

use super::{extract::Sso, messages::leave_error, notice::Notice, visitor::Visitor};
use crate::{
    settings::texts::{Text, Wording},
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
    let to = sso.site.config.login_failed_url.as_str();
    redirect(StatusCode::SEE_OTHER, to, None)
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
        status: StatusCode::SERVICE_UNAVAILABLE,
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
        code: "switched_off",
        title: Wording::Known(Text::SwitchedOffTitle),
        text: Wording::Known(Text::SwitchedOff),
    };
    notice.respond(&Visitor::for_request(req))
}
