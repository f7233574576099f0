//! The origin of a request, as the browser sees it: `Host`, or what a trusted proxy forwards.

use std::net::{IpAddr, SocketAddr};

use actix_web::{HttpRequest, http::header};
use url::Url;

use crate::settings::trusted_proxies::TrustedProxies;

impl TrustedProxies {
    /// A forwarded header. In a list the first entry counts: the outermost proxy wrote it.
    fn forwarded<'a>(&self, req: &'a HttpRequest, name: &str) -> Option<&'a str> {
        if !self.is_trusted_peer(req) {
            return None;
        }
        let value = req.headers().get(name)?;
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
        let mut url = Url::parse(&format!("{scheme}://{host}/")).ok()?;
        // `app.example.` is the same host, written as a root of the DNS.
        if let Some(host) = url.host_str().and_then(|host| host.strip_suffix('.')) {
            let host = host.to_owned();
            url.set_host(Some(&host)).ok()?;
        }
        let is_bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        is_bare.then_some(url)
    }

    /// The address of the client: the peer, or the last address that a trusted proxy forwards and
    /// that isn't a proxy's; a client can write whatever stands before it. `None` where it may be that
    /// of a proxy, and so of many clients.
    pub(crate) fn client(&self, req: &HttpRequest) -> Option<IpAddr> {
        let peer = req.peer_addr()?.ip().to_canonical();
        if !self.is_trusted_peer(req) {
            return (!self.is_empty() || is_public(peer)).then_some(peer);
        }
        let forwarded = req.headers().get_all("x-forwarded-for");
        let forwarded = forwarded.filter_map(|value| value.to_str().ok());
        let addresses: Vec<_> = forwarded.flat_map(|value| value.split(',')).collect();
        let mut addresses = addresses
            .iter()
            .rev()
            .map_while(|text| address(text.trim()));
        addresses.find(|address| !self.contains(*address))
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

/// An address, with a port perhaps, as some gateways forward it.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    let address = text.parse::<IpAddr>().or_else(|_| with_port()).ok()?;
    Some(address.to_canonical())
}

/// Whether an address is one of the internet. A private one is most likely that of a proxy.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => !ip.is_private() && !ip.is_loopback() && !ip.is_link_local(),
        IpAddr::V6(ip) => !ip.is_loopback() && ip.segments()[0] & 0xfe00 != 0xfc00,
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
    fn the_client_is_the_last_address_that_no_trusted_proxy_has() {
        let client = |trusted: &str, peer: &str, forwarded: &[&str]| {
            let networks = trusted.split(' ').filter(|text| !text.is_empty());
            let proxies = TrustedProxies::new(networks.map(|text| text.parse().unwrap()).collect());
            let mut req = TestRequest::get().peer_addr(peer.parse().unwrap());
            for value in forwarded {
                req = req.append_header(("x-forwarded-for", *value));
            }
            let client = proxies.client(&req.to_http_request());
            client.map(|client| client.to_string())
        };
        let some = |address: &str| Some(address.to_owned());
        let net = "10.0.0.0/8";
        assert_eq!(
            client(net, "192.0.2.1:9", &["203.0.113.9"]),
            some("192.0.2.1")
        );
        assert_eq!(
            client(net, "10.0.0.1:9", &["203.0.113.9"]),
            some("203.0.113.9")
        );
        for with_port in ["203.0.113.9:5678", "1.1.1.1, 203.0.113.9:1"] {
            assert_eq!(client(net, "10.0.0.1:9", &[with_port]), some("203.0.113.9"));
        }
        let v6 = ["[2001:db8::1]:443"];
        assert_eq!(client(net, "10.0.0.1:9", &v6), some("2001:db8::1"));
        let forged = ["198.51.100.1, 203.0.113.9, 10.0.0.2"];
        assert_eq!(client(net, "10.0.0.1:9", &forged), some("203.0.113.9"));
        let two = ["1.1.1.1", "203.0.113.9"];
        assert_eq!(client(net, "10.0.0.1:9", &two), some("203.0.113.9"));
        // What may be many clients is none.
        assert_eq!(client(net, "10.0.0.1:9", &[]), None);
        assert_eq!(client(net, "10.0.0.1:9", &["10.1.1.1"]), None);
        assert_eq!(client(net, "10.0.0.1:9", &["203.0.113.9, unknown"]), None);
        assert_eq!(client("", "10.0.0.1:9", &["203.0.113.9"]), None);
        assert_eq!(client("", "[fd00::1]:9", &[]), None);
        assert_eq!(client("", "127.0.0.1:9", &[]), None);
        assert_eq!(
            client("", "192.0.2.1:9", &["203.0.113.9"]),
            some("192.0.2.1")
        );
    }

    #[test]
    fn a_trailing_dot_of_the_host_is_trimmed() {
        let of = |host| origin("", "192.0.2.1:9", &[("host", host)]);
        assert_eq!(of("app.example.").as_deref(), Some("http://app.example/"));
        let with_port = of("App.example.:8000");
        assert_eq!(with_port.as_deref(), Some("http://app.example:8000/"));
        assert_eq!(of("."), None);
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
