//! Who a person is: found by tenant and object id, never by an address.

use std::time::Duration;

use futures_util::future::join_all;
use microsoft_sso::testing::{CONTOSO, FABRIKAM, Person};

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";

#[actix_web::test]
async fn forty_first_sign_ins_at_once_make_one_user() {
    let app = TestApp::start().await;
    let browsers: Vec<_> = (0..40).map(|_| app.browser()).collect();
    let mut callbacks = Vec::new();
    for browser in &browsers {
        callbacks.push(browser.to_callback(ADA, "").await);
    }
    join_all(
        browsers
            .iter()
            .zip(&callbacks)
            .map(|(browser, url)| browser.get(url)),
    )
    .await;
    for browser in &browsers {
        assert!(browser.me().await.is_some());
    }
    assert_eq!(app.count("users"), 1);
    assert_eq!(app.count("microsoft_sso_users"), 1);
    assert_eq!(app.count("microsoft_sso_identities"), 1);
}

#[actix_web::test]
async fn a_renamed_person_stays_the_same_user() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let before = browser.me().await.unwrap();
    app.entra
        .update_person(before["microsoft_id"].as_str().unwrap(), |ada| {
            ada.user_principal_name = "ada.king@contoso.example".to_owned();
            ada.mail = Some("ada.king@contoso.example".to_owned());
        });
    let browser = app.browser();
    browser.sign_in("ada.king@contoso.example").await;
    assert_eq!(browser.me().await.unwrap()["id"], before["id"]);
    assert_eq!(app.count("users"), 1);
}

#[actix_web::test]
async fn a_name_given_to_somebody_else_gives_them_nothing_of_the_old_persons() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let old = browser.me().await.unwrap();
    let mut newcomer = Person::new(CONTOSO, ADA).with_name("Another", "Ada");
    newcomer.oid = "5f4a7e1c-0000-4000-8000-000000000001".to_owned();
    app.entra
        .update_person(old["microsoft_id"].as_str().unwrap(), |ada| {
            ada.user_principal_name = "gone@contoso.example".to_owned();
        });
    app.entra.add_person(newcomer);
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let new = browser.me().await.unwrap();
    assert_ne!(new["id"], old["id"]);
    assert_eq!(
        (new["first_name"].as_str(), new["email"].as_str()),
        (Some("Another"), Some(ADA))
    );
    assert_ne!(new["username"], old["username"]);
    assert_eq!(app.count("users"), 2);
}

#[actix_web::test]
async fn a_local_account_is_never_taken_over_by_name_or_address() {
    for unique_email in [false, true] {
        let app = TestApp::with_settings(|settings| settings.unique_email(unique_email)).await;
        app.execute(
            "INSERT INTO users (username, email, first_name, last_name, password, is_superuser) \
             VALUES ('BOSS@contoso.example', 'Boss@contoso.example', 'The', 'Boss', 'secret-hash', TRUE)",
        );
        let boss = Person::new(CONTOSO, "boss@contoso.example");
        app.entra.add_person(boss);
        let eve = Person::new(FABRIKAM, "eve@fabrikam.example").with_mail("Boss@contoso.example");
        app.entra.add_person(eve);
        for name in ["boss@contoso.example", "eve@fabrikam.example"] {
            let browser = app.browser();
            let reply = browser.sign_in(name).await;
            if unique_email {
                let message = browser.is_refused(&reply).await;
                assert!(message.contains("Another account"), "{message}");
            } else {
                assert_ne!(browser.me().await.unwrap()["first_name"], "The");
            }
        }
        assert_eq!(app.count("users WHERE is_superuser"), 1);
        assert_eq!(
            app.count("users WHERE password = 'secret-hash' AND first_name = 'The'"),
            1
        );
        assert_eq!(app.count("users"), if unique_email { 1 } else { 3 });
    }
}

#[actix_web::test]
async fn with_unique_email_nobody_without_a_mail_is_an_error() {
    let app = TestApp::with_settings(|settings| settings.unique_email(true)).await;
    app.execute(
        "INSERT INTO users (username, email, first_name, last_name, password) VALUES \
         ('nomail@contoso.example', '', '', '', ''), ('x', 'twice@contoso.example', '', '', ''), ('y', 'twice@contoso.example', '', '', '')",
    );
    let browser = app.browser();
    browser.sign_in("nomail@contoso.example").await;
    assert!(browser.me().await.is_some());
    app.entra
        .add_person(Person::new(CONTOSO, "twice@contoso.example"));
    app.browser().refused("twice@contoso.example").await;
}

#[actix_web::test]
async fn the_same_object_id_in_another_tenant_is_another_person() {
    let app = TestApp::start().await;
    for (tenant, name) in [
        (CONTOSO, "a@contoso.example"),
        (FABRIKAM, "a@fabrikam.example"),
    ] {
        let mut person = Person::new(tenant, name);
        person.oid = "5f4a7e1c-0000-4000-8000-000000000001".to_owned();
        app.entra.add_person(person);
        app.browser().sign_in(name).await;
    }
    assert_eq!(app.count("users"), 2);
}

