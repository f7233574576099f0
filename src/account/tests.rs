//! Who is admitted, as a table of profile, stored user, settings and decision.

use chrono::DateTime;
use uuid::Uuid;

use super::{
    decide::{Changes, Decision, SignIn},
    denied::Denied,
    known::KnownAccount,
    policy::AccountPolicy,
    profile::Profile,
    user::{User, UserId},
};
use crate::{
    graph::profile::GraphUser,
    oidc::claims::VerifiedClaims,
    settings::{builder::ConfigBuilder, config::Config},
    util::picture::PictureUpdate,
};

pub(super) const CONTOSO: Uuid = Uuid::from_u128(1);

pub(super) fn claims() -> VerifiedClaims {
    VerifiedClaims::bare(CONTOSO)
        .with_email("Token@Contoso.example", false)
        .with_preferred_username("preferred@contoso.example")
        .with_name("Ada Lovelace")
}

pub(super) fn graph(upn: Option<&str>, mail: Option<&str>) -> GraphUser {
    GraphUser {
        id: "oid".to_owned(),
        display_name: Some("Ada Lovelace".to_owned()),
        given_name: Some("Ada".to_owned()),
        surname: Some("Lovelace".to_owned()),
        mail: mail.map(str::to_owned),
        user_principal_name: upn.map(str::to_owned),
        preferred_language: Some("en-GB".to_owned()),
        document: std::sync::Arc::default(),
    }
}

/// An account as it signs in: the token's claims, and Graph's answer unless Graph is down.
pub(super) struct Account(pub(super) VerifiedClaims, pub(super) Option<GraphUser>);

impl Account {
    pub(super) fn profile(&self, settings: ConfigBuilder) -> Profile {
        let Config(settings) = settings.build().unwrap();
        let policy = AccountPolicy::new(&settings);
        let (groups, graph) = (Some(Vec::new()), self.1.clone());
        Profile::from_claims(&self.0, graph, PictureUpdate::Keep, groups, &policy)
    }
}

pub(super) fn account(upn: Option<&str>, mail: Option<&str>) -> Account {
    Account(claims(), Some(graph(upn, mail)))
}

pub(super) fn settings() -> ConfigBuilder {
    Config::builder()
        .application_id("00001111-aaaa-2222-bbbb-3333cccc4444")
        .client_secret("secret")
        .authority("contoso.example")
}

pub(super) fn decide(settings: ConfigBuilder, account: Account, stored: Option<&User>) -> Decision {
    decide_known(settings, account, stored, &KnownAccount::default())
}

pub(super) fn decide_known(
    settings: ConfigBuilder,
    account: Account,
    stored: Option<&User>,
    known: &KnownAccount,
) -> Decision {
    let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let profile = account.profile(settings.clone());
    let sign_in = SignIn::new(profile, &settings.build().unwrap(), at).unwrap();
    sign_in.decide_known(stored, known)
}

fn denied(settings: ConfigBuilder, upn: &str, mail: Option<&str>) -> Option<Denied> {
    match decide(settings, account(Some(upn), mail), None) {
        Decision::Deny(denied) => Some(denied),
        Decision::Create(_) | Decision::SignIn(_) => None,
    }
}

pub(super) fn stored() -> User {
    let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let mut user = User::new(UserId::from(1), "ada", at);
    user.email = "old@contoso.example".to_owned();
    user.first_name = "Ada".to_owned();
    user.last_name = "Byron".to_owned();
    user
}

#[test]
fn a_domain_is_allowed_whole_and_without_regard_to_letter_case() {
    let settings = || settings().allowable_domains(["Contoso.example"]);
    for good in [
        "a@contoso.example",
        "A@CONTOSO.Example",
        "\"x@evil.example\"@contoso.example",
    ] {
        assert_eq!(
            denied(settings(), "a@other.example", Some(good)),
            None,
            "{good}"
        );
    }
    for bad in [
        "eve@oso.example",
        "eve@example",
        "eve@o",
        "contoso.example",
        "eve@evilcontoso.example",
        "eve@sub.contoso.example",
        "eve@contoso.example.evil.example",
        "contoso.example@evil.example",
        "eve@contoso.example.",
        "eve@",
        "@",
    ] {
        let answer = denied(settings(), "eve@evil.example", Some(bad));
        assert_eq!(answer, Some(Denied::Domain), "{bad}");
    }
}

#[test]
fn without_a_mail_the_user_principal_name_stands_in() {
    let settings = || settings().allowable_domains(["contoso.example"]);
    assert_eq!(denied(settings(), "ada@contoso.example", None), None);
    assert_eq!(
        denied(settings(), "eve@evil.example", None),
        Some(Denied::Domain)
    );
    assert_eq!(denied(settings(), "", None), Some(Denied::Domain));
    let Decision::Create(user) =
        decide(settings(), account(Some("Ada@Contoso.example"), None), None)
    else {
        panic!("not created")
    };
    assert_eq!(user.email, "ada@contoso.example");
}

#[test]
fn nobody_is_created_unless_a_domain_is_allowed() {
    assert_eq!(
        denied(settings(), "a@contoso.example", Some("a@contoso.example")),
        Some(Denied::Domain)
    );
    let all = settings().allowable_domains(["*"]);
    assert_eq!(denied(all.clone(), "a@contoso.example", None), None);
    let off = all.auto_create_users(false);
    assert_eq!(
        denied(off, "a@contoso.example", None),
        Some(Denied::NotCreated)
    );
}

