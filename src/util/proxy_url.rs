//! The address of a proxy for outgoing requests.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::secret::Secret;

/// curl's port for a proxy whose address names none.
const HTTP_PORT: u16 = 1080;

/// The setting `proxy`, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum ProxySetting {
    /// What `HTTPS_PROXY` and `ALL_PROXY` say.
    #[default]
    Environment,
    /// None, whatever the environment says.
    Off,
    /// This one.
    Url(ProxyUrl),
}

impl ProxySetting {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "" => Self::Environment,
            _ if text.eq_ignore_ascii_case("off") => Self::Off,
            _ => Self::Url(ProxyUrl::parse(text)?),
        })
    }
}

/// A proxy that takes `CONNECT` (RFC 9110, section 9.3.6). `Display` leaves out its password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ProxyUrl {
    /// Whether the proxy itself is spoken to over TLS.
    pub(crate) is_https: bool,
    /// A name, or an address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The value of `Proxy-Authorization`, where the address has a user (RFC 7617).
    pub(crate) authorization: Option<Secret>,
    shown: String,
}

impl ProxyUrl {
    /// `[http://|https://][user[:password]@]host[:port]`; `None` for anything else, such as SOCKS.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_whole = text.contains("://");
        let whole = if is_whole {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let url = Url::parse(&whole).ok()?;
        let is_https = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return None;
        }
        let host = match url.host()? {
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let port = match url.port_or_known_default()? {
            // A URL drops the usual port of its scheme, so whether it was written is looked up.
            80 if !is_https && !names_port(&whole) => HTTP_PORT,
            port => port,
        };
        let authorization = if url.username().is_empty() && url.password().is_none() {
            None
        } else {
            let user = percent_decode_str(url.username());
            let password = percent_decode_str(url.password().unwrap_or_default());
            let pair: Vec<u8> = user.chain(*b":").chain(password).collect();
            Some(Secret::new(format!("Basic {}", STANDARD.encode(pair))))
        };
        let name = url.host_str()?;
        Some(Self {
            shown: format!("{}://{name}:{port}", url.scheme()),
            is_https,
            host,
            port,
            authorization,
        })
    }
}

fn names_port(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority.split('/').next().unwrap_or_default();
    authority.ends_with(":80")
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_curl_reads_it_and_shown_without_its_password() {
        for (text, shown) in [
            ("proxy.example", "http://proxy.example:1080"),
            ("proxy.example:3128", "http://proxy.example:3128"),
            ("http://proxy.example:80/", "http://proxy.example:80"),
            ("https://proxy.example", "https://proxy.example:443"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            (
                "http://us%40er:p%3Ass@10.0.0.1:3128",
                "http://10.0.0.1:3128",
            ),
        ] {
            let proxy = ProxyUrl::parse(text).unwrap();
            assert_eq!(proxy.to_string(), shown, "{text}");
            assert_eq!(format!("{proxy:?}"), shown);
        }
        let proxy = ProxyUrl::parse("us%40er:p%3Ass@10.0.0.1:3128").unwrap();
        // `us@er:p:ss`
        assert_eq!(
            proxy.authorization.unwrap().expose(),
            "Basic dXNAZXI6cDpzcw=="
        );
        assert_eq!(ProxyUrl::parse("[::1]:8080").unwrap().host, "::1");
        for text in [
            "",
            "socks5://proxy.example",
            "http://",
            "http://proxy.example/path",
            "a b",
        ] {
            assert_eq!(ProxyUrl::parse(text), None, "{text}");
        }
        assert_eq!(ProxySetting::parse("OFF"), Some(ProxySetting::Off));
        assert_eq!(ProxySetting::parse(""), Some(ProxySetting::Environment));
    }
}
