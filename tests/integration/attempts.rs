//! Sign-ins under way: tied to their browser, many at once, and no load on the server.

use futures_util::future::join_all;
use microsoft_sso::testing::Endpoint;

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";

#[actix_web::test]
async fn two_tabs_can_each_finish() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let first = browser.to_callback(ADA, "?next=/first").await;
    let second = browser.to_callback(ADA, "?next=/second").await;
    assert_eq!(browser.get(&first).await.location(), "/first");
    assert_eq!(browser.get(&second).await.location(), "/second");
    assert!(browser.me().await.is_some());
}

#[actix_web::test]
async fn ten_restored_tabs_can_each_finish() {
    let app = TestApp::start().await;
    let browser = app.browser();
    // All at once: none of the requests carries another's cookie.
    let starts = (0..10).map(|tab| {
        let browser = &browser;
        async move { browser.start(&format!("?next=/tab/{tab}")).await }
    });
    let urls = join_all(starts).await;
    let callbacks = urls.iter().map(|url| app.entra.sign_in(url, ADA).unwrap());
    for (tab, callback) in callbacks.enumerate() {
        assert_eq!(
            browser.get(&callback).await.location(),
            format!("/tab/{tab}")
        );
    }
}

#[actix_web::test]
async fn a_flood_of_starts_keeps_the_headers_small_and_the_newest_ten_alive() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let next = format!("/deep?{}", "x".repeat(900));
    let mut urls = Vec::new();
    for _ in 0..100 {
        urls.push(browser.start(&format!("?next={next}")).await);
    }
    let header = browser.cookie_header("/microsoft_sso/callback/");
    assert!(header.len() < 4096, "{} bytes", header.len());
    for url in &urls[90..] {
        let callback = app.entra.sign_in(url, ADA).unwrap();
        assert_eq!(browser.get(&callback).await.location(), next);
    }
    // At once, they can't see each other's cookies, and still there is an end to it.
    let flood = app.browser();
    join_all((0..200).map(|_| flood.start(""))).await;
    let header = flood.cookie_header("/microsoft_sso/callback/");
    assert!(header.len() < 4096, "{} bytes", header.len());
}

#[actix_web::test]
async fn an_attempt_lives_in_a_cookie_of_its_own() {
    let app = TestApp::start().await;
    let reply = app.browser().get("/microsoft_sso/login/").await;
    let cookies = reply.cookies();
    assert_eq!(cookies.len(), 1, "{cookies:?}");
    let cookie = &cookies[0];
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(cookie.split("; ").any(|p| p == part), "{part}: {cookie}");
    }
    assert!(cookie.len() < 250, "{} bytes", cookie.len());
}

#[actix_web::test]
async fn a_sign_in_that_has_only_begun_writes_nothing_on_the_server() {
    let app = TestApp::start().await;
    for _ in 0..50 {
        app.browser().start("").await;
        app.browser()
            .get("/microsoft_sso/callback/?error=access_denied&state=x")
            .await;
        app.browser()
            .get("/microsoft_sso/callback/?code=a&state=x")
            .await;
    }
    assert_eq!(app.count("microsoft_sso_sessions"), 0);
    assert_eq!(app.count("users"), 0);
}

#[actix_web::test]
async fn another_browser_cannot_finish_a_sign_in() {
    let app = TestApp::start().await;
    let (attacker, victim) = (app.browser(), app.browser());
    let callback = attacker.to_callback("grace@contoso.example", "").await;
    // With no cookie at all, and with a sign-in of their own under way.
    app.entra.clear_requests();
    let reply = victim.get(&callback).await;
    victim.begins_anew(&reply).await;
    let own = victim.to_callback(ADA, "").await;
    let reply = victim.get(&callback).await;
    victim.begins_anew(&reply).await;
    assert!(
        !app.entra
            .requests()
            .iter()
            .any(|request| request.path.contains("/token")),
        "the code was used"
    );
    assert_eq!(victim.get(&own).await.status, 303);
    assert_eq!(victim.me().await.unwrap()["email"], ADA);
    // The attacker's own browser may, of course.
    assert_eq!(attacker.get(&callback).await.location(), "/");
    assert!(attacker.me().await.is_some());
}

#[actix_web::test]
async fn a_callback_is_matched_with_its_own_attempt_and_no_other() {
    let app = TestApp::start().await;
    let (attacker, victim) = (app.browser(), app.browser());
    let callback = attacker.to_callback("grace@contoso.example", "").await;
    // Every slot of the victim's is taken, the one that the attacker's `state` names among them.
    let own = victim.to_callback(ADA, "").await;
    join_all((0..32).map(|_| victim.start(""))).await;
    app.entra.clear_requests();
    let reply = victim.get(&callback).await;
    victim.begins_anew(&reply).await;
    assert_eq!(app.entra.requests().len(), 0, "the code was used");
    drop(own);
    assert_eq!(attacker.get(&callback).await.location(), "/");
}

#[actix_web::test]
async fn somebody_signed_in_is_not_made_somebody_else_by_a_strangers_callback() {
    let app = TestApp::start().await;
    let (attacker, victim) = (app.browser(), app.browser());
    victim.sign_in(ADA).await;
    let callback = attacker.to_callback("grace@contoso.example", "").await;
    let reply = victim.get(&callback).await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/"));
    assert_eq!(victim.me().await.unwrap()["email"], ADA);
    assert_eq!(victim.message().await, "");
}

