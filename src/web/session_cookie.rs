//! The session's cookie on the wire, and as the session middleware knows it.
//!
//! Over https the cookie's name on the wire has the prefix `__Host-`, which the middleware learns
//! nothing of: it is given one name for all transports. The name counts byte for byte, though the
//! middleware percent-decodes names: `%5f_Host-x`, which any sibling host can set, is not
//! `__Host-x`. And actix reads no cookie of a request at all when one of them, whoever set it, can't be
//! parsed: such cookies are left out, so that they sign nobody out.

use actix_web::{
    cookie::Cookie,
    dev::ServiceRequest,
    http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE},
};
use percent_encoding::percent_decode;

/// The name that the session middleware knows.
pub(super) const NAME: &str = "microsoft_sso_session";

/// Renames the session's cookie of a request from its name on the wire, and leaves out look-alikes and
/// what can't be parsed.
pub(super) fn receive(req: &mut ServiceRequest, wire_name: &str) {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    let (mut is_changed, mut has_session) = (false, false);
    for pair in pairs(req.headers()) {
        let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
        let decoded = percent_decode(name).collect::<Vec<u8>>();
        let is_named_as_ours = decoded == NAME.as_bytes() || decoded == wire_name.as_bytes();
        if name == wire_name.as_bytes() && !has_session {
            has_session = true;
            is_changed |= wire_name != NAME;
            kept.push([NAME.as_bytes(), &pair[name.len()..]].concat());
        } else if is_named_as_ours || !is_parsable(pair) {
            is_changed = true;
        } else {
            kept.push(pair.to_vec());
        }
    }
    if !is_changed {
        return;
    }
    let headers = req.headers_mut();
    headers.remove(COOKIE);
    if let Ok(value) = HeaderValue::from_bytes(&kept.join(&b"; "[..])) {
        headers.insert(COOKIE, value);
    }
}

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers
        .get_all(COOKIE)
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
        .map(<[u8]>::trim_ascii)
        .filter(|pair| !pair.is_empty())
}

fn is_parsable(pair: &[u8]) -> bool {
    std::str::from_utf8(pair).is_ok_and(|pair| Cookie::parse_encoded(pair).is_ok())
}

/// Renames the session's cookie of a response to its name on the wire.
pub(super) fn send(headers: &mut HeaderMap, wire_name: &str) {
    if wire_name == NAME {
        return;
    }
    let is_session = |cookie: &HeaderValue| {
        let cookie = cookie.as_bytes().strip_prefix(NAME.as_bytes());
        cookie.is_some_and(|rest| rest.starts_with(b"="))
    };
    if !headers.get_all(SET_COOKIE).any(is_session) {
        return;
    }
    let cookies: Vec<_> = headers.remove(SET_COOKIE).collect();
    for cookie in cookies {
        let renamed = is_session(&cookie).then(|| {
            let rest = &cookie.as_bytes()[NAME.len()..];
            HeaderValue::from_bytes(&[wire_name.as_bytes(), rest, b"; Secure"].concat())
        });
        let cookie = match renamed {
            Some(Ok(renamed)) => renamed,
            Some(Err(_)) | None => cookie,
        };
        headers.append(SET_COOKIE, cookie);
    }
}
