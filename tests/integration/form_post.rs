//! `response_mode = "form_post"`: Entra's answer is posted, and stays tied to the browser.

use actix_web::http::StatusCode;
use microsoft_sso::{ResponseMode, testing::Endpoint};

use crate::{browser::Browser, harness::TestApp};

const ADA: &str = "ada@contoso.example";
const CALLBACK: &str = "/microsoft_sso/callback/";

async fn app() -> TestApp {
    TestApp::with_settings(|settings| settings.response_mode(ResponseMode::FormPost)).await
}

/// The form that Entra's page posts.
async fn form(browser: &Browser, query: &str) -> String {
    let callback = browser.to_callback(ADA, query).await;
    callback.split_once('?').unwrap().1.to_owned()
}

#[actix_web::test]
async fn a_posted_answer_signs_in_and_the_code_is_in_no_url() {
    let app = app().await;
    let browser = app.browser();
    browser.post_with("/cart", &[]).await;
    let url = browser.start("").await;
    assert!(url.contains("response_mode=form_post"), "{url}");
    let form = form(&browser, "?next=/orders").await;
    let reply = browser.post_from_elsewhere(CALLBACK, &form).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    let code = form.split('&').find_map(|pair| pair.strip_prefix("code="));
    assert!(
        !reply.location().contains(code.unwrap()),
        "{}",
        reply.location()
    );
    assert_eq!(
        app.entra.count(Endpoint::Token),
        0,
        "not before the browser is known"
    );
    let landed = browser.get(reply.location()).await;
    assert_eq!(landed.location(), "/orders");
    assert_eq!(browser.me().await.unwrap()["email"], ADA);
    assert_eq!(
        browser.get("/cart").await.body,
        "apples",
        "the session goes on"
    );
    // The back button posts the form again.
    let reply = browser.post_from_elsewhere(CALLBACK, &form).await;
    assert_eq!(browser.get(reply.location()).await.location(), "/orders");
    assert_eq!(app.entra.count(Endpoint::Token), 1);
}

#[actix_web::test]
async fn an_answer_posted_into_another_browser_signs_nobody_in() {
    let app = app().await;
    let eve = app.browser();
    let form = form(&eve, "").await;
    for victim_has_begun in [false, true] {
        let victim = app.browser();
        if victim_has_begun {
            victim.start("").await;
        }
        let reply = victim.post_from_elsewhere(CALLBACK, &form).await;
        let reply = victim.get(reply.location()).await;
        victim.begins_anew(&reply).await;
    }
    assert_eq!(app.entra.count(Endpoint::Token), 0, "the code isn't used");
}

#[actix_web::test]
async fn two_people_and_two_tabs_sign_in_at_once() {
    let app = app().await;
    let (ann, bob) = (app.browser(), app.browser());
    let first = form(&ann, "?next=/1").await;
    let second = form(&ann, "?next=/2").await;
    let other = form(&bob, "?next=/3").await;
    for (browser, form, next) in [
        (&ann, first, "/1"),
        (&bob, other, "/3"),
        (&ann, second, "/2"),
    ] {
        let reply = browser.post_from_elsewhere(CALLBACK, &form).await;
        assert_eq!(browser.get(reply.location()).await.location(), next);
    }
}

#[actix_web::test]
async fn an_answer_belongs_to_its_state_and_mode_alone() {
    let app = app().await;
    let browser = app.browser();
    // One attempt's answer under another's state.
    let (first, second) = (form(&browser, "").await, form(&browser, "").await);
    let location = |form: String| {
        let browser = &browser;
        async move {
            let reply = browser.post_from_elsewhere(CALLBACK, &form).await;
            reply.location().to_owned()
        }
    };
    let (first, second) = (location(first).await, location(second).await);
    let (state, _) = first.split_once("&answer=").unwrap();
    let (_, answer) = second.split_once("&answer=").unwrap();
    let reply = browser.get(&format!("{state}&answer={answer}")).await;
    browser.is_refused(&reply).await;
    // A code in the URL isn't read.
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "").await;
    let reply = browser.get(&callback).await;
    browser.is_refused(&reply).await;
    assert_eq!(app.entra.count(Endpoint::Token), 0);
    for form in ["", "state=x&code=y", "state", "%ff=%ff", "state=a&state=b"] {
        let reply = app.browser().post_from_elsewhere(CALLBACK, form).await;
        assert_eq!(reply.location(), "/", "{form}");
    }
}

#[actix_web::test]
async fn a_refusal_of_entras_is_posted_too_and_query_mode_takes_no_post() {
    let app = app().await;
    let browser = app.browser();
    let url = browser.start("").await;
    let callback = app
        .entra
        .refuse(&url, "access_denied", "AADSTS65004: no")
        .unwrap();
    let form = callback.split_once('?').unwrap().1;
    let reply = browser.post_from_elsewhere(CALLBACK, form).await;
    let reply = browser.get(reply.location()).await;
    let message = browser.is_refused(&reply).await;
    assert!(message.contains("cancelled"), "{message}");

    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "").await;
    let form = callback.split_once('?').unwrap().1;
    let reply = browser.post_from_elsewhere(CALLBACK, form).await;
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(app.entra.count(Endpoint::Token), 0);
}

#[actix_web::test]
async fn a_posted_answer_of_another_issuer_is_refused() {
    let app = app().await;
    let browser = app.browser();
    let form = form(&browser, "").await + "&iss=https%3A%2F%2Fevil.example";
    let reply = browser.post_from_elsewhere(CALLBACK, &form).await;
    assert!(
        !reply.location().contains("answer="),
        "{}",
        reply.location()
    );
    assert_eq!(app.entra.count(Endpoint::Token), 0);
}
