//! Tokens and Graph for the application's handlers.

use std::time::Duration;

use futures_util::future::join_all;
use microsoft_sso::testing::{CONTOSO, Endpoint, Fault, Person};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    harness::TestApp,
    log,
    recheck::{ADA, app, minutes},
};

const JSON: [(&str, &str); 1] = [("Accept", "application/json")];

fn parameter(url: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(url).unwrap();
    let mut pairs = url.query_pairs();
    pairs
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// Follows the redirect of a page to `login/`, signs in, and returns to the page.
async fn consents(browser: &Browser, app: &TestApp, path: &str) -> (String, String) {
    let reply = browser.get(path).await;
    assert_eq!(reply.status, 302, "{}", reply.body);
    let authorize = browser.get(reply.location()).await.location().to_owned();
    let callback = app.entra.sign_in(&authorize, ADA).unwrap();
    let reply = browser.get(&callback).await;
    assert_eq!(reply.location(), path);
    let reply = browser.get(path).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    (authorize, reply.body)
}

#[actix_web::test]
async fn a_token_is_live_shared_by_concurrent_requests_and_refreshed_near_its_end() {
    let app = app().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    app.entra.clear_requests();
    app.entra
        .fault(Endpoint::Token, Fault::Delay(Duration::from_millis(200)));
    let tokens = join_all((0..20).map(|_| browser.get("/token"))).await;
    let first = tokens[0].json();
    assert!(tokens.iter().all(|reply| reply.json() == first));
    assert_eq!(app.entra.count(Endpoint::Token), 1);
    // 4,367 seconds is what the emulated Entra gives; two minutes have to be left.
    app.pass(4200);
    assert!(
        browser.me().await.is_some(),
        "the recheck has its turn first"
    );
    app.entra.clear_requests();
    assert_eq!(browser.get("/token").await.json(), first);
    assert_eq!(app.entra.count(Endpoint::Token), 0);
    app.pass(100);
    let renewed = browser.get("/token").await.json();
    assert_ne!(renewed["token"], first["token"]);
    assert_eq!(app.entra.count(Endpoint::Token), 1);
    assert_eq!(app.browser().get_with("/token", &JSON).await.status, 401);
}

#[actix_web::test]
async fn a_scope_without_consent_is_asked_for_at_a_sign_in_that_comes_back() {
    let app = app().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let reply = browser.get_with("/zone", &JSON).await;
    assert_eq!(reply.status, 401);
    let login = reply.json()["login_url"].as_str().unwrap().to_owned();
    assert!(
        login.starts_with("/microsoft_sso/login/?next=%2Fzone&ask="),
        "{login}"
    );
    assert!(!login.contains("Mailbox"), "the scopes travel sealed");
    assert!(
        browser.me().await.is_some(),
        "and nobody is signed out for that"
    );
    let (authorize, zone) = consents(&browser, &app, "/zone").await;
    let scope = parameter(&authorize, "scope").unwrap();
    assert_eq!(
        scope,
        "openid profile email offline_access User.Read MailboxSettings.Read"
    );
    assert_eq!(zone, "UTC");
    // From then on it is there, in other sessions too.
    app.pass(60);
    let other = app.browser();
    other.sign_in(ADA).await;
    assert_eq!(other.get("/zone").await.body, "UTC");
}

#[actix_web::test]
async fn lists_are_read_page_by_page_and_a_post_is_sent_once() {
    let app = app().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let (_, mails) = consents(&browser, &app, "/mails").await;
    let mails: Vec<Value> = serde_json::from_str(&mails).unwrap();
    assert_eq!(mails.len(), 5);
    assert_eq!(mails[4], json!({ "subject": "Message 4" }));
    assert_eq!(
        app.entra.count(Endpoint::Messages),
        2,
        "and no page more than is needed"
    );
    // Its next page would take the token elsewhere.
    let elsewhere = json!({ "@odata.nextLink": "http://127.0.0.1:1/v1.0/me/messages" });
    app.entra
        .fault(Endpoint::Messages, Fault::Members(elsewhere));
    assert_eq!(browser.get("/mails").await.status, 502);

    // A post can't be repeated, so the way back is not to it.
    let reply = browser.post_with("/mails", &JSON).await;
    assert_eq!(reply.status, 401);
    let login = reply.json()["login_url"].as_str().unwrap().to_owned();
    assert!(login.starts_with("/microsoft_sso/login/?ask="), "{login}");
    let authorize = browser.get(&login).await.location().to_owned();
    let callback = app.entra.sign_in(&authorize, ADA).unwrap();
    browser.get(&callback).await;
    let reply = browser.post_with("/mails", &JSON).await;
    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, "null"));
    app.entra.clear_requests();
    app.entra
        .fault(Endpoint::SendMail, Fault::RetryAfter(503, 1));
    let reply = browser.post_with("/mails", &JSON).await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.header("retry-after"), "1");
    assert_eq!(app.entra.count(Endpoint::SendMail), 1);
}

