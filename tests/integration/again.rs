//! The callback a second time: back button, reload, double click.

use futures_util::future::join;
use microsoft_sso::testing::{Endpoint, Fault};
use std::time::Duration;

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";

#[actix_web::test]
async fn the_back_button_lands_where_the_first_one_did() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "?next=/orders?page=2").await;
    assert_eq!(browser.get(&callback).await.location(), "/orders?page=2");
    for _ in 0..3 {
        let reply = browser.get(&callback).await;
        assert_eq!(
            (reply.status.as_u16(), reply.location()),
            (303, "/orders?page=2")
        );
    }
    assert!(browser.me().await.is_some());
    assert_eq!(browser.message().await, "");
    assert_eq!(
        app.entra.count(Endpoint::Token),
        1,
        "the code was redeemed again"
    );
}

#[actix_web::test]
async fn hours_later_the_back_button_still_shows_no_error_to_somebody_signed_in() {
    let app = TestApp::with_settings(|s| s.session_age(Duration::from_secs(8 * 3600))).await;
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "?next=/orders").await;
    browser.get(&callback).await;
    app.pass(3 * 3600);
    let reply = browser.get(&callback).await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/orders"));
    assert_eq!(browser.message().await, "");
}

#[actix_web::test]
async fn a_double_click_signs_in_with_either_answer() {
    let app = TestApp::start().await;
    app.entra
        .fault(Endpoint::Token, Fault::Delay(Duration::from_millis(200)));
    let (browser, other) = (app.browser(), app.browser());
    let callback = browser.to_callback(ADA, "?next=/x").await;
    other.steal_cookies(&browser);
    let (a, b) = join(browser.get(&callback), other.get(&callback)).await;
    assert_eq!((a.location(), b.location()), ("/x", "/x"));
    assert!(browser.me().await.is_some());
    assert!(other.me().await.is_some());
    assert_eq!(app.entra.count(Endpoint::Token), 1);
}

#[actix_web::test]
async fn a_reload_after_the_first_answer_was_lost_signs_in() {
    let app = TestApp::start().await;
    let (browser, lost) = (app.browser(), app.browser());
    let callback = browser.to_callback(ADA, "?next=/x").await;
    lost.steal_cookies(&browser);
    // The answer to the first request never reaches the browser that reloads.
    lost.get(&callback).await;
    let reply = browser.get(&callback).await;
    // The code isn't redeemed again: the sign-in begins anew, and Entra answers at once.
    assert_eq!(reply.location(), "/microsoft_sso/login/?next=%2Fx");
    let login = browser.get(reply.location()).await;
    let callback = app.entra.sign_in(login.location(), ADA).unwrap();
    assert_eq!(browser.get(&callback).await.location(), "/x");
    assert!(browser.me().await.is_some());
    assert_eq!(app.count("users"), 1);
    assert_eq!(app.entra.count(Endpoint::Token), 2);
}

#[actix_web::test]
async fn a_browser_that_goes_away_does_not_stop_its_sign_in() {
    let app = TestApp::start().await;
    app.entra
        .fault(Endpoint::Token, Fault::Delay(Duration::from_millis(400)));
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "?next=/x").await;
    let gone =
        actix_web::rt::time::timeout(Duration::from_millis(150), browser.get(&callback)).await;
    assert!(gone.is_err(), "it was answered at once");
    let reply = browser.get(&callback).await;
    assert_eq!(reply.location(), "/x");
    assert!(browser.me().await.is_some());
    assert_eq!(app.entra.count(Endpoint::Token), 1);
}

#[actix_web::test]
async fn from_another_browser_it_is_refused_even_after_it_succeeded() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "").await;
    browser.get(&callback).await;
    let other = app.browser();
    let reply = other.get(&callback).await;
    other.begins_anew(&reply).await;
    assert_eq!(app.entra.count(Endpoint::Token), 1);
}

#[actix_web::test]
async fn a_sign_in_that_failed_stays_failed_and_is_not_tried_again() {
    let app = TestApp::start().await;
    let browser = app.browser();
    app.entra
        .fault_times(Endpoint::Token, Fault::Status(503), 1);
    let callback = browser.to_callback(ADA, "").await;
    let reply = browser.get(&callback).await;
    browser.is_refused(&reply).await;
    let reply = browser.get(&callback).await;
    browser.is_refused(&reply).await;
    assert_eq!(app.entra.count(Endpoint::Token), 1);
    // Somebody who has since signed in in another tab sees no error.
    browser.sign_in(ADA).await;
    let reply = browser.get(&callback).await;
    assert_eq!(reply.status, 303);
    assert_eq!(browser.message().await, "");
    assert!(browser.me().await.is_some());
}

#[actix_web::test]
async fn after_signing_out_the_back_button_signs_nobody_in() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "").await;
    browser.get(&callback).await;
    browser.post_with("/microsoft_sso/logout/", &[]).await;
    browser.get(&callback).await;
    assert!(browser.me().await.is_none());
}

#[actix_web::test]
async fn a_callback_that_another_node_served_begins_anew_and_shows_no_error() {
    let app = TestApp::start().await;
    let used = Fault::Entra(
        400,
        "invalid_grant".to_owned(),
        54005,
        "already redeemed".to_owned(),
    );
    app.entra.fault_times(Endpoint::Token, used, 1);
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "?next=/orders?page=2").await;
    let reply = browser.get(&callback).await;
    assert_eq!(
        (reply.status.as_u16(), reply.location()),
        (303, "/microsoft_sso/login/?next=%2Forders%3Fpage%3D2")
    );
    let login = browser.get(reply.location()).await;
    let callback = app.entra.sign_in(login.location(), ADA).unwrap();
    assert_eq!(browser.get(&callback).await.location(), "/orders?page=2");
    assert!(browser.me().await.is_some());
    assert_eq!(browser.message().await, "");
}

#[actix_web::test]
async fn codes_that_are_always_redeemed_already_are_no_endless_circle() {
    let app = TestApp::start().await;
    let used = Fault::Entra(400, "invalid_grant".to_owned(), 54005, "used".to_owned());
    app.entra.fault(Endpoint::Token, used);
    let browser = app.browser();
    let mut reply = browser.get("/microsoft_sso/login/").await;
    for round in 0.. {
        assert!(round < 6, "it goes on and on");
        let callback = app.entra.sign_in(reply.location(), ADA).unwrap();
        reply = browser.get(&callback).await;
        if reply.location() == "/" {
            break;
        }
        reply = browser.get(reply.location()).await;
    }
    let message = browser.is_refused(&reply).await;
    assert!(message.contains("again"), "{message}");
}
