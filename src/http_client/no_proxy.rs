//! Which hosts are spoken to without the proxy: `NO_PROXY`, as curl reads it.

use std::net::IpAddr;

use ipnet::IpNet;

/// The entries of `NO_PROXY`.
#[derive(Debug, Default)]
pub(super) struct NoProxy(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    hosts: Hosts,
    /// The one port that it is for, where it names one.
    port: Option<u16>,
}

#[derive(Debug)]
enum Hosts {
    All,
    /// A name, and what is below it.
    Domain(String),
    Network(IpNet),
}

impl NoProxy {
    /// Names, addresses and networks, separated by commas or spaces. A name may begin with a dot, and
    /// a name or an address may have a port.
    pub(super) fn parse(text: &str) -> Self {
        let entries = text.split([',', ' ', '\t']).map(str::trim);
        Self(entries.filter_map(Entry::parse).collect())
    }

    pub(super) fn covers(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let address = host.parse::<IpAddr>().ok();
        self.0.iter().any(|entry| {
            entry.port.is_none_or(|own| own == port) && entry.hosts.cover(&host, address)
        })
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if let Some(hosts) = Hosts::parse(text) {
            return Some(Self { hosts, port: None });
        }
        let (host, port) = text.rsplit_once(':')?;
        Some(Self {
            hosts: Hosts::parse(host)?,
            port: Some(port.parse().ok()?),
        })
    }
}

impl Hosts {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        let bare = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'));
        if let Ok(address) = bare.unwrap_or(text).parse::<IpAddr>() {
            return Some(Self::Network(address.into()));
        }
        if let Ok(network) = text.parse() {
            return Some(Self::Network(network));
        }
        let name = text.trim_start_matches("*.").trim_matches('.');
        let is_name = !name.is_empty() && !name.contains([':', '/', '[', ']']);
        is_name.then(|| Self::Domain(name.to_ascii_lowercase()))
    }

    fn cover(&self, host: &str, address: Option<IpAddr>) -> bool {
        match (self, address) {
            (Self::All, _) => true,
            (Self::Network(network), Some(address)) => network.contains(&address),
            (Self::Domain(name), None) => host
                .strip_suffix(name.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cover_what_is_below_them_and_addresses_their_network() {
        let covers = |list: &str, host: &str| NoProxy::parse(list).covers(host, 443);
        for (list, host) in [
            ("*", "login.microsoftonline.com"),
            ("example.com", "example.com"),
            (".example.com", "login.Example.com"),
            ("*.example.com", "login.example.com"),
            ("a.test, example.com.", "example.com."),
            ("a.test example.com:443", "example.com"),
            ("10.0.0.0/8", "10.1.2.3"),
            ("10.1.2.3", "10.1.2.3"),
            ("10.1.2.3:443", "10.1.2.3"),
            ("fd00::/8", "fd00::1"),
            ("[fd00::1]:443", "fd00::1"),
            ("fd00::1", "fd00::1"),
        ] {
            assert!(covers(list, host), "{list} covers {host}");
        }
        for (list, host) in [
            ("", "example.com"),
            ("example.com", "badexample.com"),
            ("example.com", "example.com.evil.test"),
            ("example.com:8443", "example.com"),
            ("10.0.0.0/8", "11.0.0.1"),
            ("10.0.0.1", "10.0.0.10"),
            ("0.0.0.1", "10.0.0.1"),
            ("/", "example.com"),
            (".", "example.com"),
        ] {
            assert!(!covers(list, host), "{list} doesn't cover {host}");
        }
    }
}
