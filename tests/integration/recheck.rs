//! The setting `recheck`: whoever may no longer be signed in at Microsoft is out within its interval, and
//! nobody else.

use std::time::Duration;

use actix_session::storage::{CookieSessionStore, RedisSessionStore};
use futures_util::future::join_all;
use microsoft_sso::{
    BuildError, Config, MicrosoftSso,
    testing::{CONTOSO, Endpoint, Fault, MemoryStore, Person},
};
use serde_json::json;

use crate::{
    browser::Browser,
    harness::{TestApp, serve_with},
    log,
};

pub(crate) const ADA: &str = "ada@contoso.example";
const INTERVAL: i64 = 900;

pub(crate) async fn app() -> TestApp {
    TestApp::with_settings(|settings| settings.recheck(minutes(15)).session_age(minutes(600))).await
}

pub(crate) fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

fn oid() -> String {
    Person::new(CONTOSO, ADA).oid
}

fn disable(app: &TestApp) {
    app.entra
        .update_person(&oid(), |ada| ada.is_enabled = false);
}

/// The checks that Entra was asked for.
fn checks(app: &TestApp) -> usize {
    app.entra.count(Endpoint::Token)
}

#[actix_web::test]
async fn a_disabled_user_is_out_at_the_first_request_after_the_interval() {
    log::begin();
    let app = app().await;
    let (browser, api) = (app.browser(), app.browser());
    browser.sign_in(ADA).await;
    api.sign_in(ADA).await;
    assert_eq!(app.count("microsoft_sso_tokens"), 2);
    disable(&app);
    app.pass(INTERVAL - 5);
    app.entra.clear_requests();
    assert_eq!(browser.get("/private").await.status, 200, "not due yet");
    assert_eq!(checks(&app), 0);
    app.pass(6);
    let reply = browser.get("/private").await;
    assert_eq!(reply.status, 302, "{}", reply.body);
    assert_eq!(reply.location(), "/microsoft_sso/login/?next=%2Fprivate");
    assert_eq!(checks(&app), 1);
    assert!(browser.me().await.is_none());
    let reply = api
        .get_with("/private", &[("Accept", "application/json")])
        .await;
    assert_eq!(reply.status, 401);
    assert_eq!(
        reply.json()["login_url"],
        "/microsoft_sso/login/?next=%2Fprivate"
    );
    assert_eq!(app.count("microsoft_sso_tokens"), 0);
    assert_eq!(app.count("microsoft_sso_sessions"), 0);
    let ended = log::lines(&["event=\"session_ended\"", "refresh_refused", "AADSTS50057"]);
    assert!(ended.iter().any(|line| line.contains(&oid())), "{ended:?}");
}

#[actix_web::test]
async fn a_session_that_is_not_due_asks_nobody_and_a_checked_one_goes_on() {
    let app = app().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    app.entra.clear_requests();
    for round in 1..=3_usize {
        app.pass(INTERVAL + 1);
        for _ in 0..3 {
            assert!(browser.me().await.is_some());
        }
        assert_eq!(checks(&app), round, "once a round");
    }
    // Each refresh brings a new token, and is asked for with the scopes.
    let graph = app.entra.count(Endpoint::Me);
    assert_eq!(graph, 0, "nothing in these settings depends on Graph");
}

#[actix_web::test]
async fn forty_concurrent_requests_to_two_nodes_are_one_refresh() {
    let app = app().await;
    let other = app.beside(|settings| settings.recheck(minutes(15)).session_age(minutes(600)));
    let browser = app.browser();
    browser.sign_in(ADA).await;
    app.pass(INTERVAL + 1);
    other.pass(INTERVAL + 1);
    app.entra.clear_requests();
    let delay = Fault::Delay(Duration::from_millis(300));
    app.entra.fault(Endpoint::Token, delay);
    let there = Browser::new(&other.url, app.entra.clone());
    there.copy_cookies(&browser);
    let requests = (0..40).map(|number| {
        let browser = if number % 2 == 0 { &browser } else { &there };
        browser.get("/private")
    });
    for reply in join_all(requests).await {
        assert_eq!(reply.status, 200);
    }
    assert_eq!(checks(&app), 1);
    // And none of them goes on when Entra says no.
    disable(&app);
    app.pass(INTERVAL + 1);
    other.pass(INTERVAL + 1);
    app.entra.clear_requests();
    let requests = (0..40).map(|number| {
        let browser = if number % 2 == 0 { &browser } else { &there };
        browser.get("/private")
    });
    for reply in join_all(requests).await {
        assert_eq!(reply.status, 302);
    }
    assert_eq!(checks(&app), 1);
}

