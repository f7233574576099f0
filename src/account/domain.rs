//! Which e-mail domains may have an account, and when a domain counts at all.

use super::{policy::AccountPolicy, profile::Profile};
use crate::settings::{authority::PERSONAL_TENANT, config::Domains};

/// Why a domain doesn't admit an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DomainProblem {
    /// `allowable_domains` doesn't list it.
    NotListed,
    /// It is listed, but nothing proves that the address belongs to the account.
    Unverified,
}

/// The domain of an address: what follows the last `@`.
fn domain(address: &str) -> Option<&str> {
    address.rsplit_once('@').map(|(_, domain)| domain)
}

/// The rule of `allowable_domains`: the whole domain is listed, and it is verified.
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
        Some(domain) if is_verified_domain(profile, domain, policy) => Ok(()),
        Some(_) => Err(DomainProblem::Unverified),
    }
}

pub(super) fn has_verified_domain(
    profile: &Profile,
    address: &str,
    policy: &AccountPolicy,
) -> bool {
    domain(address).is_some_and(|domain| is_verified_domain(profile, domain, policy))
}

/// The user principal name, where it proves an address: Entra restricts a tenant to domains that it
/// has verified. That of a personal account is an address of any domain, and its owner may have
/// left that domain long ago.
pub(super) fn verified_upn<'a>(profile: &'a Profile, policy: &AccountPolicy) -> Option<&'a String> {
    let is_personal = profile.tenant_id == PERSONAL_TENANT;
    let name = profile.user_principal_name.as_ref();
    name.filter(|_| !is_personal || policy.trusts(PERSONAL_TENANT))
}

/// Where several tenants may sign in, an address alone proves nothing: any tenant's administrator
/// can write any. Its domain counts if the tenant is trusted, if the user principal name has the
/// same domain, or if Entra vouches for it.
fn is_verified_domain(profile: &Profile, email_domain: &str, policy: &AccountPolicy) -> bool {
    policy.trusts(profile.tenant_id)
        || profile.email_domain_verified
        || verified_upn(profile, policy).and_then(|name| domain(name)) == Some(email_domain)
}
