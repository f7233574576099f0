//! Who is staff and superuser, as a table.

use super::{
    decide::Decision,
    tests::{CONTOSO, account, decide, settings, stored},
};
use crate::settings::builder::ConfigBuilder;

fn lists() -> ConfigBuilder {
    settings()
        .allowable_domains(["*"])
        .staff_list(["Grace@contoso.example"])
        .superuser_list(["ADA@contoso.example"])
}

#[test]
fn the_lists_name_whole_people() {
    let new = |upn: &str, mail: &str| match decide(lists(), account(Some(upn), Some(mail)), None) {
        Decision::Create(user) => (user.is_staff, user.is_superuser),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        new("ada@contoso.example", "x@contoso.example"),
        (true, true)
    );
    assert_eq!(
        new("x@contoso.example", "Ada@Contoso.example"),
        (true, true)
    );
    assert_eq!(
        new("grace@contoso.example", "x@contoso.example"),
        (true, false)
    );
    for stranger in [
        "a@contoso.example",
        "ada@contoso.example.evil.example",
        "xada@contoso.example",
        "contoso.example",
    ] {
        assert_eq!(new(stranger, stranger), (false, false), "{stranger}");
    }
}

#[test]
fn the_lists_decide_at_every_sign_in() {
    let known = |settings: ConfigBuilder, upn: &str, staff: bool, superuser: bool| {
        let mut user = stored();
        (user.is_staff, user.is_superuser) = (staff, superuser);
        match decide(settings, account(Some(upn), None), Some(&user)) {
            Decision::SignIn(changes) => (changes.is_staff, changes.is_superuser),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        known(lists(), "x@contoso.example", true, true),
        (Some(false), Some(false))
    );
    assert_eq!(
        known(lists(), "ada@contoso.example", false, false),
        (Some(true), Some(true))
    );
    assert_eq!(
        known(lists(), "ada@contoso.example", true, true),
        (None, None)
    );
    let none = settings().allowable_domains(["*"]);
    assert_eq!(
        known(none, "x@contoso.example", true, true),
        (None, None),
        "no list, no say"
    );
    let all = settings().allowable_domains(["*"]).staff_list(["*"]);
    assert_eq!(
        known(all, "x@contoso.example", false, false),
        (Some(true), None)
    );
}

#[test]
fn another_tenants_administrator_makes_nobody_a_superuser() {
    let lists = || {
        settings()
            .allowable_domains(["*"])
            .superuser_list(["boss@contoso.example"])
    };
    let is_superuser = |settings: ConfigBuilder| {
        let eve = account(Some("eve@evil.example"), Some("boss@contoso.example"));
        matches!(decide(settings, eve, None), Decision::Create(user) if user.is_superuser)
    };
    assert!(!is_superuser(lists().authority("common")));
    assert!(is_superuser(lists()), "one tenant's own administrator may");
    assert!(is_superuser(
        lists().authority("common").tenants([CONTOSO.to_string()])
    ));
}
