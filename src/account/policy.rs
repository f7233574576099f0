//! The settings that decide who gets in, and as what.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::settings::{Domains, Settings};

/// The settings that decide who gets in.
#[derive(Clone, Debug)]
pub(crate) struct AccountPolicy {
    pub(super) domains: Domains,
    pub(super) tenants: BTreeSet<Uuid>,
    pub(super) is_shared: bool,
    pub(super) staff: BTreeSet<String>,
    pub(super) superusers: BTreeSet<String>,
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
            auto_create_users: config.auto_create_users,
            auto_create_first_superuser: config.auto_create_first_superuser
                && config.superusers.is_empty(),
            always_update_user_data: config.always_update_user_data,
            unique_email: config.unique_email,
        }
    }
}
