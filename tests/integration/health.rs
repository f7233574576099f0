//! `health/` and `MicrosoftSso::status`: how sign-in does, without asking Microsoft.

use microsoft_sso::{ConfigBuilder, testing::FakeEntra};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    certificate::{KEYS, write_certificate},
    harness::TestApp,
    log,
};

const PATH: &str = "/microsoft_sso/health/";

#[actix_web::test]
async fn it_is_off_until_it_is_switched_on() {
    let app = TestApp::start().await;
    assert_eq!(app.browser().get(PATH).await.status, 404);
}

#[actix_web::test]
async fn it_tells_the_age_of_the_keys_and_asks_microsoft_nothing() {
    let app = TestApp::with_settings(|settings| settings.health_enabled(true)).await;
    let browser = app.browser();
    let health = browser.get(PATH).await;
    let new = json!({ "status": "ok", "store": "ok", "keys_age": null, "certificate_days": null });
    assert_eq!(health.status, 200);
    assert_eq!(health.json(), new);
    assert_eq!(health.header("cache-control"), "no-store");
    assert!(health.cookies().is_empty());

    app.signs_in("ada@contoso.example").await;
    app.advance(90);
    app.entra.stop();
    let health = app.browser().get(PATH).await.json();
    assert_eq!(health["keys_age"], 90);
    assert_eq!(app.browser().head(PATH).await.status, 200);
}

#[actix_web::test]
async fn without_the_store_it_is_unavailable_and_the_log_says_why() {
    log::begin();
    let app = TestApp::with_settings(|settings| settings.health_enabled(true)).await;
    app.execute("ALTER TABLE users RENAME TO gone");
    let health = app.browser().get(PATH).await;
    assert_eq!(health.status, 503);
    assert_eq!(health.json()["status"], "unavailable");
    let lines = log::lines(&["WARN", "the user store is unavailable"]);
    assert!(lines[0].contains("users"), "{lines:?}");
    // Whoever asks again within a second costs the store nothing.
    app.execute("ALTER TABLE gone RENAME TO users");
    assert_eq!(app.browser().get(PATH).await.status, 503);
    app.advance(2);
    assert_eq!(app.browser().get(PATH).await.status, 200);
    assert_eq!(log::lines(&["the user store is available again"]).len(), 1);
}

#[actix_web::test]
async fn a_probe_by_address_gets_the_worst_of_all_sites_and_none_of_their_names() {
    let dir = TempDir::new().unwrap();
    let file = |days: i64, key: &[u8]| {
        let file = dir.path().join(format!("{days}.pem"));
        write_certificate(&file, key, days);
        file.to_str().unwrap().to_owned()
    };
    let (long, short) = (file(90, KEYS[0]), file(7, KEYS[1]));
    let entra = FakeEntra::start().unwrap();
    let app = TestApp::with_entra(entra, |settings| {
        let with = |certificate: String| {
            move |site: ConfigBuilder| {
                site.client_secret("")
                    .client_certificate(certificate.clone())
            }
        };
        settings
            .health_enabled(true)
            .base_url("")
            .site("one.example", with(long))
            .site("two.example", with(short))
    })
    .await;
    let health = app.browser().get_with(PATH, &[("host", "10.0.0.7")]).await;
    assert_eq!(health.status, 200, "{}", health.body);
    assert_eq!(health.json()["certificate_days"], 7);
    assert!(!health.body.contains("example"), "{}", health.body);

    let status = serde_json::to_value(app.sso.status().await).unwrap();
    let sites: Vec<_> = status["sites"].as_array().unwrap().iter().collect();
    let of = |name: &str| sites.iter().find(|site| site["name"] == name).unwrap();
    assert_eq!(of("one.example")["certificate_days"], 90);
    assert_eq!(of("two.example")["certificate_days"], 7);
    assert_eq!(status["is_store_available"], Value::Bool(true));
    assert_eq!(
        (&status["sign_ins"], &status["queued"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(status["max_sign_ins"], 200);
}
