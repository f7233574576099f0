//! The origin of a request, as the browser sees it: `Host`, or what a trusted proxy forwards.

use actix_web::{HttpRequest, http::header};
use url::Url;

use crate::settings::trusted_proxies::TrustedProxies;

impl TrustedProxies {
    /// A forwarded header. In a list the first entry counts: the outermost proxy wrote it.
    fn forwarded<'a>(&self, req: &'a HttpRequest, name: &str) -> Option<&'a str> {
        let value = req
            .headers()
            .get(name)
            .filter(|_| self.is_trusted_peer(req))?;
        let first = value.to_str().ok()?.split(',').next()?.trim();
        (!first.is_empty()).then_some(first)
    }

    /// The origin as the browser spells it. Without a trusted proxy the client may write any host, so
    /// check [`Self::is_trusted_peer`] before you use it.
    pub(crate) fn origin(&self, req: &HttpRequest) -> Option<Url> {
        let by_connection = if req.app_config().secure() {
            "https"
        } else {
            "http"
        };
        let scheme = match self.forwarded(req, "x-forwarded-proto") {
            None => by_connection,
            Some(scheme) => ["https", "http"]
                .into_iter()
                .find(|known| scheme.eq_ignore_ascii_case(known))?,
        };
        let host = match self.forwarded(req, "x-forwarded-host") {
            Some(host) => host,
            None => own_host(req)?,
        };
        let url = Url::parse(&format!("{scheme}://{host}/")).ok()?;
        let is_bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        is_bare.then_some(url)
    }

    /// The host in lower case, with its port where the request names one.
    pub(crate) fn host(&self, req: &HttpRequest) -> Option<String> {
        let url = self.origin(req)?;
        let host = url.host_str()?;
        Some(match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        })
    }
}

/// The host of the request itself.
fn own_host(req: &HttpRequest) -> Option<&str> {
    match req.headers().get(header::HOST) {
        Some(host) => host.to_str().ok(),
        None => req.uri().authority().map(|authority| authority.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn origin(trusted: &str, peer: &str, headers: &[(&str, &str)]) -> Option<String> {
        let networks = trusted.split(' ').filter(|text| !text.is_empty());
        let proxies = TrustedProxies::new(networks.map(|text| text.parse().unwrap()).collect());
        let mut req = TestRequest::get().peer_addr(peer.parse().unwrap());
        for header in headers {
            req = req.append_header(*header);
        }
        proxies.origin(&req.to_http_request()).map(String::from)
    }

    const FORWARDED: &[(&str, &str)] = &[
        ("host", "inner:8000"),
        ("x-forwarded-proto", "https,https"),
        ("x-forwarded-host", "App.example, inner"),
    ];

    #[test]
    fn a_proxy_of_ours_is_believed_lists_too() {
        for peer in ["10.1.2.3:9", "[::ffff:10.1.2.3]:9", "[fd00::1]:9"] {
            let origin = origin("10.0.0.0/8 fd00::/8", peer, FORWARDED);
            assert_eq!(origin.as_deref(), Some("https://app.example/"), "{peer}");
        }
    }

    #[test]
    fn anybody_elses_word_is_not_read() {
        for trusted in ["", "10.0.0.0/8"] {
            let origin = origin(trusted, "192.0.2.1:9", FORWARDED);
            assert_eq!(origin.as_deref(), Some("http://inner:8000/"));
        }
    }

    #[test]
    fn what_is_no_origin_is_none() {
        let with =
            |name, value| origin("10.0.0.1/32", "10.0.0.1:9", &[("host", "h"), (name, value)]);
        assert_eq!(with("x-forwarded-proto", "https://evil.example/?x="), None);
        for host in ["a/b", "u@evil.example", "a?b", "a#b", "u:p@a", "a\\b", " "] {
            let origin = with("x-forwarded-host", host);
            assert!(origin.is_none() || host == " ", "{host}: {origin:?}");
        }
    }
}
