//! The checks of settings that are addresses: of Microsoft, of this application, of proxies.

use std::{collections::HashSet, net::IpAddr};

use ipnet::IpNet;
use url::Url;
use uuid::Uuid;

use super::{
    authority::{Authority, is_loopback, is_secure},
    check::Check,
    from_value::List,
    trusted_proxies::TrustedProxies,
};
use crate::util::{next_path::NextPath, secret::Secret};

/// Minimum length of `secret_key`, in bytes.
const MIN_KEY: usize = 64;

/// Least number of different characters of a random `secret_key`.
const MIN_CHARACTERS: usize = 8;

impl Check {
    pub(super) fn authority(&mut self, text: &str, issuer: &str) -> Option<Authority> {
        let text = if text.is_empty() { "common" } else { text };
        let authority = Authority::parse(text)
            .map_err(|problem| {
                self.problem("authority", problem, "give a tenant id, a domain, or a URL such as `https://login.microsoftonline.com/common`");
            })
            .ok()?;
        if issuer.is_empty() {
            return Some(authority);
        }
        let authority = authority.with_issuer(issuer);
        if authority.is_none() {
            self.problem(
                "issuer",
                "it is not an https URL that ends in `/{tenantid}/v2.0` (`common`, `organizations`) or in the tenant's id and `/v2.0` (all others)",
                "give the member `issuer` of the authority's metadata",
            );
        }
        authority
    }

    pub(super) fn application(&mut self, id: &str, loopback: bool) {
        let help = "copy the \"Application (client) ID\" from the app registration in the Entra admin centre";
        if id.is_empty() {
            self.problem("application_id", "it is missing", help);
        } else if !loopback && Uuid::try_parse(id).is_err() {
            self.problem("application_id", "it is not a GUID", help);
        }
    }

    pub(super) fn graph_url(&mut self, text: &str, authority: Option<&Authority>) -> Option<Url> {
        let text = match (text, authority) {
            ("", Some(authority)) => authority.graph_url().unwrap_or(""),
            (text, _) => text,
        };
        match Url::parse(text.trim_end_matches('/')) {
            Ok(url) if is_secure(&url) && url.query().is_none() && url.path() != "/" => Some(url),
            _ => {
                if authority.is_some() {
                    self.problem("graph_url", "it is not an https URL with a version (and the authority's cloud is not a known one)", "give it in full, such as `https://graph.microsoft.com/v1.0`");
                }
                None
            }
        }
    }

    pub(super) fn base_url(&mut self, base: &str, domain: &str) -> Option<Url> {
        let (setting, text) = match (base, domain) {
            ("", "") => return None,
            ("", domain) if domain.contains("://") => ("callback_domain", domain.to_owned()),
            ("", domain) => {
                let http = format!("http://{domain}");
                match Url::parse(&http) {
                    Ok(url) if is_loopback(&url) => ("callback_domain", http),
                    _ => ("callback_domain", format!("https://{domain}")),
                }
            }
            (base, _) => ("base_url", base.to_owned()),
        };
        match Url::parse(&text) {
            Ok(url)
                if is_secure(&url)
                    && url.query().is_none()
                    && url.fragment().is_none()
                    && url.username().is_empty()
                    && (url.path() == "/"
                        || setting == "base_url" && is_plain_path(url.path())) =>
            {
                Some(url)
            }
            _ => {
                self.problem(
                    setting,
                    "it is not an https origin (http only on a loopback address)",
                    "give scheme and host, such as `https://app.example.com`, and in `base_url` the path that the proxy takes away, if there is one",
                );
                None
            }
        }
    }

    pub(super) fn secret_key(&mut self, key: &str, is_public: bool) {
        let length = key.len();
        let help = "set 64 bytes or more of random text, the same on all nodes, on one line, such as the output of `openssl rand -base64 64 | tr -d '\\n'`";
        if length == 0 && is_public {
            self.problem(
                "secret_key",
                "it is missing, and the application is public (`base_url`, `trusted_proxies`)",
                help,
            );
        } else if length == 0 {
            self.warning("secret_key", "it is missing: a random one is used, so sessions and sign-ins under way end with this process, and other nodes can't read them", help);
        } else if length < MIN_KEY {
            self.problem("secret_key", format!("it has {length} bytes"), help);
        } else if !is_random(key.as_bytes()) {
            let problem = "it is one text repeated, or has few different characters";
            if is_public {
                self.problem("secret_key", problem, help);
            } else {
                self.warning("secret_key", problem, help);
            }
        }
    }

    /// Keys that open sessions are as good as those that were sealed with them.
    pub(super) fn secret_key_previous(&mut self, keys: &[Secret]) {
        for key in keys {
            let key = key.expose().as_bytes();
            if key.len() < MIN_KEY || !is_random(key) {
                self.problem(
                    "secret_key_previous",
                    format!("one of its keys has {} bytes, or is not random", key.len()),
                    "list whole keys of 64 bytes or more that were `secret_key` before, without a comma or a line break in them",
                );
            }
        }
    }

    pub(super) fn trusted_proxies(&mut self, list: &List) -> TrustedProxies {
        let mut networks = Vec::new();
        for entry in list.iter() {
            let one = || entry.parse().map(|address: IpAddr| address.into()).ok();
            match entry.parse::<IpNet>().ok().or_else(one) {
                Some(network) => networks.push(network),
                None => self.problem(
                    "trusted_proxies",
                    format!("`{entry}` is not a network"),
                    "list addresses or networks such as `10.0.0.0/8`",
                ),
            }
        }
        TrustedProxies::new(networks)
    }

    pub(super) fn logo(&mut self, logo: &str) -> Option<String> {
        if logo.is_empty() {
            return None;
        }
        if !logo.starts_with("data:image/") && NextPath::parse(logo).is_none() {
            self.problem(
                "logo_url",
                "it is on another site; the page loads nothing from other sites",
                "give a path on this site, or a `data:image/…` URL",
            );
        }
        Some(logo.to_owned())
    }

    /// Names and paths of other ways to sign in.
    pub(super) fn other_providers(&mut self, list: &List) -> Vec<(String, NextPath)> {
        let mut others = Vec::new();
        for entry in list.iter() {
            let parts = entry.split_once('=');
            let path = parts.and_then(|(_, path)| NextPath::parse(path.trim()));
            match (parts, path) {
                (Some((name, _)), Some(path)) => others.push((name.trim().to_owned(), path)),
                _ => self.problem(
                    "other_providers",
                    format!("`{entry}` is not a name with a path on this site"),
                    "write each as `Name=/path`",
                ),
            }
        }
        others
    }
}

/// Whether a key may be random: not one text again and again, and not of few characters. It finds the
/// careless, not every text that can be guessed. Random digits have all ten of them.
fn is_random(key: &[u8]) -> bool {
    let is_repeated = (1..=key.len() / 2).any(|n| key[n..] == key[..key.len() - n]);
    let characters: HashSet<_> = key.iter().collect();
    !is_repeated && characters.len() >= MIN_CHARACTERS
}

/// Whether the segments of a path have nothing but letters, digits and `-._~`.
fn is_plain_path(path: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    path.bytes().all(is_plain) && !path.contains("//")
}
