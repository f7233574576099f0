//! Requests to Microsoft through a proxy, and what the log says when it fails.

use std::time::Duration;

use microsoft_sso::{ConfigBuilder, testing::FakeEntra};
use tempfile::TempDir;

use crate::{
    connect_proxy::{ConnectProxy, Manner},
    harness::TestApp,
    log,
    tls::{authority, tls_before},
};

const ADA: &str = "ada@contoso.example";

/// An emulated Entra at a name that the proxy alone knows, and the certificate to trust.
async fn far_away() -> (FakeEntra, TempDir, String) {
    let entra = FakeEntra::start().unwrap();
    let dir = TempDir::new().unwrap();
    let (file, config) = authority(dir.path());
    let behind = entra.url().trim_start_matches("http://").to_owned();
    let port = tls_before(behind, config).await;
    entra.set_url(&format!("https://login.emulated.test:{port}"));
    let file = file.to_str().unwrap().to_owned();
    (entra, dir, file)
}

/// An application whose way out is this proxy.
pub(crate) async fn behind(proxy: &str) -> TestApp {
    let (entra, _dir, file) = far_away().await;
    let settings = |settings: ConfigBuilder| {
        let settings = settings.entra_timeout(Duration::from_secs(2));
        settings.proxy(proxy).ca_file(file)
    };
    TestApp::with_entra(entra, settings).await
}

/// The error in the log of a login that could not begin.
async fn failure(proxy: &str, port: u16) -> String {
    log::begin();
    let app = behind(proxy).await;
    let reply = app.browser().get("/microsoft_sso/login/").await;
    assert_eq!(reply.status, 503);
    assert_eq!(app.entra.connections(), 0);
    let lines = log::lines(&[
        "Entra's metadata could not be fetched",
        &format!("through the proxy http://127.0.0.1:{port}"),
    ]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines[0].clone()
}

#[actix_web::test]
async fn every_request_to_microsoft_goes_through_the_proxy() {
    let proxy = ConnectProxy::start(Manner::Connects).await;
    let app = behind(&proxy.url()).await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
    let heads = proxy.heads();
    assert!(!heads.is_empty());
    for head in &heads {
        assert!(head.starts_with("CONNECT login.emulated.test:"), "{head}");
        assert!(!head.contains("Authorization"), "{head}");
    }
    // The ends of the tunnels are all that Microsoft saw.
    assert_eq!(app.entra.connections(), heads.len());
}

#[actix_web::test]
async fn a_proxy_that_asks_for_a_password_gets_that_of_its_address() {
    // `user:pass`
    let proxy = ConnectProxy::start(Manner::Asks("Basic dXNlcjpwYXNz")).await;
    let app = behind(&format!("http://user:pass@127.0.0.1:{}", proxy.port)).await;
    app.browser().sign_in(ADA).await;
    let line = failure(&proxy.url(), proxy.port).await;
    assert!(
        line.contains("asks for a user name and a password"),
        "{line}"
    );
    // Another proxy, to tell the lines apart.
    let proxy = ConnectProxy::start(Manner::Asks("Basic dXNlcjpwYXNz")).await;
    let url = format!("http://user:wr0ng-pa55@127.0.0.1:{}", proxy.port);
    let line = failure(&url, proxy.port).await;
    assert!(
        line.contains("refuses the user name and password"),
        "{line}"
    );
    assert!(!log::text().contains("wr0ng-pa55"));
}

#[actix_web::test]
async fn a_proxy_that_fails_is_named_in_the_log_with_the_reason() {
    for (manner, reason) in [
        (
            Manner::Says("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
            "refuses CONNECT to login.emulated.test:",
        ),
        (
            Manner::Says("HTTP/1.1 503 Service Unavailable\r\n\r\n"),
            "it can't connect to login.emulated.test:",
        ),
        (
            Manner::Says("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
            "its answer is not HTTP",
        ),
        (Manner::Says(""), "it ended the connection"),
        (
            Manner::Says("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}"),
            "more than the head of an answer",
        ),
        (
            Manner::Hangs,
            "it waited for a tunnel to login.emulated.test:",
        ),
    ] {
        let proxy = ConnectProxy::start(manner).await;
        let line = failure(&proxy.url(), proxy.port).await;
        assert!(line.contains(reason), "{reason}: {line}");
    }
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = gone.local_addr().unwrap().port();
    drop(gone);
    let line = failure(&format!("127.0.0.1:{port}"), port).await;
    let refused = format!("127.0.0.1:{port} (Connection refused");
    assert!(line.contains(&refused), "{line}");
}

#[actix_web::test]
async fn a_proxy_is_spoken_to_over_tls_where_its_address_says_so() {
    let proxy = ConnectProxy::start(Manner::Connects).await;
    let (entra, dir, file) = far_away().await;
    let (proxy_file, config) = authority(&dir.path().join(".."));
    let port = tls_before(format!("127.0.0.1:{}", proxy.port), config).await;
    let both = [&file, proxy_file.to_str().unwrap()]
        .map(|file| std::fs::read_to_string(file).unwrap())
        .concat();
    let both_file = dir.path().join("both.pem");
    std::fs::write(&both_file, both).unwrap();
    let app = TestApp::with_entra(entra, |settings| {
        settings
            .proxy(format!("https://localhost:{port}"))
            .ca_file(both_file.to_str().unwrap())
    })
    .await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
    assert!(!proxy.heads().is_empty());
}

#[actix_web::test]
async fn this_machine_is_reached_without_the_proxy() {
    let app = TestApp::with_settings(|settings| settings.proxy("http://127.0.0.1:9")).await;
    app.browser().sign_in(ADA).await;
}

#[actix_web::test]
async fn an_unknown_issuer_is_named_in_the_log() {
    log::begin();
    let proxy = ConnectProxy::start(Manner::Connects).await;
    let (entra, _dir, _file) = far_away().await;
    let url = proxy.url();
    let app = TestApp::with_entra(entra, |settings| settings.proxy(url)).await;
    let reply = app.browser().get("/microsoft_sso/login/").await;
    assert_eq!(reply.status, 503);
    let lines = log::lines(&[
        "Entra's metadata could not be fetched",
        "the certificate of login.emulated.test is signed by an issuer that is not trusted",
        "CN=Contoso TLS Inspection",
        "`ca_file`",
    ]);
    assert_eq!(lines.len(), 1, "{}", log::text());
    assert_eq!(app.entra.requests().len(), 0);
}