#[actix_web::test]
async fn state_code_and_cookie_are_each_needed() {
    let app = TestApp::start().await;
    for drop in ["state=", "code=", "cookie"] {
        let browser = app.browser();
        let mut callback = browser.to_callback(ADA, "").await;
        if drop == "cookie" {
            browser.forget_cookies();
        }
        callback = callback
            .replace(&format!("?{drop}"), "?x")
            .replace(&format!("&{drop}"), "&x");
        let reply = browser.get(&callback).await;
        if drop == "cookie" {
            browser.begins_anew(&reply).await;
        } else {
            browser.is_refused(&reply).await;
        }
        assert_eq!(app.entra.count(Endpoint::Token), 0);
    }
}

#[actix_web::test]
async fn a_state_that_was_changed_is_refused() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "").await;
    let at = callback.find("state=").unwrap() + 10;
    let mut changed = callback.clone();
    let other = if &callback[at..=at] == "A" { "B" } else { "A" };
    changed.replace_range(at..=at, other);
    let reply = browser.get(&changed).await;
    browser.is_refused(&reply).await;
    // The true one still works: a forged callback doesn't burn it.
    assert_eq!(browser.get(&callback).await.location(), "/");
    assert!(browser.me().await.is_some());
}

#[actix_web::test]
async fn an_attempt_ends_with_its_time() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "").await;
    app.pass(599);
    assert_eq!(browser.get(&callback).await.location(), "/");
    assert!(browser.me().await.is_some());
    let late = app.browser();
    let callback = late.to_callback(ADA, "").await;
    app.pass(602);
    let reply = late.get(&callback).await;
    late.begins_anew(&reply).await;
    assert_eq!(app.entra.count(Endpoint::Token), 1);
}

#[actix_web::test]
async fn an_attempts_cookie_is_never_taken_for_a_session() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.start("").await;
    let header = browser.cookie_header("/microsoft_sso/callback/");
    let value = header.split_once('=').unwrap().1;
    let cookie = format!("microsoft_sso_session={value}");
    let reply = app.browser().get_with("/me", &[("Cookie", &cookie)]).await;
    assert_eq!(reply.status, 401);
}

#[actix_web::test]
async fn a_sessions_cookie_is_never_taken_for_an_attempt() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "").await;
    let attempt = browser.cookie_header("/microsoft_sso/callback/");
    let (name, _) = attempt.split_once('=').unwrap();
    let grace = app.browser();
    grace.sign_in("grace@contoso.example").await;
    let cookies = grace.cookie_header("/");
    for (_, value) in cookies
        .split("; ")
        .filter_map(|cookie| cookie.split_once('='))
    {
        let cookie = format!("{name}={value}");
        let planted = app.browser();
        let reply = planted.get_with(&callback, &[("Cookie", &cookie)]).await;
        planted.begins_anew(&reply).await;
    }
    assert_eq!(
        app.entra.count(Endpoint::Token),
        1,
        "Grace's own code alone"
    );
    browser.get(&callback).await;
    assert!(browser.me().await.is_some());
}

#[actix_web::test]
async fn a_signed_in_user_who_opens_login_keeps_their_session_as_it_is() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let before = browser.get("/identity").await.json();
    let reply = browser.get("/microsoft_sso/login/").await;
    assert!(
        reply
            .cookies()
            .iter()
            .all(|cookie| cookie.starts_with("microsoft_sso_attempt_"))
    );
    assert_eq!(browser.get("/identity").await.json(), before);
    app.pass(3500);
    assert!(browser.me().await.is_some(), "the session was cut short");
}

#[actix_web::test]
async fn a_browser_that_drops_its_session_is_stopped_and_told_why() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for _ in 0..10 {
        browser.sign_in(ADA).await;
    }
    // Somebody with many tabs is no circle.
    browser.start("").await;
    browser.lose_session();
    let reply = browser.get("/microsoft_sso/login/").await;
    assert_eq!(reply.status, 429);
    assert!(reply.body.contains("cookies"), "{}", reply.body);
    app.pass(30);
    browser.start("").await;
}

#[actix_web::test]
async fn a_failed_page_that_needs_a_sign_in_is_no_endless_circle() {
    let app = TestApp::with_settings(|settings| settings.login_failed_url("/private/sorry")).await;
    let browser = app.browser();
    let mut path = "/private/report".to_owned();
    for round in 0.. {
        assert!(round < 12, "it goes on and on");
        path = browser.get(&path).await.location().to_owned();
        let reply = browser.get(&path).await;
        if reply.status == 429 {
            break;
        }
        let callback = app
            .entra
            .refuse(reply.location(), "access_denied", "")
            .unwrap();
        path = browser.get(&callback).await.location().to_owned();
    }
}

#[actix_web::test]
async fn somebody_who_signs_in_and_out_again_and_again_is_no_circle() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for _ in 0..10 {
        browser.sign_in(ADA).await;
        browser.post_with("/microsoft_sso/logout/", &[]).await;
    }
    assert_eq!(browser.cookie_header("/microsoft_sso/callback/"), "");
    for _ in 0..10 {
        let url = browser.start("").await;
        let callback = app.entra.refuse(&url, "access_denied", "").unwrap();
        browser.get(&callback).await;
        assert!(!browser.message().await.is_empty());
    }
}
