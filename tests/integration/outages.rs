//! Microsoft or the database away: bounded, explained, and over when it is over.

#![expect(
    clippy::disallowed_methods,
    reason = "how long an answer takes is measured in wall time"
)]

use std::time::{Duration, Instant};

use microsoft_sso::testing::{Endpoint, FakeEntra, Fault};

use crate::{harness::TestApp, log};

const ADA: &str = "ada@contoso.example";

fn quick(settings: microsoft_sso::ConfigBuilder) -> microsoft_sso::ConfigBuilder {
    settings.entra_timeout(Duration::from_secs(1))
}

fn useless() -> Vec<Fault> {
    let body =
        |text: &str| Fault::Body(200, "application/json".to_owned(), text.as_bytes().to_vec());
    vec![
        Fault::Status(503),
        Fault::Status(500),
        Fault::RetryAfter(429, 10),
        Fault::Hang,
        Fault::Endless,
        Fault::Bomb,
        Fault::Truncated,
        Fault::Drip(Duration::from_millis(50)),
        Fault::Redirect("http://127.0.0.1:9/".to_owned()),
        Fault::Body(200, "text/html".to_owned(), b"<html>".to_vec()),
        body("<html>"),
        body("{}"),
        body("[]"),
        body("{\"keys\":[]}"),
        body("\u{0}"),
    ]
}

#[actix_web::test]
async fn without_metadata_login_says_so_within_its_time_and_recovers_by_itself() {
    let app = TestApp::with_settings(quick).await;
    for endpoint in [Endpoint::Metadata, Endpoint::Keys] {
        for fault in useless() {
            app.entra.fault(endpoint, fault.clone());
            let before = Instant::now();
            let reply = app.browser().get("/microsoft_sso/login/").await;
            assert_eq!(reply.status, 503, "{fault:?}");
            assert!(
                reply.body.contains("Microsoft can&#39;t be reached"),
                "{}",
                reply.body
            );
            assert!(!reply.header("retry-after").is_empty());
            assert!(before.elapsed() < Duration::from_secs(3), "{fault:?}");
        }
        app.entra.clear_faults();
    }
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
}

#[actix_web::test]
async fn the_server_starts_while_microsoft_is_unreachable() {
    let entra = FakeEntra::start().unwrap();
    let gone = FakeEntra::start().unwrap();
    let (authority, port) = (gone.authority("common"), gone.url());
    gone.stop();
    drop(gone);
    let app = TestApp::with_entra(entra, |s| quick(s).authority(authority)).await;
    assert_eq!(app.browser().get("/microsoft_sso/login/").await.status, 503);
    assert_eq!(app.browser().get("/").await.status, 200);
    let address = port.trim_start_matches("http://").to_owned();
    let back = FakeEntra::start_on(address).unwrap();
    assert_eq!(app.browser().get("/microsoft_sso/login/").await.status, 302);
    drop(back);
}

#[actix_web::test]
async fn many_who_wait_for_metadata_share_one_fetch_and_its_failure() {
    let app = TestApp::with_settings(quick).await;
    app.entra.fault(Endpoint::Metadata, Fault::Hang);
    let browsers: Vec<_> = (0..20).map(|_| app.browser()).collect();
    let before = Instant::now();
    let logins = browsers
        .iter()
        .map(|browser| browser.get("/microsoft_sso/login/"));
    for reply in futures_util::future::join_all(logins).await {
        assert_eq!(reply.status, 503);
    }
    assert!(
        before.elapsed() < Duration::from_secs(4),
        "{:?}",
        before.elapsed()
    );
    assert!(app.entra.count(Endpoint::Metadata) <= 3);
}

#[actix_web::test]
async fn a_token_endpoint_out_of_order_is_no_server_error_and_bounded() {
    let app = TestApp::with_settings(quick).await;
    for fault in useless() {
        app.entra.fault(Endpoint::Token, fault.clone());
        let before = Instant::now();
        let message = app.browser().refused(ADA).await;
        assert!(message.contains("again"), "{fault:?}: {message}");
        assert!(before.elapsed() < Duration::from_secs(3), "{fault:?}");
    }
    app.entra.clear_faults();
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
}