#[test]
fn where_any_tenant_may_come_in_a_mail_proves_nothing_by_itself() {
    let shared = || {
        settings()
            .authority("common")
            .allowable_domains(["contoso.example"])
    };
    let unproved = Some(Denied::DomainUnproved(CONTOSO));
    let mail = Some("boss@contoso.example");
    assert_eq!(denied(shared(), "eve@evil.example", mail), unproved);
    assert_eq!(
        denied(
            shared().authority("organizations"),
            "eve@evil.example",
            mail
        ),
        unproved
    );
    assert_eq!(
        denied(shared(), "boss@contoso.example", mail),
        None,
        "same domain"
    );
    let listed = shared().tenants([CONTOSO.to_string()]);
    assert_eq!(
        denied(listed, "eve@evil.example", mail),
        None,
        "trusted tenant"
    );
    let other = shared().tenants([Uuid::from_u128(2).to_string()]);
    assert_eq!(denied(other, "eve@evil.example", mail), unproved);
    assert_eq!(
        denied(
            settings().allowable_domains(["contoso.example"]),
            "eve@evil.example",
            mail
        ),
        None,
        "one tenant"
    );
}

#[test]
fn an_inactive_user_does_not_get_in() {
    let mut user = stored();
    user.is_active = false;
    let all = settings().allowable_domains(["*"]);
    let account = || account(Some("a@contoso.example"), None);
    let decision = decide(all.clone(), account(), Some(&user));
    assert!(matches!(decision, Decision::Deny(Denied::AwaitsApproval)));
    user.last_login = Some(user.date_joined);
    let decision = decide(all, account(), Some(&user));
    assert!(matches!(decision, Decision::Deny(Denied::Inactive)));
}

#[test]
fn a_known_person_is_updated_only_when_asked_for_and_only_what_differs() {
    let known = |settings: ConfigBuilder| {
        let account = account(Some("ada@contoso.example"), Some("Ada@contoso.example"));
        match decide(settings, account, Some(&stored())) {
            Decision::SignIn(changes) => changes,
            other => panic!("{other:?}"),
        }
    };
    let all = settings().allowable_domains(["*"]);
    assert_eq!(known(all.clone()), Changes::default());
    let changes = known(all.always_update_user_data(true));
    assert_eq!(changes.email.as_deref(), Some("ada@contoso.example"));
    assert_eq!(changes.first_name, None);
    assert_eq!(changes.last_name.as_deref(), Some("Lovelace"));
}

#[test]
fn a_domain_taken_off_the_list_locks_out_those_who_were_let_in_by_it() {
    let account = || account(Some("ada@contoso.example"), None);
    let known = |settings| decide(settings, account(), Some(&stored()));
    let other = settings().allowable_domains(["other.example"]);
    assert!(matches!(known(other), Decision::Deny(Denied::Domain)));
    // An empty list creates nobody; it is no list of who may come back.
    assert!(matches!(known(settings()), Decision::SignIn(_)));
}

#[test]
fn when_graph_is_down_a_known_person_gets_in_and_a_new_one_is_told_to_try_again() {
    let down = || Account(claims(), None);
    let settings = || {
        settings()
            .allowable_domains(["contoso.example"])
            .always_update_user_data(true)
    };
    let known = decide(settings(), down(), Some(&stored()));
    assert!(matches!(known, Decision::SignIn(changes) if changes == Changes::default()));
    let new = decide(settings(), down(), None);
    assert!(matches!(new, Decision::Deny(Denied::ProfileUnavailable)));
    assert!(down().profile(settings()).basic_info.is_none());
}

#[test]
fn a_new_user_has_an_unusable_password_of_its_own() {
    let all = || settings().allowable_domains(["*"]);
    let password = || match decide(all(), account(Some("a@b.example"), None), None) {
        Decision::Create(user) => user.password,
        other => panic!("{other:?}"),
    };
    assert!(password().starts_with('!') && password().len() > 32);
    assert_ne!(password(), password());
}

#[test]
fn odd_profiles_become_rows_that_every_database_takes() {
    let mut user = graph(Some("a b@contoso.example"), Some("x\u{0}@contoso.example"));
    user.given_name = Some(format!("A\u{0}da\r\n{}", "é".repeat(500)));
    user.preferred_language = Some("x".repeat(36));
    let profile = Account(claims(), Some(user)).profile(settings());
    assert_eq!((profile.email, profile.user_principal_name), (None, None));
    assert_eq!(profile.first_name.chars().count(), 150);
    assert!(profile.first_name.starts_with("Adaé"));
    let info = profile.basic_info.unwrap();
    assert_eq!(info.locale, None);
    assert!(matches!(info.picture, PictureUpdate::Keep));

    let mut user = graph(None, None);
    (user.given_name, user.surname) = (None, None);
    user.preferred_language = Some("hy-Latn-IT-arevela".to_owned());
    let profile = Account(claims(), Some(user)).profile(settings());
    assert_eq!(profile.first_name, "Ada Lovelace");
    assert_eq!(
        profile.basic_info.unwrap().locale.as_deref(),
        Some("hy-Latn-IT-arevela")
    );
}
