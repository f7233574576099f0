//! What an e-mail address may do: which is proved, whose it is, and how it is compared.

use microsoft_sso::testing::{CONTOSO, FABRIKAM, PERSONAL, Person};
use serde_json::json;

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";
const BOSS: &str = "boss@contoso.example";

#[actix_web::test]
async fn a_personal_account_with_a_work_address_and_entras_word_has_no_right() {
    let app = TestApp::with_settings(|s| s.superuser_list([BOSS]).staff_list([BOSS])).await;
    let mut boss = Person::new(PERSONAL, BOSS);
    boss.xms_edov = Some(json!(true));
    app.entra.add_person(boss);
    let browser = app.browser();
    browser.sign_in(BOSS).await;
    assert_eq!(
        browser.get("/identity").await.json()["email_verified"],
        false
    );
    assert_eq!(
        app.count("users WHERE is_superuser OR is_staff OR email_verified"),
        0
    );
    let domains = app.beside(|s| s.allowable_domains(["contoso.example"]));
    domains.browser().refused(BOSS).await;
}

#[actix_web::test]
async fn an_unproved_address_is_said_to_be_and_takes_nobodys_place() {
    let app = TestApp::with_settings(|s| s.unique_email(true).always_update_user_data(true)).await;
    let eve = Person::new(FABRIKAM, "eve@fabrikam.example").with_mail(BOSS);
    app.entra.add_person(eve.clone());
    let browser = app.browser();
    browser.sign_in("eve@fabrikam.example").await;
    let identity = browser.get("/identity").await.json();
    assert_eq!(
        (&identity["email"], &identity["email_verified"]),
        (&json!(BOSS), &json!(false))
    );
    assert_eq!(identity["username"], "eve@fabrikam.example");
    // It keeps nobody out whose address it is.
    app.entra.add_person(Person::new(CONTOSO, BOSS));
    let browser = app.browser();
    browser.sign_in(BOSS).await;
    let identity = browser.get("/identity").await.json();
    assert_eq!(
        (&identity["email"], &identity["email_verified"]),
        (&json!(BOSS), &json!(true))
    );
    assert_eq!(identity["username"], BOSS);
    // Nor does it overwrite what is stored.
    app.entra.update_person(&eve.oid, |eve| {
        eve.mail = Some("eve@fabrikam.example".into())
    });
    app.browser().sign_in("eve@fabrikam.example").await;
    app.entra
        .update_person(&eve.oid, |eve| eve.mail = Some(ADA.into()));
    let browser = app.browser();
    browser.sign_in("eve@fabrikam.example").await;
    let identity = browser.get("/identity").await.json();
    assert_eq!(
        (&identity["email"], &identity["email_verified"]),
        (&json!("eve@fabrikam.example"), &json!(true))
    );
}

#[actix_web::test]
async fn addresses_are_one_without_regard_to_ascii_case_alone() {
    let app = TestApp::with_settings(|s| s.unique_email(true)).await;
    for (name, mail, is_new) in [
        ("a@contoso.example", "jörg@contoso.example", true),
        ("b@contoso.example", "jorg@contoso.example", true),
        ("c@contoso.example", "JÖRG@contoso.example", true),
        ("d@contoso.example", "Jörg@CONTOSO.example", false),
        ("e@contoso.example", "JORG@contoso.example", false),
        ("f@contoso.example", "strasse@contoso.example", true),
        ("g@contoso.example", "straße@contoso.example", true),
        ("h@contoso.example", "\u{212a}ay@contoso.example", true),
        ("i@contoso.example", "kay@contoso.example", true),
    ] {
        app.entra
            .add_person(Person::new(CONTOSO, name).with_mail(mail));
        let browser = app.browser();
        browser.sign_in(name).await;
        assert_eq!(browser.me().await.is_some(), is_new, "{mail}");
    }
}

#[actix_web::test]
async fn a_guest_is_of_their_own_domain_and_name() {
    let name = "guest_fabrikam.example#EXT#@contoso.onmicrosoft.example";
    let allowing = |domain: &'static str| {
        TestApp::with_settings(move |s| s.tenants([CONTOSO]).allowable_domains([domain]))
    };
    let app = allowing("contoso.onmicrosoft.example").await;
    app.entra
        .add_person(Person::new(CONTOSO, name).without_mail());
    app.browser().refused(name).await;
    let app = allowing("fabrikam.example").await;
    app.entra
        .add_person(Person::new(CONTOSO, name).without_mail());
    let browser = app.browser();
    browser.sign_in(name).await;
    let me = browser.me().await.unwrap();
    let own = json!("guest@fabrikam.example");
    assert_eq!((&me["email"], &me["username"]), (&own, &own));
    assert_eq!(
        app.count("users WHERE email LIKE '%#%' OR username LIKE '%#%'"),
        0
    );
}

#[actix_web::test]
async fn only_the_first_user_of_an_empty_table_becomes_superuser() {
    let first = |s: microsoft_sso::ConfigBuilder| s.auto_create_first_superuser(true);
    let app = TestApp::start().await;
    app.browser().sign_in("grace@contoso.example").await;
    app.beside(first).browser().sign_in(ADA).await;
    assert_eq!(app.count("users"), 2);
    assert_eq!(app.count("users WHERE is_superuser"), 0);
    app.execute("DELETE FROM users");
    app.beside(first).browser().sign_in(ADA).await;
    assert_eq!(app.count("users WHERE is_superuser"), 1);
}
