//! Staff, superusers and named roles, by the lists, app roles and groups of the settings.

use std::collections::BTreeSet;

use super::{domain, policy::AccountPolicy, profile::Profile};
use crate::settings::grants::Grants;

/// The rights that the settings give; `None` where they say nothing, and what is stored stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rights {
    pub(super) is_staff: Option<bool>,
    pub(super) is_superuser: Option<bool>,
}

pub(super) fn rights(profile: &Profile, policy: &AccountPolicy) -> Rights {
    let is_superuser = right(profile, policy, &policy.superusers, &policy.superuser_roles);
    let is_staff = right(profile, policy, &policy.staff, &policy.staff_roles);
    // `*` excludes guests: another tenant manages them.
    let is_everybody = policy.staff.contains("*") && !profile.is_guest;
    Rights {
        // A superuser is staff, even where nothing says who is staff.
        is_staff: match is_superuser {
            Some(true) => Some(true),
            _ => is_staff.map(|is_staff| is_staff || is_everybody),
        },
        is_superuser,
    }
}

/// The application's own roles. An app role counts from any admitted tenant, because it says what
/// the user may do among their own; a group belongs to one tenant.
pub(crate) fn named_roles(profile: &Profile, policy: &AccountPolicy) -> Vec<String> {
    let has = |grants: &Grants| {
        is_granted_by_app_role(profile, grants) || is_granted(profile, policy, grants)
    };
    let roles = policy.named_roles.iter().filter(|(_, grants)| has(grants));
    roles.map(|(name, _)| name.clone()).collect()
}

/// A right that a list of users, or app roles and groups, may give.
fn right(
    profile: &Profile,
    policy: &AccountPolicy,
    list: &BTreeSet<String>,
    grants: &Grants,
) -> Option<bool> {
    if grants.is_empty() {
        // Without Graph no name is certain, and a list says nothing.
        return (!list.is_empty() && profile.from_graph).then(|| is_listed(profile, policy, list));
    }
    // What can't be read gives no right.
    let is_listed = profile.from_graph && is_listed(profile, policy, list);
    Some(is_listed || is_granted(profile, policy, grants))
}

fn is_listed(profile: &Profile, policy: &AccountPolicy, list: &BTreeSet<String>) -> bool {
    let upn = domain::verified_upn(profile, policy);
    let is_verified = |email: &&String| domain::has_verified_domain(profile, email, policy);
    let email = profile.email.as_ref().filter(is_verified);
    let mut names = [upn, email].into_iter().flatten();
    names.any(|name| list.contains(name))
}

/// A right over all users. Each tenant's administrator assigns app roles and makes groups, so only
/// those of a trusted tenant count.
fn is_granted(profile: &Profile, policy: &AccountPolicy, grants: &Grants) -> bool {
    let mut groups = profile.groups.iter().flatten();
    policy.trusts(profile.tenant_id)
        && (is_granted_by_app_role(profile, grants) || groups.any(|group| grants.has_group(group)))
}

fn is_granted_by_app_role(profile: &Profile, grants: &Grants) -> bool {
    let mut roles = profile.app_roles.iter();
    roles.any(|role| grants.has_app_role(role))
}
