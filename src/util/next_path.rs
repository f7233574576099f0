//! The page that a person is sent to after signing in: a path on this site, never another site.

use url::Url;

/// Longest path with its query, in bytes, once it is percent-encoded.
const MAX_LEN: usize = 2048;

/// A path on this site, with its query: `/orders?page=2`.
///
/// Only [`parse`](Self::parse) and [`within`](Self::within) make one. The rule follows browsers (the
/// WHATWG URL standard, by the `url` crate): resolved against any origin, the result stays on that
/// origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NextPath(String);

impl NextPath {
    /// Checks a path given from outside; `None` for anything but a plain path on this site.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        normalize(path).filter(Self::fits)
    }

    /// As [`parse`](Self::parse), but a path that is too long loses its query.
    pub(crate) fn within(path: &str) -> Option<Self> {
        let normal = normalize(path)?;
        if normal.fits() {
            return Some(normal);
        }
        tracing::debug!(
            bytes = normal.0.len(),
            "the query of `next` was dropped: only {MAX_LEN} bytes are kept"
        );
        Some(normal.without_query()).filter(Self::fits)
    }

    /// The site's root.
    pub(crate) fn root() -> Self {
        Self("/".to_owned())
    }

    /// The path alone.
    pub(crate) fn without_query(&self) -> Self {
        let path = self.0.split('?').next().unwrap_or_default();
        Self(path.to_owned())
    }

    fn fits(&self) -> bool {
        self.0.len() <= MAX_LEN
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The path as browsers normalize it, percent-encoded.
fn normalize(path: &str) -> Option<NextPath> {
    // A fragment has no place in a redirect, but it is harmless: drop it.
    let whole = path.split('#').next().unwrap_or(path);
    let (path, query) = match whole.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (whole, None),
    };
    // Browsers read a backslash as a slash, in the path alone, and some clients drop control
    // characters.
    if !path.starts_with('/') || path.contains('\\') || whole.chars().any(char::is_control) {
        return None;
    }
    let base = Url::parse("https://this-site.invalid/").ok()?;
    let mut url = base.join(path).ok()?;
    if url.origin() != base.origin() || !url.username().is_empty() {
        return None;
    }
    // The URL standard leaves a backslash in a query as it is; other clients needn't.
    let query = query.map(|query| query.replace('\\', "%5C"));
    url.set_query(query.as_deref());
    let mut normal = url.path().to_owned();
    if let Some(query) = url.query() {
        normal.push('?');
        normal.push_str(query);
    }
    // In `Location`, two leading slashes name another host.
    (!normal.starts_with("//")).then_some(NextPath(normal))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_keeps_its_query_string() {
        for path in [
            "/",
            "/a/b",
            "/whoami?x=1&y=%2F%2Fz",
            "/s?q=https://x.example/",
        ] {
            assert_eq!(NextPath::parse(path).unwrap().as_str(), path);
        }
        assert_eq!(NextPath::parse("/a?b=1#c").unwrap().as_str(), "/a?b=1");
        assert_eq!(NextPath::parse("/käse").unwrap().as_str(), "/k%C3%A4se");
    }

    #[test]
    fn another_site_is_never_a_next_path() {
        for path in [
            "",
            "a",
            "//evil.example",
            "////evil.example/y",
            "/\\evil.example",
            "\\/evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/\r\nSet-Cookie: a=b",
            "/\0",
            "http://evil.example",
            "http:////evil.example",
            "https:evil.example",
            "https://x//evil.example/y",
            "javascript:alert(1)",
            "/..//evil.example",
            "/.//evil.example",
            "/a/..//evil.example",
            "/%2e%2e//evil.example",
            " //evil.example",
            "@evil.example",
        ] {
            assert_eq!(NextPath::parse(path), None, "{path:?}");
        }
        assert_eq!(NextPath::parse(&format!("/{}", "a".repeat(MAX_LEN))), None);
    }

    #[test]
    fn its_length_counts_once_and_what_is_too_long_keeps_its_path() {
        let cjk = format!("/a?q={}", "\u{9801}".repeat(227));
        let normal = NextPath::parse(&cjk).unwrap();
        assert_eq!(normal.as_str().len(), MAX_LEN);
        assert_eq!(NextPath::parse(normal.as_str()), Some(normal));
        let longer = format!("{cjk}x");
        assert_eq!(NextPath::parse(&longer), None);
        assert_eq!(NextPath::within(&longer).unwrap().as_str(), "/a");
        assert_eq!(NextPath::within(&"/a".repeat(MAX_LEN)), None);
    }

    #[test]
    fn a_backslash_is_encoded_in_the_query_and_refused_in_the_path() {
        let next = NextPath::parse("/a?dir=C:\\x\\y#\\").unwrap();
        assert_eq!(next.as_str(), "/a?dir=C:%5Cx%5Cy");
        assert_eq!(NextPath::parse("/a\\b?x"), None);
    }

    proptest! {
        #[test]
        fn a_plain_path_with_its_query_survives_unchanged(
            path in "(/[a-zA-Z0-9_~!$&'()*+,;=:@%-]{1,12}){1,4}/?",
            query in "(\\?[a-zA-Z0-9_~!$&()*+,;=:@%/?.-]{0,40})?",
        ) {
            // A segment of `%2e` is a dot to browsers, and is taken away.
            prop_assume!(!path.to_ascii_lowercase().contains("%2e"));
            let whole = format!("{path}{query}");
            let next = NextPath::parse(&whole);
            prop_assert_eq!(next.as_ref().map(NextPath::as_str), Some(whole.as_str()));
        }

        #[test]
        fn whatever_passes_stays_on_this_site_and_in_one_header(path in "[/\\\\.:@?#%a-c0-9\t\r\n ]{0,24}|\\PC{0,24}") {
            if let Some(next) = NextPath::parse(&path) {
                let base = Url::parse("http://app.example:8000/microsoft_sso/callback/").unwrap();
                let url = base.join(next.as_str()).unwrap();
                prop_assert_eq!(url.origin(), base.origin());
                prop_assert!(next.as_str().bytes().all(|b| (0x21..0x7f).contains(&b)));
                prop_assert_eq!(NextPath::parse(next.as_str()), Some(next));
            }
        }
    }
}
