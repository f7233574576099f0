//! Staff, superusers and named roles, by the lists, app roles and groups of the settings.

use std::collections::BTreeSet;

use super::{policy::AccountPolicy, profile::Profile, user::User};
use crate::settings::grants::Grants;

/// The rights that the settings give; `None` where they say nothing, and what is stored stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rights {
    pub(super) is_staff: Option<bool>,
    pub(super) is_superuser: Option<bool>,
}

/// `stored` is the user whose account signs in, if there is one.
pub(super) fn rights(profile: &Profile, stored: Option<&User>, policy: &AccountPolicy) -> Rights {
    let had = |has: fn(&User) -> bool| stored.is_some_and(has);
    let (was_staff, was_superuser) = (had(|user| user.is_staff), had(|user| user.is_superuser));
    let superusers = (&policy.superusers, &policy.superuser_roles);
    let is_superuser = right(profile, policy, superusers, was_superuser);
    let staff = (&policy.staff, &policy.staff_roles);
    let is_staff = right(profile, policy, staff, was_staff);
    // `*` excludes guests: another tenant manages them.
    let is_member = profile.is_guest_known && !profile.is_guest;
    let is_everybody = policy.staff.contains("*") && is_member;
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

/// A right that a list of users, or app roles and groups, may give; `None` where neither is set.
/// Without Graph, a name that was taken off the list takes the right, and none gives it: another
/// account may have the name by now.
fn right(
    profile: &Profile,
    policy: &AccountPolicy,
    (list, grants): (&BTreeSet<String>, &Grants),
    had: bool,
) -> Option<bool> {
    if list.is_empty() && grants.is_empty() {
        return None;
    }
    let is_listed = (profile.from_graph || had) && profile.is_listed(list, policy);
    Some(is_listed || is_granted(profile, policy, grants))
}

/// A right over all users. Each tenant's administrator assigns app roles and makes groups, so only
/// those of a trusted tenant count.
fn is_granted(profile: &Profile, policy: &AccountPolicy, grants: &Grants) -> bool {
    // Entra can be set to put the ids of groups among the app roles.
    let groups = profile.groups.iter().flatten();
    let mut groups = groups.chain(&profile.app_roles);
    policy.trusts(profile.tenant_id)
        && (is_granted_by_app_role(profile, grants) || groups.any(|group| grants.has_group(group)))
}

fn is_granted_by_app_role(profile: &Profile, grants: &Grants) -> bool {
    let mut roles = profile.app_roles.iter();
    roles.any(|role| grants.has_app_role(role))
}