#[actix_web::test]
async fn sessions_in_redis_and_in_cookies_are_checked_too() {
    let app = app().await;
    let redis = RedisSessionStore::new("redis://127.0.0.1").await.unwrap();
    let in_redis = move |sso: &MicrosoftSso| sso.sessions_in(redis.clone());
    let in_cookie = |sso: &MicrosoftSso| sso.sessions_in(CookieSessionStore::default());
    let servers = [
        serve_with(&app.sso, in_redis),
        serve_with(&app.sso, in_cookie),
    ];
    let mut browsers = Vec::new();
    for (url, _) in &servers {
        let browser = Browser::new(url, app.entra.clone());
        browser.sign_in(ADA).await;
        assert_eq!(browser.get("/private").await.status, 200);
        browsers.push(browser);
    }
    assert_eq!(app.count("microsoft_sso_tokens"), 2);
    app.pass(INTERVAL + 1);
    for browser in &browsers {
        assert_eq!(browser.get("/private").await.status, 200, "still there");
    }
    disable(&app);
    app.pass(INTERVAL + 1);
    for browser in &browsers {
        let stolen = Browser::new(browser.url("/").as_str(), app.entra.clone());
        stolen.copy_cookies(browser);
        assert_eq!(browser.get("/private").await.status, 302);
        assert_eq!(stolen.get("/private").await.status, 302, "a copy of it");
    }
    assert_eq!(app.count("microsoft_sso_tokens"), 0);
    for (_, server) in servers {
        drop(server.stop(false));
    }
}

#[actix_web::test]
async fn rights_and_roles_follow() {
    let app = TestApp::with_settings(|settings| {
        settings
            .recheck(minutes(15))
            .session_age(minutes(600))
            .roles(["editor=App.Editor", "reader=App.Reader"])
            .staff_roles(["App.Staff"])
            .tenants([CONTOSO])
    })
    .await;
    let set = |roles: &[&str]| {
        let roles: Vec<_> = roles.iter().map(|role| (*role).to_owned()).collect();
        app.entra.update_person(&oid(), |ada| ada.roles = roles);
    };
    set(&["App.Editor", "App.Staff"]);
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let before = app.count("users WHERE last_login IS NOT NULL");
    let roles = async |expected: serde_json::Value, is_staff: bool| {
        let identity = browser.get("/identity").await.json();
        let roles = identity.get("roles").cloned().unwrap_or(json!([]));
        assert_eq!(roles, expected);
        assert_eq!(browser.me().await.unwrap()["is_staff"], is_staff);
    };
    roles(json!(["editor"]), true).await;
    set(&["App.Reader"]);
    roles(json!(["editor"]), true).await;
    app.pass(INTERVAL + 1);
    roles(json!(["reader"]), false).await;
    set(&["App.Editor", "App.Staff"]);
    app.pass(INTERVAL + 1);
    roles(json!(["editor"]), true).await;
    set(&[]);
    app.pass(INTERVAL + 1);
    roles(json!([]), false).await;
    assert_eq!(app.count("users WHERE last_login IS NOT NULL"), before);
}

#[actix_web::test]
async fn an_id_token_that_cannot_be_verified_changes_no_role_and_one_of_another_ends_the_session() {
    let app = TestApp::with_settings(|settings| {
        settings
            .recheck(minutes(15))
            .session_age(minutes(600))
            .roles(["editor=App.Editor"])
    })
    .await;
    let editor = |ada: &mut Person| ada.roles = vec!["App.Editor".to_owned()];
    app.entra.update_person(&oid(), editor);
    let browser = app.browser();
    browser.sign_in(ADA).await;
    app.entra.update_person(&oid(), |ada| ada.roles.clear());
    let faults = [
        Fault::Members(json!({ "id_token": null })),
        Fault::Members(json!({ "id_token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.e30." })),
    ];
    for fault in faults {
        app.entra.fault(Endpoint::Token, fault);
        app.pass(INTERVAL + 1);
        let identity = browser.get("/identity").await.json();
        assert_eq!(identity["roles"], json!(["editor"]));
    }
    app.entra.clear_faults();
    let other = |token: &mut microsoft_sso::testing::TokenParts| {
        token
            .claims
            .insert("oid".to_owned(), json!("somebody-else"));
    };
    app.entra.tamper(other);
    app.pass(INTERVAL + 1);
    assert!(browser.me().await.is_none());
}

