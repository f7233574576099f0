//! HEAD works wherever GET does, and changes nothing.

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";

#[actix_web::test]
async fn head_answers_as_get_does_at_every_endpoint() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    for path in [
        "",
        "login",
        "callback",
        "picture",
        "front-channel-logout",
        "style.css",
    ] {
        for slash in ["", "/"] {
            if path.contains('.') && !slash.is_empty() {
                continue;
            }
            let path = format!("/microsoft_sso/{path}{slash}");
            let path = path.replace("//", "/");
            let (head, get) = (browser.head(&path).await, browser.get(&path).await);
            assert_eq!(head.status, get.status, "{path}");
            assert_eq!(head.body, "", "{path}");
            for name in ["content-type", "cache-control", "referrer-policy", "etag"] {
                assert_eq!(head.header(name), get.header(name), "{path}: {name}");
            }
        }
    }
    assert_eq!(browser.head("/microsoft_sso/logout/").await.status, 405);
}

#[actix_web::test]
async fn head_redeems_no_code_shows_no_message_and_ends_no_session() {
    let app = TestApp::with_settings(|s| s.login_failed_url("/microsoft_sso/")).await;
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "?next=/orders").await;
    browser.head(&callback).await;
    assert!(browser.me().await.is_none(), "HEAD signed in");
    assert_eq!(browser.get(&callback).await.location(), "/orders");

    let other = app.browser();
    other.get("/microsoft_sso/callback/?state=x").await;
    other.head("/microsoft_sso/").await;
    let page = other.get("/microsoft_sso/").await.body;
    assert!(page.contains("role=\"alert\""), "{page}");

    let begun = app.browser().head("/microsoft_sso/login/?next=/x").await;
    assert!(begun.location().starts_with(&app.entra.url()));
}
