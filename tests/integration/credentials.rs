//! How the application proves to Entra that it is itself, and how each credential is replaced without a
//! restart.

use std::{fs, time::Duration};

use microsoft_sso::{
    ConfigBuilder,
    testing::{Endpoint, FakeEntra, Fault},
};
use tempfile::TempDir;

use crate::{
    certificate::{KEYS, write_certificate},
    harness::TestApp,
    log,
};

const ADA: &str = "ada@contoso.example";

/// An application whose secret Entra doesn't take.
async fn without_secret(settings: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> TestApp {
    let entra = FakeEntra::start().unwrap();
    entra.set_client_secret("another secret");
    TestApp::with_entra(entra, settings).await
}

#[actix_web::test]
async fn a_certificate_signs_in_and_goes_before_the_secret() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("client.pem");
    let der = write_certificate(&file, KEYS[0], 400);
    let path = file.to_str().unwrap();
    let app = without_secret(|settings| settings.client_certificate(path)).await;
    let message = app.browser().refused(ADA).await;
    assert!(message.contains("administrator"), "{message}");
    app.entra.register_certificate(&der).unwrap();
    // The emulated Entra takes no assertion twice.
    app.signs_in(ADA).await;
    app.signs_in(ADA).await;
}

#[actix_web::test]
async fn a_certificate_that_changes_is_used_at_the_next_sign_in() {
    log::begin();
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("client.pem");
    let old = write_certificate(&file, KEYS[0], 400);
    let path = file.to_str().unwrap();
    let app = without_secret(|settings| settings.client_certificate(path)).await;
    app.entra.register_certificate(&old).unwrap();
    app.signs_in(ADA).await;
    // While it is written, the one before is used.
    fs::write(&file, "-----BEGIN").unwrap();
    app.signs_in(ADA).await;
    fs::remove_file(&file).unwrap();
    app.signs_in(ADA).await;
    assert!(!log::lines(&["the client certificate before it is used", path]).is_empty());
    let new = write_certificate(&file, KEYS[1], 12);
    app.browser().refused(ADA).await;
    app.entra.register_certificate(&new).unwrap();
    app.signs_in(ADA).await;
    let soon = log::lines(&["the client certificate ends soon", "days=12"]);
    assert_eq!(soon.len(), 1, "once a day: {soon:?}");
}

#[actix_web::test]
async fn a_certificate_that_has_ended_is_said_at_start() {
    log::begin();
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("client.pem");
    write_certificate(&file, KEYS[0], -3);
    let path = file.to_str().unwrap();
    let _app = without_secret(|settings| settings.client_certificate(path)).await;
    let lines = log::lines(&["ERROR", "the client certificate has ended", "days=-3"]);
    assert_eq!(lines.len(), 1, "{}", log::text());
}

