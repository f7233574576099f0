//! The session cookie counts only under its exact name.

use actix_web::{
    dev::ServiceRequest,
    http::header::{COOKIE, HeaderValue},
};
use percent_encoding::percent_decode_str;

use crate::util::cookies;

/// Removes cookies whose names only look like `name` once percent-decoded, as the session middleware
/// decodes them: `%5f_Host-x`, which any sibling host can set, is not `__Host-x`.
pub(super) fn drop_look_alikes(req: &mut ServiceRequest, name: &str) {
    let is_look_alike =
        |raw: &str| raw != name && percent_decode_str(raw).decode_utf8_lossy() == name;
    if !cookies::all(req.headers()).any(|(raw, _)| is_look_alike(raw)) {
        return;
    }
    tracing::warn!(
        code = "cookie_look_alike",
        "a cookie whose encoded name imitates the session's was ignored"
    );
    let kept: Vec<_> = cookies::all(req.headers())
        .filter(|(raw, _)| !is_look_alike(raw))
        .map(|(raw, value)| format!("{raw}={value}"))
        .collect();
    let headers = req.headers_mut();
    headers.remove(COOKIE);
    if let Ok(value) = HeaderValue::from_str(&kept.join("; ")) {
        headers.insert(COOKIE, value);
    }
}
