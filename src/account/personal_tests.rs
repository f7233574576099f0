//! Personal Microsoft accounts: whose addresses prove less than those of a tenant.

use super::{
    decide::Decision,
    tests::{Account, decide, graph, settings},
};
use crate::{
    oidc::claims::VerifiedClaims,
    settings::{authority::PERSONAL_TENANT, builder::ConfigBuilder},
};

/// A personal account made with a work address, which its owner may have left long ago. Entra says
/// `xms_edov` of every one.
fn left_long_ago() -> Account {
    let address = "boss@contoso.example";
    let claims = VerifiedClaims::bare(PERSONAL_TENANT).with_email(address, true);
    Account(claims, Some(graph(Some(address), None)))
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

#[test]
fn the_address_of_a_personal_account_is_proved_by_nothing_that_entra_says() {
    let profile = left_long_ago().profile(shared());
    assert_eq!(profile.email.as_deref(), Some("boss@contoso.example"));
    assert!(!profile.email_verified);
    let trusted = shared().tenants([PERSONAL_TENANT.to_string()]);
    assert!(left_long_ago().profile(trusted).email_verified);
}
