//! `GET front-channel-logout/?sid=…`: the person has signed out at Entra.
//!
//! Entra opens it in a hidden frame, from its own page: no cookie comes along, and none that is
//! set would stay. So the session is found by `sid` alone, in the store (OpenID Connect
//! Front-Channel Logout 1.0; Entra sends no `iss`). Whoever asks learns nothing: the answer is
//! the same whether or not there was a session.

use actix_web::{HttpRequest, HttpResponse, http::header};

use super::parameter;
use crate::{
    audit::{self, SignOut},
    error::chain,
    extract::Sso,
    store::Sessions,
};

/// Longest `sid` that is looked for, in bytes.
const LONGEST: usize = 255;

pub(crate) async fn front_channel_logout(req: HttpRequest, sso: Sso) -> HttpResponse {
    let sid = parameter(&req, "sid").filter(|sid| !sid.is_empty() && sid.len() <= LONGEST);
    if let Some(sid) = sid {
        match sso.store.end_sessions(Sessions::OfEntraSession(sid)).await {
            Ok(0) => tracing::debug!("Entra ended a session that isn't known here"),
            Ok(ended) => audit::signed_out(SignOut::Entra, None, None, ended),
            Err(error) => tracing::error!(
                code = "front_channel_logout_failed",
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
