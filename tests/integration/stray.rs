//! A callback without its attempt: a link from an office program, a page left open, a browser that
//! keeps no cookies.

use microsoft_sso::{ResponseMode, testing::Endpoint};

use crate::{browser::Browser, harness::TestApp};

const ADA: &str = "ada@contoso.example";
const RESTART: &str = "/microsoft_sso/login/?next=%2Forders%3Fpage%3D2&again=1";

/// Signs in at Microsoft where a redirect to `login/` leads; returns the callback's URL.
async fn on_to_callback(app: &TestApp, browser: &Browser, login: &str) -> String {
    let reply = browser.get(login).await;
    app.entra.sign_in(reply.location(), ADA).unwrap()
}

#[actix_web::test]
async fn a_link_that_an_office_program_opened_leads_to_its_page() {
    let app = TestApp::start().await;
    // The program follows the redirects itself, and hands Microsoft's URL to the browser.
    let office = app.browser();
    let guarded = office.get("/private/report?year=2026").await;
    let login = office.get(guarded.location()).await;
    let browser = app.browser();
    let callback = app.entra.sign_in(login.location(), ADA).unwrap();
    let reply = browser.get(&callback).await;
    assert_eq!(
        app.entra.count(Endpoint::Token),
        0,
        "a foreign code is used"
    );
    let callback = on_to_callback(&app, &browser, reply.location()).await;
    let reply = browser.get(&callback).await;
    assert_eq!(reply.location(), "/private/report?year=2026");
    assert!(browser.me().await.is_some());
    assert_eq!(browser.message().await, "");
}

#[actix_web::test]
async fn a_page_left_open_past_its_time_begins_anew() {
    for mode in [ResponseMode::Query, ResponseMode::FormPost] {
        let app = TestApp::with_settings(|settings| settings.response_mode(mode)).await;
        let browser = app.browser();
        let go_on = async |callback: String| match mode {
            ResponseMode::FormPost => {
                let (path, form) = callback.split_once('?').unwrap();
                let reply = browser.post_from_elsewhere(path, form).await;
                browser.get(reply.location()).await
            }
            _ => browser.get(&callback).await,
        };
        let callback = browser.to_callback(ADA, "?next=/orders?page=2").await;
        app.pass(3 * 3600);
        let reply = go_on(callback).await;
        assert_eq!((reply.status.as_u16(), reply.location()), (303, RESTART));
        let callback = on_to_callback(&app, &browser, reply.location()).await;
        assert_eq!(go_on(callback).await.location(), "/orders?page=2");
        assert!(browser.me().await.is_some());
    }
}

#[actix_web::test]
async fn it_begins_anew_once_and_then_says_why() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let first = app.browser().to_callback(ADA, "?next=/orders?page=2").await;
    let reply = browser.get(&first).await;
    assert_eq!(reply.location(), RESTART);
    // The new sign-in is left open past its time, too.
    let second = on_to_callback(&app, &browser, reply.location()).await;
    app.pass(3 * 3600);
    let reply = browser.get(&second).await;
    let message = browser.is_refused(&reply).await;
    assert!(message.contains("took too long"), "{message}");
    assert_eq!(app.entra.count(Endpoint::Token), 0);
}

#[actix_web::test]
async fn a_stray_state_restarts_nothing_that_is_not_ours() {
    let app = TestApp::start().await;
    let other = TestApp::with_settings(|settings| settings.secret_key("o".repeat(64))).await;
    let foreign = other.browser().to_callback(ADA, "?next=/orders").await;
    let query = foreign.split_once('?').unwrap().1;
    for query in [query, "code=x&state=y", "code=x", ""] {
        let browser = app.browser();
        let reply = browser
            .get(&format!("/microsoft_sso/callback/?{query}"))
            .await;
        browser.is_refused(&reply).await;
    }
}

#[actix_web::test]
async fn a_silent_attempt_begins_anew_silently_and_disturbs_nobody() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let mut login = app.browser().start("?silent=1&next=/welcome").await;
    for round in 0.. {
        assert!(round < 2, "it goes on and on");
        let callback = app.entra.refuse(&login, "login_required", "").unwrap();
        // The browser keeps no cookies.
        browser.forget_cookies();
        let reply = browser.get(&callback).await;
        if reply.location() == "/welcome" {
            break;
        }
        let begun = browser.get(reply.location()).await;
        assert!(
            begun.location().contains("prompt=none"),
            "{}",
            begun.location()
        );
        login = begun.location().to_owned();
    }
    assert_eq!(browser.message().await, "");
}

#[actix_web::test]
async fn a_browser_that_keeps_no_cookies_is_told_so_on_a_page_and_goes_round_in_no_circle() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let mut login = "/microsoft_sso/login/?next=/private/report".to_owned();
    for round in 0.. {
        assert!(round < 3, "it goes on and on");
        let callback = on_to_callback(&app, &browser, &login).await;
        browser.forget_cookies();
        let reply = browser.get(&callback).await;
        if reply.status.is_client_error() {
            assert!(reply.body.contains("cookies"), "{}", reply.body);
            break;
        }
        browser.forget_cookies();
        login = reply.location().to_owned();
    }
    assert_eq!(app.entra.count(Endpoint::Token), 0);
}