#[actix_web::test]
async fn the_database_gone_is_a_clear_503_and_over_when_it_is_back() {
    let app = TestApp::start().await;
    app.execute("ALTER TABLE microsoft_sso_identities RENAME TO away");
    let browser = app.browser();
    let reply = browser.sign_in(ADA).await;
    assert_eq!(reply.status, 503);
    assert!(
        reply
            .body
            .contains("can&#39;t sign anybody in at the moment"),
        "{}",
        reply.body
    );
    assert!(
        !reply.body.contains("microsoft_sso_identities"),
        "an inner name is shown"
    );
    app.execute("ALTER TABLE away RENAME TO microsoft_sso_identities");
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
}

#[actix_web::test]
async fn an_api_client_reads_of_an_outage_in_json() {
    let app = TestApp::with_settings(quick).await;
    app.entra.fault(Endpoint::Metadata, Fault::Status(503));
    let reply = app
        .browser()
        .get_with("/microsoft_sso/login/", &[("Accept", "application/json")])
        .await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.json()["error"], "metadata_unavailable");
}

#[actix_web::test]
async fn no_redirect_is_followed_and_so_nothing_is_told_to_another_server() {
    let app = TestApp::with_settings(quick).await;
    let other = FakeEntra::start().unwrap();
    for (endpoint, path) in [
        (
            Endpoint::Metadata,
            "/common/v2.0/.well-known/openid-configuration",
        ),
        (Endpoint::Keys, "/common/discovery/v2.0/keys"),
        (Endpoint::Token, "/common/oauth2/v2.0/token"),
        (Endpoint::Me, "/v1.0/me"),
        (Endpoint::Photo, "/v1.0/me/photo/$value"),
    ] {
        app.entra
            .fault(endpoint, Fault::Redirect(format!("{}{path}", other.url())));
        let browser = app.browser();
        let login = browser.get("/microsoft_sso/login/").await;
        if login.status == 302 {
            let callback = app.entra.sign_in(login.location(), ADA).unwrap();
            browser.get(&callback).await;
        }
        assert_eq!(other.requests().len(), 0, "{endpoint:?}");
        app.entra.clear_faults();
    }
}

#[actix_web::test]
async fn the_database_that_goes_in_mid_callback_is_a_clear_503_and_leaves_nothing_half_done() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "").await;
    let slow = Fault::Delay(Duration::from_millis(400));
    app.entra.fault(Endpoint::Me, slow);
    let (reply, ()) = futures_util::future::join(browser.get(&callback), async {
        while app.entra.count(Endpoint::Me) == 0 {
            actix_web::rt::time::sleep(Duration::from_millis(5)).await;
        }
        app.execute("ALTER TABLE microsoft_sso_users RENAME TO away");
    })
    .await;
    assert_eq!(reply.status, 503);
    assert!(browser.me().await.is_none());
    assert_eq!(app.count("users"), 0, "a user without their identity");
    assert_eq!(app.count("microsoft_sso_identities"), 0);
    app.execute("ALTER TABLE away RENAME TO microsoft_sso_users");
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
}

#[actix_web::test]
async fn a_clock_that_is_minutes_off_is_bridged_and_one_that_is_far_off_is_named_in_the_log() {
    log::begin();
    for seconds in [-240, 240] {
        let app = TestApp::start().await;
        app.advance(seconds);
        let browser = app.browser();
        browser.sign_in(ADA).await;
        assert!(browser.me().await.is_some(), "{seconds} s");
    }
    // An ID token is good for an hour, so a clock before Entra's is noticed earlier.
    for seconds in [-1200, 7200] {
        let app = TestApp::start().await;
        app.advance(seconds);
        let message = app.browser().refused(ADA).await;
        assert!(message.contains("could not be verified"), "{message}");
    }
    let refused = log::lines(&["id_token_refused", "is this machine's clock right?"]);
    assert!(!refused.is_empty());
}
