//! Which e-mail domains may have an account.

use super::{policy::AccountPolicy, profile::Profile};
use crate::{
    settings::config::Domains,
    util::address::{ascii_domain, domain},
};

/// Why a domain doesn't admit an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DomainProblem {
    /// `allowable_domains` doesn't list it.
    NotListed,
    /// It is listed, but nothing proves that the address belongs to the account.
    Unverified,
}

/// The rule of `allowable_domains`: the whole domain is listed, and the address is proved.
pub(super) fn check(profile: &Profile, policy: &AccountPolicy) -> Result<(), DomainProblem> {
    let Domains::Only(listed) = &policy.domains else {
        return Ok(());
    };
    let domain = profile.email.as_deref().and_then(domain);
    let domain = domain.and_then(ascii_domain);
    if !domain.is_some_and(|domain| listed.contains(&domain)) {
        return Err(DomainProblem::NotListed);
    }
    if profile.email_verified {
        Ok(())
    } else {
        Err(DomainProblem::Unverified)
    }
}