#[actix_web::test]
async fn the_next_secret_is_tried_in_the_same_sign_in_and_then_kept() {
    log::begin();
    let entra = FakeEntra::start().unwrap();
    let app = TestApp::with_entra(entra, |s| s.client_secret_next("the-next-secret")).await;
    app.signs_in(ADA).await;
    assert_eq!(app.entra.count(Endpoint::Token), 1);
    app.entra.set_client_secret("the-next-secret");
    app.signs_in(ADA).await;
    assert_eq!(app.entra.count(Endpoint::Token), 3);
    app.signs_in(ADA).await;
    assert_eq!(app.entra.count(Endpoint::Token), 4);
    let lines = log::lines(&[
        "WARN",
        "Entra refuses `client_secret`, so `client_secret_next`",
    ]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    // And back, should the order have been a mistake.
    app.entra.set_client_secret(app.entra.client_secret());
    app.signs_in(ADA).await;
    assert!(!log::text().contains("the-next-secret"));
}

#[actix_web::test]
async fn everybody_who_signs_in_while_the_secret_ends_gets_in() {
    let entra = FakeEntra::start().unwrap();
    let app = TestApp::with_entra(entra, |s| s.client_secret_next("another-next-secret")).await;
    app.entra.set_client_secret("another-next-secret");
    let late = Fault::Delay(Duration::from_millis(200));
    app.entra.fault(Endpoint::Token, late);
    let app = &app;
    let all = (0..8).map(|_| async move { app.signs_in(ADA).await });
    futures_util::future::join_all(all).await;
}

#[actix_web::test]
async fn two_secrets_that_are_both_refused_are_said_once_and_neither_is_preferred() {
    let entra = FakeEntra::start().unwrap();
    let app = TestApp::with_entra(entra, |s| s.client_secret_next("a-wrong-next-secret")).await;
    app.entra.set_client_secret("neither");
    for tried in 1..3 {
        let message = app.browser().refused(ADA).await;
        assert!(message.contains("administrator"), "{message}");
        assert_eq!(app.entra.count(Endpoint::Token), 2 * tried);
    }
    app.entra.set_client_secret(app.entra.client_secret());
    app.signs_in(ADA).await;
    assert_eq!(app.entra.count(Endpoint::Token), 5);
}

#[actix_web::test]
async fn a_secret_in_a_file_is_replaced_without_a_restart() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("secret");
    fs::write(&file, "first-secret\n").unwrap();
    let path = file.to_str().unwrap();
    let entra = FakeEntra::start().unwrap();
    entra.set_client_secret("first-secret");
    let settings = |s: ConfigBuilder| s.client_secret("").client_secret_file(path);
    let app = TestApp::with_entra(entra, settings).await;
    app.signs_in(ADA).await;
    app.entra.set_client_secret("second-secret");
    app.browser().refused(ADA).await;
    fs::write(&file, "second-secret").unwrap();
    app.signs_in(ADA).await;
}

#[actix_web::test]
async fn a_federated_token_is_read_at_each_sign_in() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("azure-identity-token");
    let path = file.to_str().unwrap();
    let app = without_secret(|settings| settings.federated_token_file(path)).await;
    let message = app.browser().refused(ADA).await;
    assert!(message.contains("administrator"), "{message}");
    assert_eq!(app.entra.count(Endpoint::Token), 0);
    fs::write(&file, format!("{}\n", app.entra.federated_token())).unwrap();
    app.signs_in(ADA).await;
    app.signs_in(ADA).await;
    // One that has run out, as where nobody renews it.
    app.pass(2 * 3600);
    app.browser().refused(ADA).await;
    fs::write(&file, app.entra.federated_token()).unwrap();
    app.signs_in(ADA).await;
}

#[actix_web::test]
async fn a_token_file_that_is_missing_is_named_in_the_log() {
    log::begin();
    let app =
        without_secret(|settings| settings.federated_token_file("/nowhere/azure-identity-token"))
            .await;
    app.browser().refused(ADA).await;
    let lines = log::lines(&[
        "credential_unusable",
        "the file /nowhere/azure-identity-token of the setting `federated_token_file` can't be used",
    ]);
    assert!(!lines.is_empty(), "{}", log::text());
    assert!(lines.iter().all(|line| line.contains("ERROR")));
    assert!(!log::lines(&["WARN", "names a file that can't be read", "/nowhere/"]).is_empty());
}

#[actix_web::test]
async fn a_rotated_secret_key_signs_nobody_out() {
    const NEW: &str = "after-7Yp2cNq8Lr5sVx1Kd9Fh3Wj6Tz4Mb0Ge-QuAoIiEyUkXlPmRnCvBgDfHtSw";
    let app = TestApp::start().await;
    let old = app.browser();
    old.sign_in(ADA).await;
    let previous = |s: ConfigBuilder| {
        s.secret_key(NEW)
            .secret_key_previous([crate::harness::SECRET_KEY])
    };
    let rotated = app.beside(previous);
    let browser = rotated.browser();
    browser.steal_cookies(&old);
    assert!(browser.me().await.is_some());
    // What is new is of the new key alone.
    let new = rotated.browser();
    new.sign_in(ADA).await;
    let back = app.browser();
    back.steal_cookies(&new);
    assert!(back.me().await.is_none());
    let without = app.beside(|s| s.secret_key(NEW));
    let browser = without.browser();
    browser.steal_cookies(&new);
    assert!(browser.me().await.is_some());
    browser.steal_cookies(&old);
    assert!(browser.me().await.is_none(), "the previous key is gone");
}
