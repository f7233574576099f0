//! Signing out.

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";
const LOGOUT: &str = "/microsoft_sso/logout/";

#[actix_web::test]
async fn signing_out_ends_the_session_on_the_server() {
    let app = TestApp::start().await;
    let (browser, copy) = (app.browser(), app.browser());
    browser.sign_in(ADA).await;
    copy.steal_cookies(&browser);
    assert_eq!(app.count("microsoft_sso_sessions"), 1);
    let reply = browser.post_with(LOGOUT, &[]).await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/"));
    assert!(browser.me().await.is_none());
    assert!(
        copy.me().await.is_none(),
        "a copy of the cookie still works"
    );
    assert_eq!(app.count("microsoft_sso_sessions"), 0);
    assert_eq!(
        browser.post_with(LOGOUT, &[]).await.status,
        303,
        "twice is no error"
    );
}

#[actix_web::test]
async fn only_a_post_signs_out() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let reply = browser.get(LOGOUT).await;
    assert_eq!(reply.status, 405);
    assert!(browser.me().await.is_some());
}

#[actix_web::test]
async fn a_post_from_another_site_is_refused() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let own = app.url.clone();
    for headers in [
        &[("Sec-Fetch-Site", "cross-site")][..],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", &own)],
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
        &[("Origin", "http://127.0.0.1")],
        &[("Origin", "")],
    ] {
        let reply = browser.post_with(LOGOUT, headers).await;
        assert_eq!(reply.status, 403, "{headers:?}");
        assert!(browser.me().await.is_some(), "{headers:?}");
    }
    for headers in [
        &[("Sec-Fetch-Site", "same-origin")][..],
        &[("Origin", &own)],
        &[],
    ] {
        browser.sign_in(ADA).await;
        assert_eq!(
            browser.post_with(LOGOUT, headers).await.status,
            303,
            "{headers:?}"
        );
        assert!(browser.me().await.is_none());
    }
}
