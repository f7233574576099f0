//! The demo as a process: what its environment promises, over plain HTTP and over TLS.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed"
)]

#[path = "integration/browser.rs"]
#[expect(dead_code, reason = "it serves the integration tests, too")]
mod browser;

#[path = "support/tls.rs"]
mod tls;

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use actix_web::rt::time::sleep;
use browser::Browser;
use microsoft_sso::testing::FakeEntra;
use tempfile::TempDir;
use tls::{authority, over_tls};

const ADA: &str = "ada@contoso.example";

struct Demo {
    process: Child,
    url: String,
    _dir: TempDir,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Demo {
    async fn start(entra: &FakeEntra, environment: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let dir = TempDir::new().unwrap();
        let test = std::env::current_exe().unwrap();
        let demo: PathBuf = test
            .parent()
            .unwrap()
            .parent()
            .unwrap()
            .join("examples/demo");
        let process = Command::new(demo)
            .current_dir(dir.path())
            .env("BIND_ADDRESS", format!("127.0.0.1:{port}"))
            .env("DATABASE_URL", "sqlite://people.sqlite3")
            .env("RUST_LOG", "off")
            .env("MICROSOFT_SSO_APPLICATION_ID", entra.application_id())
            .env("MICROSOFT_SSO_CLIENT_SECRET", entra.client_secret())
            .env("MICROSOFT_SSO_AUTHORITY", entra.authority("common"))
            .env("MICROSOFT_SSO_GRAPH_URL", entra.graph_url())
            .env(
                "MICROSOFT_SSO_ALLOWABLE_DOMAINS",
                "contoso.example, fabrikam.example",
            )
            .env("MICROSOFT_SSO_SESSION_AGE", "2h")
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .spawn();
        let demo = Self {
            process: process.unwrap(),
            url: format!("http://127.0.0.1:{port}"),
            _dir: dir,
        };
        demo.until_up().await;
        demo
    }

    async fn until_up(&self) {
        let client = awc::Client::default();
        for _ in 0..100 {
            if client.get(&self.url).send().await.is_ok() {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("the demo did not come up");
    }

    /// Sends SIGTERM and waits for the end.
    #[expect(clippy::disallowed_methods, reason = "a process ends in wall time")]
    async fn terminate(mut self) -> ExitStatus {
        let kill = Command::new("kill")
            .arg(self.process.id().to_string())
            .status();
        assert!(kill.unwrap().success());
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("it did not end");
    }
}

#[actix_web::test]
async fn the_demo_keeps_its_contract() {
    let entra = FakeEntra::start().unwrap();
    let demo = Demo::start(&entra, &[("MICROSOFT_SSO_SAVE_ACCESS_TOKEN", "true")]).await;
    let browser = Browser::new(&demo.url, entra.clone());
    assert_eq!(browser.get("/me").await.status, 401);
    assert!(
        browser
            .get("/")
            .await
            .body
            .contains("Sign in with Microsoft")
    );
    assert_eq!(browser.sign_in(ADA).await.location(), "/");
    let me = browser.me().await.unwrap();
    for (name, value) in [
        ("email", ADA),
        ("first_name", "Ada"),
        ("last_name", "Lovelace"),
        ("username", ADA),
        ("locale", "en-GB"),
    ] {
        assert_eq!(me[name], value, "{name}");
    }
    assert!(
        me["picture"]
            .as_str()
            .unwrap()
            .starts_with("data:image/png;base64,")
    );
    assert!(me["microsoft_id"].is_string());
    assert!(me["access_token"].as_str().unwrap().len() > 1000);
    let home = browser.get("/").await.body;
    assert!(
        home.contains("Ada Lovelace") && home.contains("Sign out"),
        "{home}"
    );
    assert_eq!(
        browser.post_with("/microsoft_sso/logout", &[]).await.status,
        303
    );
    assert!(browser.me().await.is_none());
    assert!(demo.terminate().await.success(), "SIGTERM is no clean end");
}

#[actix_web::test]
async fn sessions_can_be_kept_in_a_cookie() {
    let entra = FakeEntra::start().unwrap();
    let demo = Demo::start(
        &entra,
        &[
            ("SESSIONS", "cookie"),
            ("MICROSOFT_SSO_SAVE_ACCESS_TOKEN", "true"),
        ],
    )
    .await;
    entra.set_access_token_length(3500);
    let browser = Browser::new(&demo.url, entra.clone());
    browser.sign_in(ADA).await;
    let me = browser.me().await.unwrap();
    assert_eq!(me["email"], ADA);
    assert!(me["access_token"].is_null());
}

#[actix_web::test]
async fn a_company_that_inspects_tls_names_its_authority_in_ssl_cert_file() {
    let entra = FakeEntra::start().unwrap();
    let dir = TempDir::new().unwrap();
    let (file, config) = authority(dir.path());
    over_tls(&entra, config).await;
    let demo = Demo::start(
        &entra,
        &[
            ("SSL_CERT_FILE", file.to_str().unwrap()),
            ("SSL_CERT_DIR", ""),
        ],
    )
    .await;
    let browser = Browser::new(&demo.url, entra.clone());
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
    // Two more, over the connections that are open.
    let before = entra.connections();
    for _ in 0..6 {
        Browser::new(&demo.url, entra.clone()).sign_in(ADA).await;
    }
    assert!(entra.connections() <= before + 4, "connections aren't kept");
}

#[actix_web::test]
async fn a_server_that_nobody_vouches_for_gets_no_secret() {
    let entra = FakeEntra::start().unwrap();
    let dir = TempDir::new().unwrap();
    let (_, config) = authority(dir.path());
    over_tls(&entra, config).await;
    let demo = Demo::start(&entra, &[]).await;
    let reply = Browser::new(&demo.url, entra.clone())
        .get("/microsoft_sso/login/")
        .await;
    assert_eq!(reply.status, 503);
    assert_eq!(entra.requests().len(), 0);
}
