//! The demo as a process: what its environment promises, over plain HTTP and over TLS.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed"
)]

#[path = "integration/browser.rs"]
#[expect(dead_code, reason = "it serves the integration tests, too")]
mod browser;

#[path = "support/demo.rs"]
mod process;

#[path = "support/certificate.rs"]
mod certificate;

#[path = "support/tls.rs"]
mod tls;

use std::{fs, net::TcpListener, time::Duration};

use actix_web::rt::time::sleep;
use browser::Browser;
use certificate::{KEYS, write_certificate};
use microsoft_sso::testing::{
    CONTOSO, Endpoint, FakeEntra, Fault, IDENTITY_HEADER, MANAGED_IDENTITY, Person,
};
use process::{Demo, command};
use tempfile::TempDir;
use tls::{authority, over_tls};

const ADA: &str = "ada@contoso.example";

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
async fn the_demo_lets_a_disabled_user_out_within_recheck() {
    for sessions in ["database", "cookie"] {
        let entra = FakeEntra::start().unwrap();
        let settings = [("MICROSOFT_SSO_RECHECK", "2s"), ("SESSIONS", sessions)];
        let demo = Demo::start(&entra, &settings).await;
        let browser = Browser::new(&demo.url, entra.clone());
        browser.sign_in(ADA).await;
        sleep(Duration::from_millis(3100)).await;
        assert_eq!(browser.get("/private").await.status, 200);
        let oid = Person::new(CONTOSO, ADA).oid;
        entra.update_person(&oid, |ada| ada.is_enabled = false);
        sleep(Duration::from_millis(3100)).await;
        assert_eq!(browser.get("/private").await.status, 302, "{sessions}");
        assert_eq!(browser.get("/me").await.status, 401);
    }
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

/// A sign-in at the demo without a client secret, with these variables.
async fn signs_in_with(entra: &FakeEntra, variables: &[(&str, &str)]) -> String {
    let mut environment = vec![("MICROSOFT_SSO_CLIENT_SECRET", ""), ("RUST_LOG", "info")];
    environment.extend(variables);
    let demo = Demo::start(entra, &environment).await;
    let browser = Browser::new(&demo.url, entra.clone());
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
    demo.said()
}

#[actix_web::test]
async fn the_demo_signs_in_with_a_certificate() {
    let entra = FakeEntra::start().unwrap();
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("client.pem");
    let der = write_certificate(&file, KEYS[0], 100);
    entra.register_certificate(&der).unwrap();
    let variable = "MICROSOFT_SSO_CLIENT_CERTIFICATE";
    let said = signs_in_with(&entra, &[(variable, file.to_str().unwrap())]).await;
    assert!(said.contains("the days until it ends"), "{said}");
}

#[actix_web::test]
async fn the_demo_signs_in_as_a_pod_with_the_variables_of_azure_alone() {
    let entra = FakeEntra::start().unwrap();
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("azure-identity-token");
    fs::write(&file, entra.federated_token()).unwrap();
    let host = format!("{}/", entra.url());
    let variables = [
        ("MICROSOFT_SSO_APPLICATION_ID", ""),
        ("MICROSOFT_SSO_AUTHORITY", ""),
        ("AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap()),
        ("AZURE_CLIENT_ID", entra.application_id()),
        ("AZURE_TENANT_ID", microsoft_sso::testing::CONTOSO),
        ("AZURE_AUTHORITY_HOST", &host),
    ];
    let said = signs_in_with(&entra, &variables).await;
    assert!(said.contains("federated_token_file"), "{said}");
}

#[actix_web::test]
async fn the_demo_signs_in_with_a_managed_identity_of_a_machine_and_of_app_service() {
    let entra = FakeEntra::start().unwrap();
    let identity = ("MICROSOFT_SSO_MANAGED_IDENTITY", MANAGED_IDENTITY);
    let url = entra.url();
    // The service is not there yet, as when a machine has just started.
    entra.fault_times(Endpoint::ManagedIdentity, Fault::Status(404), 1);
    let machine = [identity, ("AZURE_POD_IDENTITY_AUTHORITY_HOST", &*url)];
    signs_in_with(&entra, &machine).await;
    assert_eq!(entra.count(Endpoint::ManagedIdentity), 2);
    let endpoint = entra.identity_endpoint();
    let app_service = [
        identity,
        ("IDENTITY_ENDPOINT", &*endpoint),
        ("IDENTITY_HEADER", IDENTITY_HEADER),
    ];
    signs_in_with(&entra, &app_service).await;
    // Its token is kept.
    let demo = Demo::start(
        &entra,
        &[&app_service[..], &[("MICROSOFT_SSO_CLIENT_SECRET", "")]].concat(),
    )
    .await;
    let before = entra.count(Endpoint::ManagedIdentity);
    for _ in 0..3 {
        Browser::new(&demo.url, entra.clone()).sign_in(ADA).await;
    }
    assert_eq!(entra.count(Endpoint::ManagedIdentity), before + 1);
}

#[actix_web::test]
async fn a_proxy_that_cannot_be_used_stops_the_start_and_not_an_emulated_tenant() {
    let socks = ("ALL_PROXY", "socks5://127.0.0.1:9");
    let demo = Demo::start(&FakeEntra::start().unwrap(), &[socks]).await;
    drop(demo);
    let dir = TempDir::new().unwrap();
    let mut command = command(dir.path(), "127.0.0.1:0");
    let output = command
        .envs([
            socks,
            (
                "MICROSOFT_SSO_APPLICATION_ID",
                "00001111-aaaa-2222-bbbb-3333cccc4444",
            ),
            ("MICROSOFT_SSO_CLIENT_SECRET", "value"),
        ])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("the variable ALL_PROXY is not the address"),
        "{said}"
    );
}

#[actix_web::test]
async fn an_identity_service_that_is_silent_is_shared_bounded_and_named() {
    let entra = FakeEntra::start().unwrap();
    entra.fault(Endpoint::ManagedIdentity, Fault::Hang);
    let url = entra.url();
    let variables = [
        ("MICROSOFT_SSO_MANAGED_IDENTITY", MANAGED_IDENTITY),
        ("MICROSOFT_SSO_CLIENT_SECRET", ""),
        ("MICROSOFT_SSO_ENTRA_TIMEOUT", "2s"),
        ("RUST_LOG", "info"),
        ("AZURE_POD_IDENTITY_AUTHORITY_HOST", &*url),
        // It is never reached by a proxy.
        ("MICROSOFT_SSO_PROXY", "http://proxy.invalid:3128"),
    ];
    let demo = Demo::start(&entra, &variables).await;
    let refused = (0..6).map(|_| async {
        let message = Browser::new(&demo.url, entra.clone()).refused(ADA).await;
        assert!(
            message.contains("Microsoft can't be reached") || message.contains("&#39;t be reached"),
            "{message}"
        );
    });
    let limit = std::time::Duration::from_secs(5);
    let all = futures_util::future::join_all(refused);
    actix_web::rt::time::timeout(limit, all).await.unwrap();
    let said = demo.said();
    assert!(said.contains("/metadata/identity/oauth2/token"), "{said}");
    assert!(!said.contains("through the proxy http"), "{said}");
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

#[actix_web::test]
async fn without_an_application_id_an_emulated_tenant_stands_in() {
    // Whatever else is set: what the demo prints is so.
    let real = "https://login.microsoftonline.com/common";
    let settings = [
        ("MICROSOFT_SSO_APPLICATION_ID", ""),
        ("MICROSOFT_SSO_AUTHORITY", real),
    ];
    let demo = Demo::start_with(&settings).await;
    let said = demo.said();
    let url = said.split_whitespace().find(|word| {
        let is_url = word.starts_with("http://127.0.0.1:");
        is_url && !word.starts_with(&demo.url)
    });
    let url = url.unwrap();
    assert!(
        said.contains("emulated tenant") && said.contains(ADA),
        "{said}"
    );
    assert!(said.contains(&format!("Open {}/ in", demo.url)), "{said}");
    let browser = Browser::new(&demo.url, FakeEntra::start().unwrap());
    assert!(browser.get("/").await.body.contains("emulated"));
    let to = browser.start("").await;
    assert!(to.starts_with(url), "{to}");
}

#[actix_web::test]
async fn an_application_id_in_the_file_is_one() {
    let entra = FakeEntra::start().unwrap();
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("settings.toml");
    let settings = format!(
        "application_id = '{}'\nclient_secret = '{}'\nauthority = '{}'\ngraph_url = '{}'\n",
        entra.application_id(),
        entra.client_secret(),
        entra.authority("common"),
        entra.graph_url(),
    );
    fs::write(&file, settings).unwrap();
    let demo = Demo::start_with(&[("MICROSOFT_SSO_CONFIG", file.to_str().unwrap())]).await;
    let said = demo.said();
    assert!(
        said.contains("is running") && !said.contains("emulated"),
        "{said}"
    );
    let port = demo.url.rsplit_once(':').unwrap().1;
    let redirect = format!("http://localhost:{port}/microsoft_sso/callback/");
    assert!(said.contains(&redirect), "{said}");
    let browser = Browser::new(&demo.url, entra.clone());
    let home = browser.get("/").await.body;
    assert!(
        home.contains("Nobody is signed in") && !home.contains("emulated"),
        "{home}"
    );
    assert!(browser.start("").await.starts_with(&entra.url()));
}

#[actix_web::test]
async fn a_sign_in_that_is_switched_off_is_said_to_be() {
    let demo = Demo::start_with(&[("MICROSOFT_SSO_ENABLED", "false")]).await;
    let said = demo.said();
    assert!(said.contains("is running"), "{said}");
    assert!(said.contains("Signing in is switched off"), "{said}");
    assert!(!said.contains("emulated"), "{said}");
    let browser = Browser::new(&demo.url, FakeEntra::start().unwrap());
    let home = browser.get("/").await.body;
    assert!(home.contains("Signing in is switched off"), "{home}");
    assert!(!home.contains("/microsoft_sso/login/"), "{home}");
}

#[test]
fn a_taken_port_is_a_plain_message_with_the_next_step() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = TempDir::new().unwrap();
    let output = command(dir.path(), &address).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert_eq!(printed, "");
    assert!(error.contains(&format!("{address} is taken")), "{error}");
    assert!(error.contains("BIND_ADDRESS=127.0.0.1:"), "{error}");
    assert!(
        !error.contains("Os {") && !error.contains("Error:"),
        "{error}"
    );
}

#[test]
fn settings_that_are_wrong_are_a_list_and_start_nothing() {
    let dir = TempDir::new().unwrap();
    for (name, value) in [
        ("MICROSOFT_SSO_APPLICATION_ID", "my application"),
        ("MICROSOFT_SSO_SESSION_AGE", "0s"),
        ("MICROSOFT_SSO_CONFIG", "/nowhere.toml"),
        ("SESSIONS", "redis"),
    ] {
        let mut command = command(dir.path(), "127.0.0.1:0");
        let output = command.env(name, value).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{name}");
        assert_eq!(output.stdout, b"", "{name}");
        assert!(error.contains(name), "{name}: {error}");
    }
}

#[actix_web::test]
async fn its_pages_load_nothing_from_elsewhere_and_cancelling_is_no_error() {
    let entra = FakeEntra::start().unwrap();
    let demo = Demo::start(&entra, &[]).await;
    let browser = Browser::new(&demo.url, entra.clone());
    let url = browser.start("").await;
    let callback = entra.refuse(&url, "access_denied", "").unwrap();
    browser.get(&callback).await;
    let cancelled = browser.get("/").await;
    let message = "class=\"message status\" role=\"status\">The sign-in was cancelled.";
    assert!(cancelled.body.contains(message), "{}", cancelled.body);
    browser.sign_in(ADA).await;
    let pages = [
        cancelled,
        browser.get("/").await,
        browser.get("/private").await,
    ];
    for page in pages {
        assert_eq!(page.status, 200);
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self';"));
        assert!(page.body.contains("<link rel=\"icon\" href=\"data:"));
        for forbidden in ["http:", "https:", "<script", "style=", "<style"] {
            assert!(!page.body.contains(forbidden), "{forbidden}: {}", page.body);
        }
    }
    assert_eq!(browser.get("/demo.css").await.status, 200);
}
