//! The rules while Graph is out of order.

use microsoft_sso::{
    ConfigBuilder, Guests,
    testing::{CONTOSO, Endpoint, Fault, Person},
};
use serde_json::json;

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";
const GUEST: &str = "guest_mail.example#EXT#@contoso.onmicrosoft.example";

fn throttle(app: &TestApp) {
    app.entra.fault(Endpoint::Me, Fault::RetryAfter(429, 30));
}

#[actix_web::test]
async fn who_was_taken_off_a_list_keeps_no_right_and_who_is_on_it_does() {
    let lists =
        |name: &'static str| move |s: ConfigBuilder| s.superuser_list([name]).staff_list([name]);
    let app = TestApp::with_settings(lists(ADA)).await;
    app.browser().sign_in(ADA).await;
    throttle(&app);
    app.browser().sign_in(ADA).await;
    assert_eq!(app.count("users WHERE is_superuser AND is_staff"), 1);
    app.beside(lists("boss@contoso.example"))
        .browser()
        .sign_in(ADA)
        .await;
    assert_eq!(app.count("users WHERE is_superuser OR is_staff"), 0);
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
    assert_eq!(
        app.count("users WHERE is_superuser"),
        0,
        "no right is given without Graph"
    );
    app.entra.clear_faults();
    app.browser().sign_in(ADA).await;
    assert_eq!(app.count("users WHERE is_superuser"), 1);
}

#[actix_web::test]
async fn a_domain_that_was_taken_off_lets_nobody_in() {
    let domain = |domain: &'static str| move |s: ConfigBuilder| s.allowable_domains([domain]);
    let app = TestApp::with_settings(domain("contoso.example")).await;
    app.browser().sign_in(ADA).await;
    throttle(&app);
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert!(
        browser.me().await.is_some(),
        "a user whose domain is allowed is kept out"
    );
    let other = app.beside(domain("fabrikam.example"));
    let message = other.browser().refused(ADA).await;
    assert!(message.contains("organisation"), "{message}");
}

#[actix_web::test]
async fn a_guest_is_refused_and_a_member_is_not() {
    let app = TestApp::start().await;
    app.browser().sign_in(ADA).await;
    app.browser().sign_in(GUEST).await;
    // As Entra does, the token gives a guest the name that they have at home.
    app.entra
        .update_person(&Person::new(CONTOSO, GUEST).oid, |guest| {
            let home = json!("guest@mail.example");
            guest
                .extra_claims
                .insert("preferred_username".to_owned(), home);
        });
    throttle(&app);
    let refused = app.beside(|s| s.guests(Guests::Refused));
    let message = refused.browser().refused(GUEST).await;
    assert!(message.contains("guests"), "{message}");
    let browser = refused.browser();
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
}

#[actix_web::test]
async fn what_was_never_known_is_try_again() {
    let app = TestApp::with_settings(|s| s.allowable_domains(["contoso.example"])).await;
    app.browser().sign_in(ADA).await;
    // As a version before this one stored it.
    app.execute(
        "UPDATE microsoft_sso_identities \
         SET email = NULL, user_principal_name = NULL, is_guest = NULL",
    );
    app.execute("UPDATE users SET email_verified = FALSE");
    throttle(&app);
    let message = app.browser().refused(ADA).await;
    assert!(message.contains("try again"), "{message}");
    app.entra.clear_faults();
    app.browser().sign_in(ADA).await;
    assert_eq!(app.count("users WHERE email_verified"), 1);
    throttle(&app);
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
}