#[actix_web::test]
async fn the_refresh_token_is_sealed_in_the_database_and_nowhere_else() {
    log::begin();
    let app =
        TestApp::with_settings(|settings| settings.recheck(minutes(15)).save_access_token(true))
            .await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    app.pass(INTERVAL + 1);
    assert!(browser.me().await.is_some());
    // All of Entra's refresh tokens begin with this.
    let start = "1.AXQA";
    let plain = |table, column| app.database().count_containing(table, column, start);
    assert_eq!(plain("microsoft_sso_tokens", "refresh_token"), 0);
    assert_eq!(plain("microsoft_sso_sessions", "state"), 0);
    let sent = app.entra.requests();
    let sent = sent
        .iter()
        .filter(|request| request.endpoint == Some(Endpoint::Token));
    assert_eq!(sent.count(), 2);
    for line in log::lines(&["1.AXQA"]) {
        assert!(line.contains("/callback/"), "{line}");
    }
}

#[actix_web::test]
async fn a_saved_access_token_is_renewed_before_it_ends() {
    let app = TestApp::with_settings(|settings| {
        settings
            .recheck(minutes(15))
            .session_age(minutes(600))
            .save_access_token(true)
    })
    .await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let first = browser.me().await.unwrap();
    let end = |me: &serde_json::Value| {
        let end = me["expires_at"].as_str().unwrap();
        chrono::DateTime::parse_from_rfc3339(end)
            .unwrap()
            .timestamp()
    };
    let now = chrono::DateTime::parse_from_rfc3339(
        browser.get("/identity").await.json()["signed_in_at"]
            .as_str()
            .unwrap(),
    )
    .unwrap()
    .timestamp();
    assert!((4300..=4400).contains(&(end(&first) - now)), "{first}");
    app.pass(INTERVAL + 1);
    assert_eq!(
        browser.me().await.unwrap()["access_token"],
        first["access_token"]
    );
    app.pass(3 * INTERVAL);
    let renewed = browser.me().await.unwrap();
    assert_ne!(renewed["access_token"], first["access_token"]);
    assert!(end(&renewed) > end(&first));
    // It is good at Graph now, and the first one isn't after its end.
    let graph = async |me: &serde_json::Value| {
        let bearer = format!("Bearer {}", me["access_token"].as_str().unwrap());
        let url = format!("{}/me", app.entra.graph_url());
        browser
            .get_with(&url, &[("Authorization", &bearer)])
            .await
            .status
    };
    app.entra.set_clock_offset(chrono::TimeDelta::seconds(4600));
    assert_eq!(graph(&first).await, 401);
    assert_eq!(graph(&renewed).await, 200);
}

#[actix_web::test]
async fn without_a_refresh_token_nobody_is_signed_in_and_the_log_says_why() {
    let app = app().await;
    app.entra.fault(
        Endpoint::Token,
        Fault::Members(json!({ "refresh_token": null })),
    );
    log::begin();
    // It may have begun at a node that didn't ask for one, so it begins again, and not for ever.
    let browser = app.browser();
    for _ in 0..3 {
        let reply = browser.sign_in(ADA).await;
        assert!(reply.location().starts_with("/microsoft_sso/login/"));
    }
    let message = browser.refused(ADA).await;
    assert!(message.contains("administrator"), "{message}");
    assert!(!log::lines(&["no_refresh_token", "offline_access"]).is_empty());
}

#[actix_web::test]
async fn without_a_database_it_is_a_mistake_at_start() {
    let config = Config::builder()
        .application_id("00001111-aaaa-2222-bbbb-3333cccc4444")
        .client_secret("secret")
        .allowable_domains(["contoso.example"])
        .recheck(minutes(15))
        .build()
        .unwrap();
    let built = MicrosoftSso::builder(config)
        .store(MemoryStore::new())
        .build();
    let error = built.map(drop).unwrap_err();
    assert!(matches!(error, BuildError::NoTokenDatabase), "{error}");
}
