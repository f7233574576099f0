//! Graph: the profile and the photo, and what happens without them.

#![expect(
    clippy::disallowed_methods,
    reason = "how long an answer takes is measured in wall time"
)]

use std::time::{Duration, Instant};

use microsoft_sso::testing::{Endpoint, Fault};
use serde_json::json;

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";
const GRACE: &str = "grace@contoso.example";

fn quick(settings: microsoft_sso::ConfigBuilder) -> microsoft_sso::ConfigBuilder {
    settings.graph_timeout(Duration::from_secs(1))
}

fn useless() -> Vec<Fault> {
    let body = |text: &str| Fault::Body(200, "text/html".to_owned(), text.as_bytes().to_vec());
    vec![
        Fault::Status(500),
        Fault::Status(503),
        Fault::Status(401),
        Fault::Status(403),
        Fault::RetryAfter(429, 30),
        Fault::Hang,
        Fault::Endless,
        Fault::Bomb,
        Fault::Truncated,
        Fault::Drip(Duration::from_millis(100)),
        Fault::Redirect("/v1.0/me".to_owned()),
        body("<html>"),
        body(""),
    ]
}

#[actix_web::test]
async fn a_photo_that_is_missing_slow_or_broken_never_stops_a_sign_in() {
    let app = TestApp::with_settings(quick).await;
    for fault in useless().into_iter().chain([Fault::Status(404)]) {
        app.entra.fault(Endpoint::Photo, fault.clone());
        let browser = app.browser();
        let before = Instant::now();
        browser.sign_in(ADA).await;
        assert!(browser.me().await.is_some(), "{fault:?}");
        assert!(before.elapsed() < Duration::from_secs(3), "{fault:?}");
    }
}

#[actix_web::test]
async fn a_photo_outage_never_erases_the_stored_one_and_a_404_does() {
    let app = TestApp::with_settings(quick).await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let picture = browser.me().await.unwrap()["picture"].clone();
    assert!(picture.is_string());
    let html = Fault::Body(
        200,
        "image/jpeg".to_owned(),
        b"<html>not a picture</html>".to_vec(),
    );
    let huge = Fault::Body(
        200,
        "image/jpeg".to_owned(),
        [&b"\xff\xd8\xff"[..], &[0; 2 << 20]].concat(),
    );
    for fault in useless().into_iter().chain([html, huge]) {
        app.entra.fault(Endpoint::Photo, fault.clone());
        let browser = app.browser();
        browser.sign_in(ADA).await;
        assert_eq!(browser.me().await.unwrap()["picture"], picture, "{fault:?}");
    }
    app.entra.fault(Endpoint::Photo, Fault::Status(404));
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert!(browser.me().await.unwrap()["picture"].is_null());
}

#[actix_web::test]
async fn a_photo_that_breaks_off_in_the_middle_is_not_kept() {
    let app = TestApp::with_settings(quick).await;
    app.entra.fault(Endpoint::Photo, Fault::Truncated);
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert!(browser.me().await.unwrap()["picture"].is_null());
    app.entra.clear_faults();
    app.browser().sign_in(ADA).await;
    assert!(browser.me().await.unwrap()["picture"].is_string());
}

#[actix_web::test]
async fn a_new_photo_replaces_the_old_one() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let old = browser.me().await.unwrap();
    let oid = old["microsoft_id"].as_str().unwrap();
    app.entra.update_person(oid, |ada| {
        ada.photo = Some(b"GIF89a-a-new-one".to_vec());
        ada.preferred_language = Some("hy-Latn-IT-arevela".to_owned());
    });
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let new = browser.me().await.unwrap();
    assert!(
        new["picture"]
            .as_str()
            .unwrap()
            .starts_with("data:image/gif;base64,")
    );
    assert_eq!(new["locale"], "hy-Latn-IT-arevela");
}

#[actix_web::test]
async fn when_graph_is_down_a_known_person_gets_in_and_a_new_one_is_told_to_try_again() {
    let app = TestApp::with_settings(quick).await;
    app.browser().sign_in(ADA).await;
    for fault in useless() {
        app.entra.fault(Endpoint::Me, fault.clone());
        let known = app.browser();
        let before = Instant::now();
        known.sign_in(ADA).await;
        let me = known.me().await.unwrap_or_else(|| panic!("{fault:?}"));
        assert_eq!(
            (&me["first_name"], &me["locale"]),
            (&json!("Ada"), &json!("en-GB"))
        );
        let message = app.browser().refused(GRACE).await;
        let is_lasting = matches!(fault, Fault::Status(401 | 403));
        let said = if is_lasting {
            "ask the application's administrator"
        } else {
            "try again"
        };
        assert!(message.contains(said), "{fault:?}: {message}");
        assert!(before.elapsed() < Duration::from_secs(4), "{fault:?}");
    }
    assert_eq!(app.count("users"), 1);
    app.entra.clear_faults();
    let new = app.browser();
    new.sign_in(GRACE).await;
    assert!(new.me().await.is_some());
}

#[actix_web::test]
async fn graph_must_speak_of_the_tokens_person() {
    let app = TestApp::start().await;
    let people = app.entra.people();
    let grace = people
        .iter()
        .find(|p| p.user_principal_name == GRACE)
        .unwrap();
    for id in [grace.oid.as_str(), "", "ded4daa1bad8ae4f"] {
        app.entra.fault(
            Endpoint::Me,
            Fault::Json(json!({ "id": id, "userPrincipalName": ADA, "mail": ADA })),
        );
        let message = app.browser().refused(ADA).await;
        assert!(message.contains("could not be verified"), "{message}");
    }
    assert_eq!(app.count("users"), 0);
}

#[actix_web::test]
async fn a_profile_without_a_user_principal_name_is_no_error() {
    let app = TestApp::start().await;
    let people = app.entra.people();
    let ada = people
        .iter()
        .find(|p| p.user_principal_name == ADA)
        .unwrap();
    app.entra
        .fault(Endpoint::Me, Fault::Json(json!({ "id": ada.oid })));
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let me = browser.me().await.unwrap();
    assert_eq!(
        (&me["email"], &me["first_name"]),
        (&json!(""), &json!("Ada Lovelace"))
    );
}

#[actix_web::test]
async fn profile_and_photo_are_asked_for_at_the_same_time() {
    let app = TestApp::start().await;
    app.entra
        .fault(Endpoint::Me, Fault::Delay(Duration::from_millis(500)));
    app.entra
        .fault(Endpoint::Photo, Fault::Delay(Duration::from_millis(500)));
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "").await;
    let before = Instant::now();
    browser.get(&callback).await;
    let took = before.elapsed();
    assert!(
        took >= Duration::from_millis(500) && took < Duration::from_millis(900),
        "{took:?}"
    );
}
