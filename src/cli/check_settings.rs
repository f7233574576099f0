//! The doctor's look at the settings of a site: what to register, and who gets in.

use super::{finding::Finding, instruments::Instruments};
use crate::{
    settings::config::{Domains, Settings},
    site::Site,
};

pub(super) fn check(with: &Instruments, site: &Site) -> Vec<Finding> {
    let config = &site.config;
    let mut findings = vec![redirect_uri(with, config), scopes(config)];
    findings.extend(cookies(config));
    findings.push(people(config));
    findings
}

fn redirect_uri(with: &Instruments, config: &Settings) -> Finding {
    let Some(base) = &config.base_url else {
        return Finding::warning(
            "redirect",
            "without `base_url`, the application signs people in on a loopback address alone",
            "set `base_url` to the address that people open, and register its redirect URI",
        );
    };
    let base = base.as_str().trim_end_matches('/');
    Finding::ok(
        "redirect",
        format!(
            "register this redirect URI under \"Web\", to the letter: {base}{}/callback/",
            with.path
        ),
    )
}

fn scopes(config: &Settings) -> Finding {
    let of_administrator = |scope: &&String| scope.ends_with(".All");
    let wide: Vec<_> = config.scopes.iter().filter(of_administrator).collect();
    let all = config.scopes.join(" ");
    if wide.is_empty() {
        return Finding::ok(
            "scopes",
            format!("{all}: each person may consent, if the tenant lets them"),
        );
    }
    let wide = wide
        .into_iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ");
    Finding::warning(
        "scopes",
        format!("{all}: an administrator has to consent to {wide}"),
        "grant admin consent under \"API permissions\"",
    )
}

/// `base_url` is https, or of this machine alone.
fn cookies(config: &Settings) -> Option<Finding> {
    let base = config.base_url.as_ref()?;
    let is_https = base.scheme() == "https";
    is_https.then(|| Finding::ok("cookies", "they are Secure, and named __Host-…"))
}

fn people(config: &Settings) -> Finding {
    let is_open = config.authority.is_multi_tenant() && config.tenants.is_empty();
    match &config.domains {
        Domains::Only(domains) if domains.is_empty() && !config.link_by_address => {
            Finding::warning(
                "people",
                "`allowable_domains` is empty, so nobody new gets in",
                "list the e-mail domains of the people who may have a user, or `*`",
            )
        }
        Domains::All if is_open && config.auto_create_users => Finding::warning(
            "people",
            "any Microsoft account of any tenant becomes a user (`allowable_domains` is `*`)",
            "list domains, or set `authority` or `tenants` to your tenant",
        ),
        Domains::All => Finding::ok("people", "every account that the tenant admits"),
        Domains::Only(domains) => {
            let domains = domains.iter().map(String::as_str).collect::<Vec<_>>();
            Finding::ok("people", format!("accounts of {}", domains.join(", ")))
        }
    }
}
