//! `GET front-channel-logout/?sid=…`: the user has signed out at Entra.
//!
//! Entra opens it in a hidden frame of its own page, which brings no cookie and keeps none. So the
//! store looks the session up by `sid` (OpenID Connect Front-Channel Logout 1.0; Entra sends no
//! `iss`). The answer is the same whether or not there was a session.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
};

use crate::{
    settings::codes::Code,
    sign_in::audit::{self, SignOutCause},
    util::log::chain,
    web::{extract::Sso, request::parameter},
};

/// Longest `sid` that is looked up, in bytes.
const MAX_LEN: usize = 255;

pub(super) async fn front_channel_logout(req: HttpRequest, sso: Sso) -> HttpResponse {
    let is_sid = |sid: &String| {
        !sid.is_empty() && sid.len() <= MAX_LEN && sid.bytes().all(|b| b.is_ascii_graphic())
    };
    let sid = parameter(&req, "sid").filter(is_sid);
    if let Some(sid) = sid.filter(|_| sso.site.config.enabled && *req.method() != Method::HEAD) {
        match sso.end_entra_session(sid).await {
            Ok(0) => tracing::debug!("Entra ended a session that isn't known here"),
            Ok(ended) => audit::signed_out(SignOutCause::Entra, None, None, ended),
            Err(error) => tracing::error!(
                code = Code::FrontChannelLogoutFailed.as_str(),
                reason = %chain(&error),
                "Entra ended a session, and it could not be ended here"
            ),
        }
    }
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-cache, no-store"))
        .content_type("text/html; charset=utf-8")
        .body("<!doctype html><title>Signed out</title>")
}
