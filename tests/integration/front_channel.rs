//! Entra's front-channel logout: a hidden frame without cookies that names a session.

use crate::{harness::TestApp, log};

const ADA: &str = "ada@contoso.example";

#[actix_web::test]
async fn a_session_that_ended_at_entra_ends_here() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.browser(), app.browser());
    ada.sign_in(ADA).await;
    grace.sign_in("grace@contoso.example").await;
    let sid = ada.get("/identity").await.json()["session_id"]
        .as_str()
        .unwrap()
        .to_owned();
    for path in ["front-channel-logout/", "front-channel-logout"] {
        // As Entra asks: no cookie comes along.
        let reply = app
            .browser()
            .get(&format!("/microsoft_sso/{path}?sid={sid}"))
            .await;
        assert_eq!(reply.status, 200);
        assert!(reply.header("cache-control").contains("no-store"));
        assert!(ada.me().await.is_none());
    }
    assert!(grace.me().await.is_some());
}

#[actix_web::test]
async fn the_answer_is_the_same_for_a_session_that_is_not_known() {
    log::begin();
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    for query in [
        "",
        "?sid=",
        "?sid=unknown",
        "?sid=%00",
        "?sid=%27%20OR%201%3D1--",
        "?other=1",
    ] {
        // The browser's own session is left alone, whatever is asked.
        let reply = browser
            .get(&format!("/microsoft_sso/front-channel-logout/{query}"))
            .await;
        assert_eq!(reply.status, 200, "{query}");
        assert!(reply.header("cache-control").contains("no-store"));
    }
    let long = format!(
        "/microsoft_sso/front-channel-logout/?sid={}",
        "x".repeat(5000)
    );
    assert_eq!(browser.get(&long).await.status, 200);
    assert!(browser.me().await.is_some());
    // Whatever an anonymous request asks is no error of the application.
    let errors = log::lines(&["ERROR", "front_channel_logout_failed"]);
    let by_nul = errors
        .iter()
        .filter(|line| line.contains("nul") || line.contains("0x00"));
    assert_eq!(by_nul.count(), 0, "{errors:?}");
}

#[actix_web::test]
async fn the_answer_is_the_same_while_the_database_is_away() {
    let app = TestApp::start().await;
    app.execute("DROP TABLE microsoft_sso_sessions");
    let reply = app
        .browser()
        .get("/microsoft_sso/front-channel-logout/?sid=x")
        .await;
    assert_eq!(reply.status, 200);
}