#[actix_web::test]
async fn what_graph_says_is_told_with_its_code_and_a_short_wait_is_waited() {
    log::begin();
    let app = app().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    consents(&browser, &app, "/zone").await;
    app.entra
        .fault_times(Endpoint::MailboxSettings, Fault::RetryAfter(429, 1), 1);
    assert_eq!(browser.get("/zone").await.body, "UTC");
    app.entra
        .fault(Endpoint::MailboxSettings, Fault::RetryAfter(429, 60));
    let reply = browser.get("/zone").await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.header("retry-after"), "60");
    let gone = json!({ "error": { "code": "MailboxNotEnabledForRESTAPI", "message": "x" } });
    let gone = Fault::Body(
        404,
        "application/json".to_owned(),
        gone.to_string().into_bytes(),
    );
    app.entra.fault(Endpoint::MailboxSettings, gone);
    let reply = browser.get("/zone").await;
    assert_eq!(reply.status, 502);
    assert_eq!(reply.json()["error"], "graph_failed");
    assert!(!log::lines(&["graph_failed", "MailboxNotEnabledForRESTAPI"]).is_empty());
    // Entra's own trouble is none of the person's.
    app.entra.clear_faults();
    app.pass(800);
    app.entra.fault(Endpoint::Token, Fault::Status(503));
    let reply = browser.get("/token").await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.json()["error"], "token_unavailable");
}

#[actix_web::test]
async fn a_claims_challenge_is_answered_at_microsoft_with_the_capability_declared() {
    let app = app().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let (authorize, _) = consents(&browser, &app, "/zone").await;
    let declared = json!({ "access_token": { "xms_cc": { "values": ["cp1"] } } });
    let claims = |authorize: &str| {
        let claims = parameter(authorize, "claims").unwrap();
        serde_json::from_str::<Value>(&claims).unwrap()
    };
    assert_eq!(claims(&authorize), declared);
    app.entra
        .fault_times(Endpoint::MailboxSettings, Fault::ClaimsChallenge, 1);
    app.entra.clear_requests();
    let (authorize, zone) = consents(&browser, &app, "/zone").await;
    let challenged = json!({ "access_token": {
        "nbf": { "essential": true, "value": "1604106651" },
        "xms_cc": { "values": ["cp1"] },
    } });
    assert_eq!(claims(&authorize), challenged);
    assert_eq!(zone, "UTC");
    // Without `recheck`, the capability isn't declared.
    let plain = TestApp::start().await;
    let authorize = plain.browser().start("").await;
    assert_eq!(parameter(&authorize, "claims"), None);
}

#[actix_web::test]
async fn without_recheck_there_is_the_saved_token_until_it_ends() {
    log::begin();
    let app = TestApp::with_settings(|settings| {
        settings
            .save_access_token(true)
            .scopes(["User.Read", "MailboxSettings.Read"])
            .session_age(minutes(600))
    })
    .await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let saved = browser.me().await.unwrap()["access_token"].clone();
    assert_eq!(browser.get("/token").await.json()["token"], saved);
    assert_eq!(browser.get("/zone").await.body, "UTC");
    assert_eq!(browser.get("/mails").await.status, 302, "another scope");
    app.pass(4400);
    assert_eq!(browser.get("/token").await.status, 302);
    let (_, token) = consents(&browser, &app, "/token").await;
    assert!(!token.contains(saved.as_str().unwrap()));

    let neither = TestApp::start().await;
    let browser = neither.browser();
    browser.sign_in(ADA).await;
    assert_eq!(browser.get("/token").await.status, 500);
    assert!(!log::lines(&["no_tokens", "`recheck`"]).is_empty());
}

