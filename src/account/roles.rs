//! App roles and groups of Entra, and what the settings make of them.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{policy::AccountPolicy, profile::Profile};

/// App roles and groups, any one of which is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grants {
    app_roles: BTreeSet<String>,
    groups: BTreeSet<Uuid>,
}

/// Names of the application's own, and what grants each.
pub(crate) type NamedRoles = BTreeMap<String, Grants>;

impl Grants {
    /// Adds an entry of a setting: a GUID is a group's object id, anything else an app role's
    /// value.
    pub(crate) fn add(&mut self, entry: &str) {
        match Uuid::try_parse(entry) {
            Ok(group) => drop(self.groups.insert(group)),
            Err(_) => drop(self.app_roles.insert(entry.to_owned())),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.app_roles.is_empty() && self.groups.is_empty()
    }

    pub(super) fn names_groups(&self) -> bool {
        !self.groups.is_empty()
    }

    /// Letter case counts in an app role's value, and not in a group's id.
    fn by_app_role(&self, profile: &Profile) -> bool {
        let mut roles = profile.app_roles.iter();
        roles.any(|role| self.app_roles.contains(role))
    }

    fn by_group(&self, profile: &Profile) -> bool {
        let mut groups = profile.groups.iter().flatten();
        groups.any(|group| Uuid::try_parse(group).is_ok_and(|id| self.groups.contains(&id)))
    }

    /// Whether a person has a right over all users. Where many tenants may come in, each tenant's
    /// administrator assigns app roles and makes groups, so those of a listed tenant alone count.
    pub(super) fn are_trusted(&self, profile: &Profile, policy: &AccountPolicy) -> bool {
        policy.trusts(profile.tenant_id) && (self.by_app_role(profile) || self.by_group(profile))
    }
}

/// The application's own names for what a person may do. An app role counts from any tenant that
/// is let in: it says what the person may do among their own; a group is one tenant's.
pub(crate) fn named(profile: &Profile, policy: &AccountPolicy) -> Vec<String> {
    let has = |grants: &Grants| grants.by_app_role(profile) || grants.are_trusted(profile, policy);
    let named = policy.named_roles.iter().filter(|(_, grants)| has(grants));
    named.map(|(name, _)| name.clone()).collect()
}
