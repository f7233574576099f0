//! App roles and groups of Entra that grant something.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

/// App roles and groups, any one of which is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grants {
    app_roles: BTreeSet<String>,
    groups: BTreeSet<Uuid>,
}

/// The application's own role names, and what grants each.
pub(crate) type NamedRoles = BTreeMap<String, Grants>;

impl Grants {
    /// Adds an entry of a setting: a GUID is the object id of a group, anything else the value of an
    /// app role.
    pub(super) fn add(&mut self, entry: &str) {
        match Uuid::try_parse(entry) {
            Ok(group) => drop(self.groups.insert(group)),
            Err(_) => drop(self.app_roles.insert(entry.to_owned())),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.app_roles.is_empty() && self.groups.is_empty()
    }

    pub(crate) fn has_groups(&self) -> bool {
        !self.groups.is_empty()
    }

    /// App role values are case-sensitive.
    pub(crate) fn has_app_role(&self, app_role: &str) -> bool {
        self.app_roles.contains(app_role)
    }

    pub(crate) fn has_group(&self, object_id: &str) -> bool {
        Uuid::try_parse(object_id).is_ok_and(|id| self.groups.contains(&id))
    }
}
