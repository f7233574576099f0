//! The settings that decide who gets in, and as what.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::roles::{Grants, NamedRoles};
use crate::settings::{Domains, Guests, Settings};

/// The settings that decide who gets in.
#[derive(Clone, Debug)]
pub(crate) struct AccountPolicy {
    pub(super) domains: Domains,
    pub(super) tenants: BTreeSet<Uuid>,
    pub(super) is_shared: bool,
    pub(super) staff: BTreeSet<String>,
    pub(super) superusers: BTreeSet<String>,
    pub(super) staff_roles: Grants,
    pub(super) superuser_roles: Grants,
    pub(super) named_roles: NamedRoles,
    pub(super) guests: Guests,
    pub(super) auto_create_users: bool,
    pub(super) auto_create_first_superuser: bool,
    pub(super) always_update_user_data: bool,
    pub(super) unique_email: bool,
}

impl AccountPolicy {
    pub(crate) fn new(config: &Settings) -> Self {
        Self {
            domains: config.domains.clone(),
            tenants: config.tenants.clone(),
            is_shared: config.authority.is_shared(),
            staff: config.staff.clone(),
            superusers: config.superusers.clone(),
            staff_roles: config.staff_roles.clone(),
            superuser_roles: config.superuser_roles.clone(),
            named_roles: config.named_roles.clone(),
            guests: config.guests,
            auto_create_users: config.auto_create_users,
            auto_create_first_superuser: config.auto_create_first_superuser
                && config.superusers.is_empty()
                && config.superuser_roles.is_empty(),
            always_update_user_data: config.always_update_user_data,
            unique_email: config.unique_email,
        }
    }
    /// Whether what a tenant's administrator says counts: it is the only tenant, or a listed one.
    pub(super) fn trusts(&self, tenant_id: Uuid) -> bool {
        !self.is_shared || self.tenants.contains(&tenant_id)
    }

    /// Whether any right comes from a group.
    pub(crate) fn needs_groups(&self) -> bool {
        let named = self.named_roles.values();
        let mut grants = named.chain([&self.staff_roles, &self.superuser_roles]);
        grants.any(Grants::names_groups)
    }
}
