//! Which e-mail domains may have an account, and when a domain counts at all.

use super::{policy::AccountPolicy, profile::Profile};
use crate::settings::{Domains, PERSONAL_TENANT};

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

/// The user principal name, where it proves something: Entra lets a tenant use domains that it has
/// verified alone. That of a personal account is an address of any domain, kept by who had it once.
pub(super) fn proved_name<'a>(profile: &'a Profile, policy: &AccountPolicy) -> Option<&'a String> {
    let is_personal = profile.tenant_id == PERSONAL_TENANT;
    let name = profile.user_principal_name.as_ref();
    name.filter(|_| !is_personal || policy.trusts(PERSONAL_TENANT))
}

/// Where many tenants may come in, an address proves nothing by itself: any tenant's
/// administrator can write any. Its domain counts if the tenant is a trusted one, if the user
/// principal name proves the same, or if Entra vouches for it.
fn counts(profile: &Profile, email_domain: &str, policy: &AccountPolicy) -> bool {
    policy.trusts(profile.tenant_id)
        || profile.email_domain_verified
        || proved_name(profile, policy).and_then(|name| domain(name)) == Some(email_domain)
}
