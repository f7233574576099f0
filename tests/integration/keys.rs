//! Metadata and keys: cached, refreshed, rotated, and never fetched at a forger's will.

#![expect(
    clippy::disallowed_methods,
    reason = "how long an answer takes is measured in wall time"
)]

use std::time::Duration;

use microsoft_sso::testing::{Endpoint, Fault, Signature};
use serde_json::json;

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";

#[actix_web::test]
async fn oidcc_client_test_signing_key_rotation_just_before_signing() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "").await;
    app.entra.rotate_keys();
    assert_eq!(browser.get(&callback).await.location(), "/");
    assert!(browser.me().await.is_some());
    assert_eq!(app.entra.count(Endpoint::Keys), 2);
}

#[actix_web::test]
async fn oidcc_client_test_signing_key_rotation() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        let browser = app.browser();
        browser.sign_in(ADA).await;
        assert!(browser.me().await.is_some());
        app.entra.rotate_keys();
    }
}

#[actix_web::test]
async fn many_callbacks_after_a_rotation_cause_one_fetch() {
    let app = TestApp::start().await;
    let browsers: Vec<_> = (0..20).map(|_| app.browser()).collect();
    let mut callbacks = Vec::new();
    for browser in &browsers {
        callbacks.push(browser.to_callback(ADA, "").await);
    }
    app.entra.rotate_keys();
    app.entra
        .fault(Endpoint::Keys, Fault::Delay(Duration::from_millis(200)));
    app.entra.clear_requests();
    let all = browsers
        .iter()
        .zip(&callbacks)
        .map(|(browser, callback)| browser.get(callback));
    futures_util::future::join_all(all).await;
    for browser in &browsers {
        assert!(browser.me().await.is_some());
    }
    let fetches = app.entra.count(Endpoint::Keys);
    assert!(fetches <= 2, "{fetches} fetches");
}

#[actix_web::test]
async fn forged_tokens_do_not_drive_fetches() {
    let app = TestApp::start().await;
    app.browser().sign_in(ADA).await;
    app.entra.clear_requests();
    app.entra.tamper(|token| {
        let kid = token.claims["uti"].as_str().unwrap_or("x").to_owned();
        token
            .header
            .insert("kid".to_owned(), json!(format!("forged-{kid}")));
        token.signature = Signature::WrongKey;
    });
    for _ in 0..12 {
        app.browser().refused(ADA).await;
    }
    assert_eq!(app.entra.count(Endpoint::Keys), 3);
    app.pass(301);
    for _ in 0..5 {
        app.browser().refused(ADA).await;
    }
    assert_eq!(app.entra.count(Endpoint::Keys), 4);
    app.entra.clear_tamper();
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
}

#[actix_web::test]
async fn metadata_is_refreshed_each_hour_in_the_background() {
    let app = TestApp::start().await;
    app.browser().start("").await;
    app.pass(3500);
    app.browser().start("").await;
    assert_eq!(app.entra.count(Endpoint::Metadata), 1);
    app.pass(200);
    app.entra
        .fault(Endpoint::Metadata, Fault::Delay(Duration::from_millis(300)));
    let before = std::time::Instant::now();
    app.browser().start("").await;
    app.browser().start("").await;
    assert!(
        before.elapsed() < Duration::from_millis(250),
        "login waited for it"
    );
    actix_web::rt::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(app.entra.count(Endpoint::Metadata), 2);
    assert_eq!(app.entra.count(Endpoint::Keys), 2);
}

#[actix_web::test]
async fn the_last_good_keys_are_kept_while_microsoft_is_down() {
    let app = TestApp::start().await;
    app.browser().sign_in(ADA).await;
    app.entra.fault(Endpoint::Metadata, Fault::Status(503));
    app.entra.fault(Endpoint::Keys, Fault::Status(503));
    for _ in 0..3 {
        app.pass(24 * 3600);
        let browser = app.browser();
        browser.sign_in(ADA).await;
        assert!(browser.me().await.is_some());
    }
}

#[actix_web::test]
async fn oidcc_client_test_discovery_issuer_mismatch() {
    let app = TestApp::start().await;
    let base = app.entra.url();
    for issuer in [
        "https://evil.example/{tenantid}/v2.0".to_owned(),
        format!("{base}/v2.0"),
        String::new(),
    ] {
        app.entra.fault(
            Endpoint::Metadata,
            Fault::Json(json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{base}/common/oauth2/v2.0/authorize"),
                "token_endpoint": format!("{base}/common/oauth2/v2.0/token"),
                "jwks_uri": format!("{base}/common/discovery/v2.0/keys"),
            })),
        );
        let reply = app.browser().get("/microsoft_sso/login/").await;
        assert_eq!(reply.status, 500, "{issuer}");
    }
}

#[actix_web::test]
async fn metadata_cannot_send_secrets_over_plain_http() {
    let app = TestApp::start().await;
    let base = app.entra.url();
    app.entra.fault(
        Endpoint::Metadata,
        Fault::Json(json!({
            "issuer": format!("{base}/{{tenantid}}/v2.0"),
            "authorization_endpoint": format!("{base}/common/oauth2/v2.0/authorize"),
            "token_endpoint": "http://login.example/token",
            "jwks_uri": format!("{base}/common/discovery/v2.0/keys"),
        })),
    );
    assert_eq!(app.browser().get("/microsoft_sso/login/").await.status, 500);
}

#[actix_web::test]
async fn oidcc_client_test_kid_absent_single_jwks() {
    let app = TestApp::start().await;
    let mut keys = app.keys().await;
    // The first key of work accounts is the one that signs.
    let first = keys["keys"].as_array().unwrap()[0].clone();
    keys["keys"] = json!([first]);
    app.entra.fault(Endpoint::Keys, Fault::Json(keys));
    app.entra.tamper(|token| drop(token.header.remove("kid")));
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
}
