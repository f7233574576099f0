//! Sign-ins that Entra refuses, and what is said of them.

use microsoft_sso::testing::Endpoint;

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";

async fn refused(app: &TestApp, error: &str, description: &str) -> String {
    let browser = app.browser();
    let url = browser.start("").await;
    let callback = app.entra.refuse(&url, error, description).unwrap();
    let reply = browser.get(&callback).await;
    browser.is_refused(&reply).await
}

#[actix_web::test]
async fn a_person_who_cancels_is_told_so_plainly() {
    let app = TestApp::start().await;
    let message = refused(
        &app,
        "access_denied",
        "AADSTS65004: User declined to consent.\r\nTrace ID: x",
    )
    .await;
    assert!(message.contains("cancelled"), "{message}");
}

#[actix_web::test]
async fn nothing_that_comes_from_outside_is_shown() {
    let app = TestApp::start().await;
    for (error, description) in [
        ("access_denied", "AADSTS50105: <script>alert(1)</script>"),
        ("<script>", "<script>alert(1)</script>"),
        ("server_error", "call +1 555 0100 now"),
        ("temporarily_unavailable", ""),
        ("interaction_required", "AADSTS50076: x"),
    ] {
        let message = refused(&app, error, description).await;
        assert!(
            !message.contains('<') && !message.contains("555") && !message.contains("AADSTS"),
            "{message}"
        );
    }
}

#[actix_web::test]
async fn a_message_is_shown_once() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let url = browser.start("").await;
    let callback = app.entra.refuse(&url, "access_denied", "").unwrap();
    browser.get(&callback).await;
    // A page that doesn't show messages leaves them for one that does.
    browser.get("/cart").await;
    assert!(!browser.message().await.is_empty());
    assert_eq!(browser.message().await, "");
}

#[actix_web::test]
async fn a_sign_in_for_the_administration_or_for_pages_can_be_switched_off() {
    const PAGE: &str = "/microsoft_sso/login/?next=/orders";
    const ADMIN: &str = "/microsoft_sso/login/?next=/admin/users";
    for (admin, pages, open, closed, said) in [
        (false, true, PAGE, ADMIN, "administration"),
        (true, false, ADMIN, PAGE, "these pages"),
    ] {
        let app = TestApp::with_settings(|s| s.admin_enabled(admin).pages_enabled(pages)).await;
        let browser = app.browser();
        let reply = browser.get(open).await;
        let callback = app.entra.sign_in(reply.location(), ADA).unwrap();
        assert_eq!(
            browser.get(&callback).await.location(),
            open.split_once("next=").unwrap().1
        );
        let browser = app.browser();
        let reply = browser.get(closed).await;
        let message = browser.is_refused(&reply).await;
        assert!(message.contains(said), "{message}");
    }
}

#[actix_web::test]
async fn a_forged_message_is_not_shown() {
    let app = TestApp::start().await;
    let cookie = "microsoft_sso_messages=W3siY29udGVudCI6ImNhbGwgbWUiLCJsZXZlbCI6IkVycm9yIn1d";
    let reply = app.browser().get_with("/", &[("Cookie", cookie)]).await;
    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, ""));
}

#[actix_web::test]
async fn state_is_looked_at_before_error() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let reply = browser
        .get("/microsoft_sso/callback/?error=access_denied&state=forged")
        .await;
    let message = browser.is_refused(&reply).await;
    assert!(!message.contains("cancelled"), "{message}");
}

#[actix_web::test]
async fn a_wrong_secret_is_a_plain_refusal() {
    let app = TestApp::with_settings(|settings| settings.client_secret("another")).await;
    let message = app.browser().refused(ADA).await;
    assert!(message.contains("administrator"), "{message}");
    assert_eq!(app.entra.count(Endpoint::Token), 1);
}

#[actix_web::test]
async fn the_failed_page_is_a_setting() {
    let app = TestApp::with_settings(|settings| settings.login_failed_url("/sorry?x=1")).await;
    let reply = app.browser().get("/microsoft_sso/callback/").await;
    assert_eq!(
        (reply.status.as_u16(), reply.location()),
        (303, "/sorry?x=1")
    );
}

#[actix_web::test]
async fn unknown_parameters_of_the_callback_are_ignored() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "").await;
    browser
        .get(&format!("{callback}&client_info=x&%FF=%FE&&="))
        .await;
    assert!(browser.me().await.is_some());
}

#[actix_web::test]
async fn the_reason_can_be_kept_from_the_person() {
    let app = TestApp::with_settings(|settings| settings.show_failed_login_message(false)).await;
    let browser = app.browser();
    let reply = browser.get("/microsoft_sso/callback/").await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/"));
    let message = browser.message().await;
    assert!(message.starts_with("Signing in failed."), "{message}");

    let app = TestApp::with_settings(|settings| settings.enable_messages(false)).await;
    let browser = app.browser();
    browser.get("/microsoft_sso/callback/").await;
    assert_eq!(browser.message().await, "");
}
