//! Which addresses are proved, what an unproved one may do, and which user name follows from it.

use super::{
    decide::{Changes, Decision},
    new_user::NewUser,
    tests::{Account, CONTOSO, account, claims, decide, graph, settings, stored},
};
use crate::settings::builder::ConfigBuilder;

/// Where any tenant may sign in.
fn shared() -> ConfigBuilder {
    settings().authority("common").allowable_domains(["*"])
}

fn changes(settings: ConfigBuilder, account: Account, verified: bool) -> Changes {
    let mut user = stored();
    user.email_verified = verified;
    match decide(settings, account, Some(&user)) {
        Decision::SignIn(changes) => changes,
        other => panic!("{other:?}"),
    }
}

fn created(settings: ConfigBuilder, account: Account) -> NewUser {
    match decide(settings, account, None) {
        Decision::Create(user) => user,
        other => panic!("{other:?}"),
    }
}

#[test]
fn entras_word_proves_the_tokens_address_of_a_member_and_no_other() {
    let upn = Some("ann@other.example");
    for (token, mail, guest, expected) in [
        (
            "Ann@Contoso.example",
            Some("ann@contoso.EXAMPLE"),
            None,
            true,
        ),
        (
            "ann@contoso.example",
            Some("boss@contoso.example"),
            None,
            false,
        ),
        ("ann@contoso.example", None, None, true),
        (
            "\u{212a}ay@contoso.example",
            Some("kay@contoso.example"),
            None,
            false,
        ),
        (
            "ann@contoso.example",
            Some("ann@contoso.example"),
            Some(false),
            true,
        ),
        (
            "ann@contoso.example",
            Some("ann@contoso.example"),
            Some(true),
            false,
        ),
    ] {
        let claims = claims().with_email(token, true).with_guest(guest);
        let profile = Account(claims, Some(graph(upn, mail))).profile(shared());
        assert_eq!(
            profile.email_verified, expected,
            "{token} {mail:?} {guest:?}"
        );
    }
    let claims = || claims().with_email("boss@contoso.example", true);
    let only_upn = Account(claims(), Some(graph(Some("boss@contoso.example"), None)));
    assert!(only_upn.profile(shared()).email_verified);
    let no_name = Account(claims(), Some(graph(None, None))).profile(shared());
    assert_eq!((no_name.email, no_name.email_verified), (None, false));
}

#[test]
fn entras_word_counts_for_the_address_it_was_given_for() {
    let contoso = || shared().allowable_domains(["contoso.example"]);
    let with = |graph_mail: &str| {
        let claims = claims().with_email("Ann@contoso.example", true);
        let graph = graph(Some("ann@other.example"), Some(graph_mail));
        let account = Account(claims, Some(graph));
        matches!(decide(contoso(), account, None), Decision::Create(_))
    };
    assert!(with("ann@contoso.example"));
    assert!(!with("boss@contoso.example"));
}

#[test]
fn the_domain_of_a_look_alike_is_another() {
    for (listed, mail, is_in) in [
        ("kelvin.example", "a@\u{212a}elvin.example", false),
        ("kelvin.example", "a@Kelvin.Example", true),
        ("münchen.example", "a@xn--mnchen-3ya.example", true),
        ("xn--mnchen-3ya.example", "a@münchen.example", true),
        ("munchen.example", "a@münchen.example", false),
    ] {
        let settings = settings().allowable_domains([listed]);
        let decision = decide(settings, account(None, Some(mail)), None);
        let created = matches!(decision, Decision::Create(_));
        assert_eq!(created, is_in, "{listed} {mail}");
    }
    let list = |entry: &str| {
        shared()
            .tenants([CONTOSO.to_string()])
            .superuser_list([entry])
    };
    let kay = || account(None, Some("\u{212a}ay@contoso.example"));
    assert!(!created(list("kay@contoso.example"), kay()).is_superuser);
    assert!(created(list("\u{212a}ay@contoso.example"), kay()).is_superuser);
}

#[test]
fn an_unproved_address_overwrites_nothing_and_a_proved_one_is_known_to_be() {
    let always = || shared().always_update_user_data(true);
    let eve = || account(Some("eve@evil.example"), Some("boss@contoso.example"));
    for verified in [false, true] {
        let changes = changes(always(), eve(), verified);
        assert_eq!((changes.email, changes.email_verified), (None, None));
    }
    let ada = || account(Some("ada@contoso.example"), Some("new@contoso.example"));
    let changed = changes(always(), ada(), false);
    assert_eq!(changed.email.as_deref(), Some("new@contoso.example"));
    assert_eq!(changed.email_verified, Some(true));
    // The stored address itself is proved, whatever else may be written.
    let old = || account(Some("ada@contoso.example"), Some("OLD@contoso.example"));
    assert_eq!(changes(shared(), old(), false).email_verified, Some(true));
    assert_eq!(changes(shared(), old(), true), Changes::default());
    assert_eq!(changes(shared(), ada(), false), Changes::default());
}

#[test]
fn a_new_user_says_whether_the_address_is_proved_and_a_hooks_address_is_not() {
    let mail = Some("boss@contoso.example");
    assert!(!created(shared(), account(Some("eve@evil.example"), mail)).is_email_verified());
    let mut user = created(shared(), account(Some("boss@contoso.example"), mail));
    assert!(user.is_email_verified());
    user.email = "other@contoso.example".to_owned();
    assert!(!user.is_email_verified());
    user.mark_email_verified();
    assert!(user.is_email_verified());
    assert!(!NewUser::new("nobody").is_email_verified());
}

#[test]
fn the_user_name_is_the_proved_address_and_else_the_user_principal_name() {
    let guest = "ann_home.example#EXT#@contoso.onmicrosoft.example";
    let odd = "ann#EXT#@contoso.onmicrosoft.example";
    let trusted = || shared().tenants([CONTOSO.to_string()]);
    for (settings, upn, mail, expected) in [
        (
            trusted(),
            Some("ada@b.example"),
            Some("Ada.L@c.example"),
            "ada.l@c.example",
        ),
        (trusted(), Some("ada@b.example"), None, "ada@b.example"),
        (
            shared(),
            Some("ada@b.example"),
            Some("ada.l@b.example"),
            "ada.l@b.example",
        ),
        (
            shared(),
            Some("eve@evil.example"),
            Some("boss@c.example"),
            "eve@evil.example",
        ),
        (trusted(), Some(guest), None, "ann@home.example"),
        (
            trusted(),
            Some(guest),
            Some("a@mail.example"),
            "a@mail.example",
        ),
        (
            shared(),
            Some(guest),
            Some("a@mail.example"),
            "ann@home.example",
        ),
        (
            shared(),
            Some(odd),
            Some("a@mail.example"),
            "preferred@contoso.example",
        ),
        (
            shared(),
            None,
            Some("a@mail.example"),
            "preferred@contoso.example",
        ),
    ] {
        let user = created(settings, account(upn, mail));
        assert_eq!(user.username, expected, "{upn:?} {mail:?}");
    }
    let bare = |mail| {
        let claims = crate::oidc::claims::VerifiedClaims::bare(CONTOSO);
        created(shared(), Account(claims, Some(graph(Some(odd), mail)))).username
    };
    assert_eq!(bare(Some("a@mail.example")), "a@mail.example");
    assert_eq!(bare(None), odd.to_lowercase(), "there is nothing else");
}
