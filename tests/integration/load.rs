//! More people at once than there is room for.

use std::time::Duration;

use futures_util::future::join_all;
use microsoft_sso::testing::{Endpoint, Fault};

use crate::{browser::Browser, harness::TestApp};

const ADA: &str = "ada@contoso.example";

/// Callbacks of as many browsers, each ready to be opened.
async fn ready(app: &TestApp, people: usize) -> Vec<(Browser, String)> {
    join_all((0..people).map(|_| async {
        let browser = app.browser();
        let callback = browser.to_callback(ADA, "").await;
        (browser, callback)
    }))
    .await
}

#[actix_web::test]
async fn who_has_no_place_waits_in_line_and_nobody_is_lost() {
    let app = TestApp::with_settings(|settings| settings.max_sign_ins(3u32)).await;
    let slow = Fault::Delay(Duration::from_millis(200));
    let people = ready(&app, 6).await;
    app.entra.fault(Endpoint::Token, slow);
    let replies = people.iter().map(|(browser, url)| browser.get(url));
    for reply in join_all(replies).await {
        assert_eq!((reply.status.as_u16(), reply.location()), (303, "/"));
    }
    for (browser, _) in &people {
        assert!(browser.me().await.is_some());
    }
}

#[actix_web::test]
async fn beyond_the_line_people_are_told_to_come_back_and_their_attempt_is_kept() {
    let app = TestApp::with_settings(|settings| settings.max_sign_ins(1u32)).await;
    let slow = Fault::Delay(Duration::from_millis(150));
    let people = ready(&app, 16).await;
    app.entra.fault(Endpoint::Token, slow);
    let replies = people.iter().map(|(browser, url)| browser.get(url));
    let replies = join_all(replies).await;
    let shed = replies.iter().filter(|reply| reply.status == 503);
    assert_eq!(shed.count(), 5, "one is served and ten wait");
    assert_eq!(
        app.entra.count(Endpoint::Token),
        11,
        "no other code is used"
    );
    app.entra.clear_faults();
    for ((browser, url), reply) in people.iter().zip(&replies) {
        if reply.status == 503 {
            assert!(reply.body.contains("Very many people"), "{}", reply.body);
            assert!(!reply.header("retry-after").is_empty());
            assert_eq!(browser.get(url).await.status, 303, "the reload");
        }
        assert!(browser.me().await.is_some());
    }
}

#[actix_web::test]
async fn while_the_line_is_full_nobody_begins_and_afterwards_everybody_may() {
    let app = TestApp::with_settings(|settings| settings.max_sign_ins(1u32)).await;
    let people = ready(&app, 11).await;
    app.entra
        .fault(Endpoint::Token, Fault::Delay(Duration::from_millis(200)));
    let replies = people.iter().map(|(browser, url)| browser.get(url));
    let late = app.browser();
    let (replies, login) = futures_util::future::join(join_all(replies), async {
        while app.entra.count(Endpoint::Token) == 0 {
            actix_web::rt::time::sleep(Duration::from_millis(10)).await;
        }
        actix_web::rt::time::sleep(Duration::from_millis(100)).await;
        late.get("/microsoft_sso/login/").await
    })
    .await;
    assert_eq!(login.status, 503);
    assert!(replies.iter().all(|reply| reply.status == 303));
    app.entra.clear_faults();
    late.sign_in(ADA).await;
    assert!(late.me().await.is_some());
}

#[actix_web::test]
async fn a_flood_of_callbacks_leaves_nothing_behind() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "").await;
    let (_, query) = callback.split_once('?').unwrap();
    let stranger = app.browser();
    for _ in 0..50 {
        stranger.forget_cookies();
        let reply = stranger
            .get(&format!("/microsoft_sso/callback/?{query}"))
            .await;
        assert_eq!(
            (reply.status.as_u16(), reply.location()),
            (303, "/microsoft_sso/login/?next=%2F&again=1")
        );
    }
    assert_eq!(app.entra.count(Endpoint::Token), 0, "Entra was asked");
    assert_eq!(app.count("users"), 0);
    assert_eq!(app.count("microsoft_sso_sessions"), 0);
    browser.get(&callback).await;
    assert!(browser.me().await.is_some(), "the flood burnt the attempt");
}

#[actix_web::test]
async fn made_up_codes_of_one_client_cost_the_others_little() {
    let app = TestApp::with_settings(|settings| {
        settings.max_sign_ins(10u32).trusted_proxies(["127.0.0.1"])
    });
    let app = app.await;
    let of = |client: &'static str| [("X-Forwarded-For", client)];
    let callback = async |client: &'static str, has_code: bool| {
        let browser = app.browser();
        let callback = browser.to_callback(ADA, "").await;
        let mut url = url::Url::parse(&callback).unwrap();
        let state = url
            .query_pairs()
            .find(|(name, _)| name == "state")
            .unwrap()
            .1
            .into_owned();
        if !has_code {
            url.query_pairs_mut()
                .clear()
                .append_pair("code", "made-up")
                .append_pair("state", &state);
        }
        (browser, url.to_string(), of(client))
    };
    for _ in 0..5 {
        let (browser, url, client) = callback("203.0.113.9", false).await;
        assert_eq!(browser.get_with(&url, &client).await.location(), "/");
    }
    app.entra
        .fault(Endpoint::Token, Fault::Delay(Duration::from_millis(300)));
    let mut bogus = Vec::new();
    for _ in 0..40 {
        bogus.push(callback("203.0.113.9", false).await);
    }
    let (honest, url, client) = callback("203.0.113.10", true).await;
    let flood = join_all(
        bogus
            .iter()
            .map(|(browser, url, client)| browser.get_with(url, client)),
    );
    let ((), replies) = futures_util::future::join(
        async {
            // The flood is there first.
            actix_web::rt::time::sleep(Duration::from_millis(100)).await;
            let in_time = Duration::from_millis(1500);
            let reply = actix_web::rt::time::timeout(in_time, honest.get_with(&url, &client)).await;
            assert_eq!(reply.expect("it waited behind made-up codes").status, 303);
        },
        flood,
    )
    .await;
    assert!(honest.me().await.is_some());
    let shed = replies.iter().filter(|reply| reply.status == 503).count();
    assert!(shed > 20, "{shed} of the flood were shed");
}
