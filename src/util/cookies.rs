//! What all cookies of the plugin have in common.

use std::borrow::Cow;

use actix_web::{
    cookie::{Cookie, SameSite, time::Duration},
    http::header::{COOKIE, HeaderMap},
};

/// How the browser reaches the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Https,
    Http,
}

impl Transport {
    /// The name of a cookie. Over https it begins with `__Host-`, so that neither a page of plain
    /// http nor another host of the same domain can set one (RFC 6265bis, section 4.1.3.2).
    pub(crate) fn cookie_name(self, name: &str) -> String {
        match self {
            Self::Https => format!("__Host-{name}"),
            Self::Http => name.to_owned(),
        }
    }
}

/// The value of a cookie whose name on the wire is, byte for byte, `name`.
///
/// `HttpRequest::cookie` percent-decodes names, so that it takes `%5f_Host-x`, which any sibling
/// host can set, for `__Host-x`, which none can.
pub(crate) fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    all(headers).find_map(|(key, value)| (key == name).then_some(value))
}

/// All cookies of a request, by their raw names.
pub(crate) fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(COOKIE)
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}

/// A cookie for the whole site: invisible to scripts, and not sent with other sites' posts and
/// frames.
pub(crate) fn build(
    name: impl Into<Cow<'static, str>>,
    value: String,
    transport: Transport,
    max_age: Duration,
) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(transport == Transport::Https)
        .max_age(max_age)
        .finish()
}

/// The cookie that removes another. It is short, since a sign-out removes many at once.
pub(crate) fn removal(name: impl Into<Cow<'static, str>>, transport: Transport) -> Cookie<'static> {
    Cookie::build(name, "")
        .path("/")
        .secure(transport == Transport::Https)
        .max_age(Duration::ZERO)
        .finish()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn a_cookie_counts_by_its_raw_name_alone() {
        let mut headers = HeaderMap::new();
        let sent = "%5f_Host-a=planted; x=1;__Host-a=ours; __host-a=other";
        headers.append(COOKIE, HeaderValue::from_static(sent));
        headers.append(COOKIE, HeaderValue::from_static("b==c="));
        assert_eq!(value(&headers, "__Host-a"), Some("ours"));
        assert_eq!(value(&headers, "b"), Some("=c="));
        assert_eq!(value(&headers, "__Host-b"), None);
    }
}
