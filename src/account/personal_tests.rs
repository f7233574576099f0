//! Personal Microsoft accounts: whose addresses prove less than those of a tenant.

use super::{
    decide::Decision,
    profile::Profile,
    tests::{decide, profile, settings},
};
use crate::settings::{authority::PERSONAL_TENANT, builder::ConfigBuilder};

/// A personal account made with a work address, which its owner may have left long ago.
fn left_long_ago() -> Profile {
    Profile {
        tenant_id: PERSONAL_TENANT,
        ..profile(Some("boss@contoso.example"), None)
    }
}

fn shared() -> ConfigBuilder {
    settings().authority("common")
}

#[test]
fn a_personal_account_of_a_work_address_is_not_of_that_company() {
    let is_let_in = |settings: ConfigBuilder| {
        let settings = settings.allowable_domains(["contoso.example"]);
        matches!(decide(settings, left_long_ago(), None), Decision::Create(_))
    };
    assert!(!is_let_in(shared()));
    assert!(is_let_in(shared().tenants([PERSONAL_TENANT.to_string()])));
    assert!(is_let_in(settings().authority("consumers")));
}

#[test]
fn a_personal_account_of_a_work_address_has_no_right_of_a_list() {
    let is_superuser = |settings: ConfigBuilder| {
        let settings = settings
            .allowable_domains(["*"])
            .superuser_list(["boss@contoso.example"]);
        matches!(decide(settings, left_long_ago(), None), Decision::Create(user) if user.is_superuser)
    };
    assert!(!is_superuser(shared()));
    assert!(is_superuser(settings().authority("consumers")));
}
