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

/// All cookies of a request that are UTF-8, by their raw names. Another application of the domain may
/// set cookies that aren't: they hide none of ours.
pub(crate) fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    pairs(headers).filter_map(|pair| std::str::from_utf8(pair).ok()?.split_once('='))
}

/// The cookies of a request as they come. Only spaces and tabs are trimmed, as browsers trim them: to
/// trim other white space would make `__Host-x` of a name that isn't.
pub(crate) fn pairs(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    fn trim(mut pair: &[u8]) -> &[u8] {
        while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = pair {
            pair = rest;
        }
        pair
    }
    headers
        .get_all(COOKIE)
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
        .map(trim)
        .filter(|pair| !pair.is_empty())
}

/// The name of a cookie, and what follows it: the equals sign with the value.
pub(crate) fn split(pair: &[u8]) -> (&[u8], &[u8]) {
    let end = pair.iter().position(|byte| *byte == b'=');
    pair.split_at(end.unwrap_or(pair.len()))
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
        headers.append(COOKIE, HeaderValue::from_bytes(b"x=\xff; b==c=").unwrap());
        assert_eq!(value(&headers, "__Host-a"), Some("ours"));
        assert_eq!(value(&headers, "b"), Some("=c="));
        assert_eq!(value(&headers, "__Host-b"), None);
        for space in ["\u{2000}", "\u{a0}", "\u{3000}", "\u{85}"] {
            let planted = format!("{space}__Host-c=planted; __Host-d{space}=planted");
            let mut headers = HeaderMap::new();
            headers.append(COOKIE, HeaderValue::from_bytes(planted.as_bytes()).unwrap());
            assert_eq!(value(&headers, "__Host-c"), None, "{space:?}");
            assert_eq!(value(&headers, "__Host-d"), None, "{space:?}");
        }
    }
}
