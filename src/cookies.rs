//! What our cookies have in common.

use std::borrow::Cow;

use actix_web::cookie::{Cookie, SameSite, time::Duration};

/// What a cookie's name begins with: `__Host-` where it is for https alone, and then no page of
/// plain http and no other host of the same domain can plant one (RFC 6265bis, section 4.1.3.2).
pub(crate) fn prefix(secure: bool) -> &'static str {
    match secure {
        true => "__Host-",
        false => "",
    }
}

pub(crate) fn name(name: &str, secure: bool) -> String {
    format!("{}{name}", prefix(secure))
}

/// A cookie for the whole site, that no script sees and no other site's post or frame brings.
pub(crate) fn build(
    name: impl Into<Cow<'static, str>>,
    value: String,
    secure: bool,
    max_age: Duration,
) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .max_age(max_age)
        .finish()
}

/// The cookie that takes another away.
pub(crate) fn removal(name: impl Into<Cow<'static, str>>, secure: bool) -> Cookie<'static> {
    let mut cookie = build(name, String::new(), secure, Duration::ZERO);
    cookie.make_removal();
    cookie
}
