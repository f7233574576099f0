//! Which e-mail domains may have an account, and when a domain counts at all.

use super::{policy::AccountPolicy, profile::Profile};
use crate::settings::Domains;

/// Why a domain doesn't let a person in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DomainProblem {
    /// It is in no entry of `allowable_domains`.
    NotListed,
    /// It is, but nothing shows that the address is the person's own.
    Unproved,
}

/// The domain of an address: what follows the last `@`.
fn domain(address: &str) -> Option<&str> {
    address.rsplit_once('@').map(|(_, domain)| domain)
}

/// The rule of `allowable_domains`: the whole domain equals an entry, and counts.
pub(super) fn check(
    profile: &Profile,
    email: Option<&str>,
    policy: &AccountPolicy,
) -> Result<(), DomainProblem> {
    let Domains::Only(listed) = &policy.domains else {
        return Ok(());
    };
    let domain = email
        .and_then(domain)
        .filter(|domain| listed.contains(*domain));
    match domain {
        None => Err(DomainProblem::NotListed),
        Some(domain) if counts(profile, domain, policy) => Ok(()),
        Some(_) => Err(DomainProblem::Unproved),
    }
}

/// Whether the domain of an address counts, whichever it is.
pub(super) fn counts_of(profile: &Profile, email: &str, policy: &AccountPolicy) -> bool {
    domain(email).is_some_and(|domain| counts(profile, domain, policy))
}

/// Where many tenants may come in, an address proves nothing by itself: any tenant's
/// administrator can write any. Its domain counts if the tenant is a trusted one, if the user
/// principal name has the same (Entra lets a tenant use domains that it has verified alone), or
/// if Entra vouches for it.
fn counts(profile: &Profile, email_domain: &str, policy: &AccountPolicy) -> bool {
    policy.trusts(profile.tenant_id)
        || profile.email_domain_verified
        || profile.user_principal_name.as_deref().and_then(domain) == Some(email_domain)
}