#[actix_web::test]
async fn a_session_that_is_over_gets_no_token() {
    let app = app().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    app.entra.revoke_sessions(&Person::new(CONTOSO, ADA).oid);
    assert_eq!(browser.get("/token").await.status, 302);
    assert!(
        browser.me().await.is_some(),
        "the check decides about the session"
    );
    app.pass(901);
    assert!(browser.me().await.is_none());
    assert_eq!(browser.get_with("/token", &JSON).await.status, 401);
}

#[actix_web::test]
async fn a_page_that_is_never_content_stops_the_browser() {
    let app = app().await;
    let oid = Person::new(CONTOSO, ADA).oid;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    for round in 0.. {
        let reply = browser.get("/zone").await;
        assert_eq!(reply.status, 302);
        let reply = browser.get(reply.location()).await;
        if reply.status == 429 {
            assert!(reply.body.contains("again and again"), "{}", reply.body);
            assert!((2..6).contains(&round), "{round}");
            break;
        }
        let callback = app.entra.sign_in(reply.location(), ADA).unwrap();
        browser.get(&callback).await;
        app.entra.withdraw_consent(&oid);
        assert!(round < 10, "it goes on for ever");
    }
}

#[actix_web::test]
async fn what_a_page_asks_of_one_user_no_link_asks_of_another() {
    let app = app().await;
    let (eve, ada) = (app.browser(), app.browser());
    eve.sign_in("grace@contoso.example").await;
    ada.sign_in(ADA).await;
    let reply = eve.get_with("/zone", &JSON).await;
    let login = reply.json()["login_url"].as_str().unwrap().to_owned();
    let scope = |reply: &crate::browser::Reply| parameter(reply.location(), "scope").unwrap();
    assert!(scope(&eve.get(&login).await).contains("MailboxSettings.Read"));
    assert!(!scope(&ada.get(&login).await).contains("MailboxSettings.Read"));
    assert!(!scope(&app.browser().get(&login).await).contains("MailboxSettings.Read"));
    app.pass(601);
    assert!(
        !scope(&eve.get(&login).await).contains("MailboxSettings.Read"),
        "it is old"
    );
}

#[actix_web::test]
async fn a_page_that_fails_asks_entra_no_more_than_once_in_five_seconds() {
    let app = app().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    app.entra.clear_requests();
    for _ in 0..10 {
        assert_eq!(browser.get("/zone").await.status, 302);
    }
    assert_eq!(app.entra.count(Endpoint::Token), 1);
    app.pass(6);
    browser.get("/zone").await;
    assert_eq!(app.entra.count(Endpoint::Token), 2);
}

#[actix_web::test]
async fn a_path_does_not_lead_out_of_graph() {
    let app = app().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert_eq!(browser.get("/graph?path=me").await.status, 200);
    app.entra.clear_requests();
    for path in [
        "../beta/me",
        "users/..%2F..%2Fbeta/me",
        "users/%252e%252e/%252e%252e/beta/me",
        "me%23x",
    ] {
        let reply = browser.get(&format!("/graph?path={path}")).await;
        assert_eq!(reply.status, 502, "{path}");
    }
    assert!(
        app.entra.requests().is_empty(),
        "{:?}",
        app.entra.requests()
    );
}

#[actix_web::test]
async fn what_entra_asks_for_at_a_refresh_is_asked_at_the_sign_in() {
    let app = app().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let claims = r#"{"access_token":{"acrs":{"essential":true,"value":"c2"}}}"#;
    let document = json!({ "error": "interaction_required", "claims": claims });
    let refusal = Fault::Body(
        400,
        "application/json".to_owned(),
        document.to_string().into_bytes(),
    );
    app.entra.fault(Endpoint::Token, refusal);
    let reply = browser.get("/zone").await;
    let reply = browser.get(reply.location()).await;
    let asked = parameter(reply.location(), "claims").unwrap();
    let asked: Value = serde_json::from_str(&asked).unwrap();
    assert_eq!(asked["access_token"]["acrs"]["value"], "c2");
}