#[actix_web::test]
async fn an_address_of_another_tenants_domain_lets_nobody_in() {
    let app =
        TestApp::with_settings(|settings| settings.allowable_domains(["contoso.example"])).await;
    let eve = |name: &str| Person::new(FABRIKAM, name);
    app.entra
        .add_person(eve("eve@fabrikam.example").with_mail("boss@contoso.example"));
    for mail in ["eve@oso.example", "eve@example", "eve@o", "contoso.example"] {
        app.entra
            .add_person(eve(&format!("{}-x@fabrikam.example", mail.len())).with_mail(mail));
    }
    app.entra
        .add_person(eve("empty@fabrikam.example").without_mail());
    for person in app.entra.people().iter().filter(|p| p.tenant == FABRIKAM) {
        app.browser().refused(&person.user_principal_name).await;
    }
    assert_eq!(app.count("users"), 0);
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
}

#[actix_web::test]
async fn nobody_is_created_by_default() {
    let app =
        TestApp::with_settings(|settings| settings.allowable_domains(Vec::<String>::new())).await;
    app.browser().refused(ADA).await;
    assert_eq!(app.count("users"), 0);
}

#[actix_web::test]
async fn without_auto_create_only_known_people_get_in() {
    let app = TestApp::with_settings(|settings| settings.auto_create_users(false)).await;
    let message = app.browser().refused(ADA).await;
    assert!(message.contains("no account"), "{message}");
    assert_eq!(app.count("users"), 0);
}

#[actix_web::test]
async fn an_inactive_user_does_not_get_in_and_does_not_stay() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    app.execute("UPDATE users SET is_active = FALSE");
    assert!(browser.me().await.is_none(), "stayed");
    assert_eq!(
        browser.get("/identity").await.status,
        401,
        "the session is there"
    );
    let message = app.browser().refused(ADA).await;
    assert!(message.contains("switched off"), "{message}");
}

#[actix_web::test]
async fn user_data_is_written_again_only_when_asked_for_and_never_a_password() {
    for always in [false, true] {
        let app = TestApp::with_settings(|settings| settings.always_update_user_data(always)).await;
        let browser = app.browser();
        browser.sign_in(ADA).await;
        let before = browser.me().await.unwrap();
        app.execute("UPDATE users SET password = 'a-local-password'");
        app.entra
            .update_person(before["microsoft_id"].as_str().unwrap(), |ada| {
                ada.surname = Some("King".to_owned());
                ada.mail = Some("Countess@contoso.example".to_owned());
            });
        let browser = app.browser();
        browser.sign_in(ADA).await;
        let after = browser.me().await.unwrap();
        assert_eq!(after["last_name"], if always { "King" } else { "Lovelace" });
        assert_eq!(
            after["email"],
            if always {
                "countess@contoso.example"
            } else {
                ADA
            }
        );
        assert_eq!(app.count("users WHERE password = 'a-local-password'"), 1);
    }
}

#[actix_web::test]
async fn a_sign_in_ends_with_the_session_age() {
    let app =
        TestApp::with_settings(|settings| settings.session_age(Duration::from_secs(1800))).await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    app.pass(1790);
    assert!(browser.me().await.is_some());
    app.pass(20);
    assert!(browser.me().await.is_none());
    assert_eq!(browser.get("/identity").await.status, 401);
}

#[actix_web::test]
async fn of_thirty_first_people_at_once_exactly_one_becomes_superuser() {
    let app = TestApp::with_settings(|settings| settings.auto_create_first_superuser(true)).await;
    let mut all = Vec::new();
    for n in 0..30 {
        let name = format!("p{n}@contoso.example");
        app.entra.add_person(Person::new(CONTOSO, &name));
        let browser = app.browser();
        let callback = browser.to_callback(&name, "").await;
        all.push((browser, callback));
    }
    join_all(all.iter().map(|(browser, callback)| browser.get(callback))).await;
    assert_eq!(app.count("users"), 30);
    assert_eq!(app.count("users WHERE is_superuser AND is_staff"), 1);
    assert_eq!(app.count("users WHERE is_superuser OR is_staff"), 1);
}

#[actix_web::test]
async fn nobody_of_a_foreign_domain_becomes_the_first_superuser() {
    let app = TestApp::with_settings(|settings| {
        settings
            .auto_create_first_superuser(true)
            .allowable_domains(["contoso.example"])
    })
    .await;
    app.entra
        .add_person(Person::new(FABRIKAM, "eve@fabrikam.example").without_mail());
    app.browser().refused("eve@fabrikam.example").await;
    assert_eq!(app.count("users"), 0);
    app.browser().sign_in(ADA).await;
    assert_eq!(app.count("users WHERE is_superuser"), 1);
}

#[actix_web::test]
async fn a_right_that_is_taken_away_is_gone_at_the_next_sign_in() {
    let app =
        TestApp::with_settings(|settings| settings.superuser_list(["boss@contoso.example"])).await;
    app.browser().sign_in(ADA).await;
    app.execute("UPDATE users SET is_superuser = TRUE, is_staff = TRUE");
    app.browser().sign_in(ADA).await;
    assert_eq!(app.count("users WHERE is_superuser"), 0);
}
