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

#[actix_web::test]
async fn single_sign_out_ends_here_first_and_goes_on_to_entra_and_back() {
    let app =
        TestApp::with_settings(|s| s.slo_enabled(true).logout_redirect_path("/bye?x=1&y=2")).await;
    let people = app.entra.people();
    let ada = people
        .iter()
        .find(|person| person.user_principal_name == ADA)
        .unwrap();
    app.entra.update_person(&ada.oid, |ada| {
        drop(
            ada.extra_claims
                .insert("login_hint".to_owned(), "O.opaque-hint".into()),
        );
    });
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let reply = browser.post_with(LOGOUT, &[]).await;
    assert!(browser.me().await.is_none());
    let url = url::Url::parse(reply.location()).unwrap();
    assert_eq!(url.path(), "/common/oauth2/v2.0/logout");
    let pairs: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(
        pairs["post_logout_redirect_uri"],
        format!("{}/bye?x=1&y=2", app.url)
    );
    assert_eq!(pairs["logout_hint"], "O.opaque-hint");
    let back = browser.get(reply.location()).await;
    assert_eq!(back.location(), format!("{}/bye?x=1&y=2", app.url));
    // Nobody signed in, nobody to sign out there.
    assert_eq!(
        browser.post_with(LOGOUT, &[]).await.location(),
        "/bye?x=1&y=2"
    );
}
