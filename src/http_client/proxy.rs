//! Which proxy a request goes through: the setting, or the environment as curl reads it.

use std::net::IpAddr;

use super::no_proxy::NoProxy;
use crate::util::proxy_url::{ProxySetting, ProxyUrl};

/// The proxy for outgoing requests, and what goes without it.
#[derive(Debug, Default)]
pub(crate) struct ProxyRules {
    proxy: Option<(ProxyUrl, &'static str)>,
    no_proxy: NoProxy,
}

/// A variable of the environment names what is no proxy that can be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnusableProxy(pub(crate) &'static str);

impl ProxyRules {
    /// The rules of the setting and of the environment, which `variable` reads. A
    /// lower-case variable takes precedence over its upper-case namesake. `NO_PROXY` applies to the
    /// setting, too.
    pub(crate) fn new(
        setting: &ProxySetting,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, UnusableProxy> {
        let first = |names: [&'static str; 2]| {
            let of_name = |name| Some((name, variable(name)?));
            names.into_iter().find_map(of_name)
        };
        let proxy = match setting {
            ProxySetting::Off => None,
            ProxySetting::Url(url) => Some((url.clone(), "the setting `proxy`")),
            ProxySetting::Environment => {
                let https = first(["https_proxy", "HTTPS_PROXY"]);
                let named = https.or_else(|| first(["all_proxy", "ALL_PROXY"]));
                match named.filter(|(_, text)| !text.trim().is_empty()) {
                    Some((name, text)) => {
                        let url = ProxyUrl::parse(text.trim()).ok_or(UnusableProxy(name))?;
                        Some((url, name))
                    }
                    None => None,
                }
            }
        };
        let no_proxy = first(["no_proxy", "NO_PROXY"]);
        let no_proxy = no_proxy.map(|(_, text)| NoProxy::parse(&text));
        Ok(Self {
            proxy,
            no_proxy: no_proxy.unwrap_or_default(),
        })
    }

    /// The proxy for a host, which is a name or an address without brackets. None is used for this
    /// machine and for link-local addresses, where clouds keep their identity service.
    pub(crate) fn for_host(&self, host: &str, port: u16) -> Option<&ProxyUrl> {
        let (proxy, _) = self.proxy.as_ref()?;
        (!is_near(host) && !self.no_proxy.covers(host, port)).then_some(proxy)
    }

    /// The proxy, and what names it.
    pub(crate) fn proxy(&self) -> Option<(&ProxyUrl, &'static str)> {
        self.proxy
            .as_ref()
            .map(|(proxy, named_by)| (proxy, *named_by))
    }
}

fn is_near(host: &str) -> bool {
    match host.parse().map(|address: IpAddr| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_loopback() || address.is_unicast_link_local(),
        Err(_) => {
            let host = host.trim_end_matches('.').to_ascii_lowercase();
            host == "localhost" || host.ends_with(".localhost")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(setting: &str, variables: &[(&str, &str)]) -> Result<ProxyRules, UnusableProxy> {
        let variable = |name: &str| {
            let set = variables.iter().find(|(own, _)| *own == name)?;
            Some(set.1.to_owned())
        };
        ProxyRules::new(&ProxySetting::parse(setting).unwrap(), variable)
    }

    fn chosen(setting: &str, variables: &[(&str, &str)]) -> Option<String> {
        let rules = rules(setting, variables).unwrap();
        let proxy = rules.for_host("login.microsoftonline.com", 443)?;
        Some(proxy.host.clone())
    }

    #[test]
    fn the_setting_goes_before_the_environment_and_lower_case_before_upper() {
        let both = [("HTTPS_PROXY", "upper"), ("https_proxy", "lower")];
        assert_eq!(chosen("", &[]), None);
        assert_eq!(chosen("", &both).as_deref(), Some("lower"));
        assert_eq!(chosen("", &both[..1]).as_deref(), Some("upper"));
        let all = [("ALL_PROXY", "all")];
        assert_eq!(chosen("", &all).as_deref(), Some("all"));
        assert_eq!(
            chosen("", &[both[0], all[0]]).as_deref(),
            Some("upper"),
            "HTTPS_PROXY goes before ALL_PROXY"
        );
        assert_eq!(chosen("own", &both).as_deref(), Some("own"));
        assert_eq!(chosen("off", &both), None);
        // HTTP_PROXY is of the requests to plain http, and a CGI server's clients can set it.
        assert_eq!(chosen("", &[("HTTP_PROXY", "plain")]), None);
        // Set and empty is off, as for curl.
        assert_eq!(chosen("", &[("https_proxy", ""), both[0]]), None);
        assert_eq!(
            rules("", &[("ALL_PROXY", "socks5://x")]).err(),
            Some(UnusableProxy("ALL_PROXY"))
        );
    }

    #[test]
    fn this_machine_and_the_clouds_identity_service_never_go_through_a_proxy() {
        let rules = rules("proxy.example:3128", &[("NO_PROXY", "intra.example")]).unwrap();
        for host in [
            "localhost",
            "app.localhost",
            "127.0.0.1",
            "127.8.9.1",
            "::1",
            "169.254.169.254",
            "fe80::1",
            "login.intra.example",
        ] {
            assert!(rules.for_host(host, 443).is_none(), "{host}");
        }
        assert!(rules.for_host("graph.microsoft.com", 443).is_some());
    }
}
