//! Who is staff and who is a superuser, by the lists, app roles and groups of the settings.

use std::collections::BTreeSet;

use super::{domain, policy::AccountPolicy, profile::Profile, roles::Grants};

/// What the settings say; `None` where they say nothing, and what is stored stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rights {
    pub(super) is_staff: Option<bool>,
    pub(super) is_superuser: Option<bool>,
}

pub(super) fn rights(profile: &Profile, policy: &AccountPolicy) -> Rights {
    let is_superuser = right(profile, policy, &policy.superusers, &policy.superuser_roles);
    let is_staff = right(profile, policy, &policy.staff, &policy.staff_roles);
    // Whom somebody else's tenant looks after isn't meant by "everybody".
    let everybody = policy.staff.contains("*") && !profile.is_guest;
    Rights {
        // A superuser is staff, even where nothing says who is staff.
        is_staff: match is_superuser {
            Some(true) => Some(true),
            _ => is_staff.map(|is_staff| is_staff || everybody),
        },
        is_superuser,
    }
}

/// A right that a list of people, or app roles and groups, may give.
fn right(
    profile: &Profile,
    policy: &AccountPolicy,
    list: &BTreeSet<String>,
    grants: &Grants,
) -> Option<bool> {
    if grants.is_empty() {
        // Without Graph nobody's name is known for sure, and a list says nothing.
        return (!list.is_empty() && profile.is_fresh).then(|| is_listed(profile, policy, list));
    }
    // What can't be read gives no right.
    let is_listed = profile.is_fresh && is_listed(profile, policy, list);
    Some(is_listed || grants.are_trusted(profile, policy))
}

fn is_listed(profile: &Profile, policy: &AccountPolicy, list: &BTreeSet<String>) -> bool {
    let upn = domain::proved_name(profile, policy);
    let proved = |email: &&String| domain::counts_of(profile, email, policy);
    let email = profile.email.as_ref().filter(proved);
    let mut names = [upn, email].into_iter().flatten();
    names.any(|name| list.contains(name))
}
