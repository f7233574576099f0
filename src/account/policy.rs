//! The settings that decide who is admitted, and with which rights.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::settings::{
    choices::Guests,
    config::{Domains, Settings},
    grants::{Grants, NamedRoles},
};

/// The settings that decide who is admitted, and what is stored.
#[derive(Clone, Debug)]
pub(crate) struct AccountPolicy {
    pub(super) domains: Domains,
    pub(super) tenants: BTreeSet<Uuid>,
    pub(super) is_multi_tenant: bool,
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
    pub(super) link_by_address: bool,
    pub(super) save_basic_info: bool,
}

impl AccountPolicy {
    pub(crate) fn new(config: &Settings) -> Self {
        Self {
            domains: config.domains.clone(),
            tenants: config.tenants.clone(),
            is_multi_tenant: config.authority.is_multi_tenant(),
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
            link_by_address: config.link_by_address,
            save_basic_info: config.save_basic_info,
        }
    }

    /// Whether the word of the tenant's administrator counts: the only tenant, or a listed one.
    pub(super) fn trusts(&self, tenant_id: Uuid) -> bool {
        !self.is_multi_tenant || self.tenants.contains(&tenant_id)
    }

    /// Whether a name grants anything.
    #[cfg(feature = "_diesel")]
    pub(crate) fn needs_names(&self) -> bool {
        !self.staff.is_empty() || !self.superusers.is_empty()
    }

    /// Whether users who are there have to be of a listed domain: an empty list creates nobody, and is for
    /// nobody else.
    pub(super) fn restricts_domains(&self) -> bool {
        !matches!(&self.domains, Domains::Only(domains) if domains.is_empty())
    }

    /// Whether a group grants anything.
    pub(crate) fn needs_groups(&self) -> bool {
        let named = self.named_roles.values();
        let mut grants = named.chain([&self.staff_roles, &self.superuser_roles]);
        grants.any(Grants::has_groups)
    }
}
