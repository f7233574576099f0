//! What ends a session with the setting `recheck`, and what doesn't.

use std::time::Duration;

use actix_session::storage::RedisSessionStore;
use microsoft_sso::{
    MicrosoftSso, UserId,
    testing::{CONTOSO, Endpoint, Fault, Person},
};

use crate::{
    browser::Browser,
    harness::{TestApp, serve_with},
    log,
    recheck::{ADA, app, minutes},
};

const INTERVAL: i64 = 900;

fn refusal(status: u16, error: &str, number: u32) -> Fault {
    Fault::Entra(status, error.to_owned(), number, "x".to_owned())
}

/// Waits for what goes on in the background.
async fn until(is_so: impl AsyncFn() -> bool) {
    for _ in 0..100 {
        if is_so().await {
            return;
        }
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never is so");
}

fn user_id(me: &serde_json::Value) -> UserId {
    serde_json::from_value(me["id"].clone()).unwrap()
}

#[actix_web::test]
async fn what_entra_says_of_the_grant_ends_it_by_the_error_alone() {
    let app = app().await;
    let oid = Person::new(CONTOSO, ADA).oid;
    let is_out = async |change: &dyn Fn()| {
        let browser = app.browser();
        browser.sign_in(ADA).await;
        app.pass(INTERVAL + 1);
        change();
        let is_out = browser.me().await.is_none();
        app.entra.clear_faults();
        is_out
    };
    assert!(is_out(&|| app.entra.revoke_sessions(&oid)).await);
    assert!(is_out(&|| app.entra.withdraw_consent(&oid)).await);
    for error in ["invalid_grant", "interaction_required", "consent_required"] {
        let fault = refusal(400, error, 999_999);
        assert!(
            is_out(&|| app.entra.fault(Endpoint::Token, fault.clone())).await,
            "{error}"
        );
    }
    for fault in [
        refusal(401, "invalid_client", 7_000_222),
        refusal(400, "unauthorized_client", 700_016),
        refusal(400, "temporarily_unavailable", 90033),
        refusal(400, "invalid_request", 50173),
        refusal(503, "invalid_grant", 50173),
        refusal(429, "invalid_grant", 50173),
        Fault::Status(500),
        Fault::Status(404),
        Fault::Body(200, "text/html".to_owned(), b"<html>".to_vec()),
    ] {
        let set = || app.entra.fault(Endpoint::Token, fault.clone());
        assert!(!is_out(&set).await, "{fault:?}");
    }
}

#[actix_web::test]
async fn while_microsoft_is_away_nobody_is_lost_for_the_time_of_grace() {
    log::begin();
    let app = TestApp::with_settings(|settings| {
        settings
            .recheck(minutes(15))
            .recheck_grace(minutes(60))
            .session_age(minutes(600))
            .entra_timeout(Duration::from_millis(300))
    })
    .await;
    let (browser, other) = (app.browser(), app.browser());
    browser.sign_in(ADA).await;
    other.sign_in("grace@contoso.example").await;
    app.entra.fault(Endpoint::Token, Fault::Hang);
    // Idle for five hours: the grace begins with the first failure.
    let idle = 5 * 3600;
    app.advance(idle);
    assert!(browser.me().await.is_some());
    app.entra.clear_requests();
    for _ in 0..5 {
        assert!(browser.me().await.is_some());
        assert!(other.me().await.is_some());
    }
    let asked = || app.entra.count(Endpoint::Token);
    assert_eq!(asked(), 0, "each request, or each session, tries again");
    app.advance(31);
    assert!(browser.me().await.is_some());
    assert!(other.me().await.is_some());
    until(async || asked() > 0).await;
    assert_eq!(asked(), 1, "one asks for all");
    app.advance(3500);
    assert!(browser.me().await.is_some());
    let failed = log::lines(&["recheck_failed", "WARN", "within"]);
    assert!(!failed.is_empty());
    app.advance(100);
    assert!(browser.me().await.is_none(), "the grace has no end");
    assert!(other.me().await.is_none(), "nor has that of others");
    assert!(!log::lines(&["event=\"session_ended\"", "recheck_grace_over"]).is_empty());
}

#[actix_web::test]
async fn a_failure_of_last_week_is_no_part_of_an_outage_of_today() {
    let app = app().await;
    let (browser, other) = (app.browser(), app.browser());
    browser.sign_in(ADA).await;
    app.pass(300);
    other.sign_in(ADA).await;
    app.entra.fault(Endpoint::Token, Fault::Status(503));
    app.pass(INTERVAL - 299);
    assert!(browser.me().await.is_some());
    app.entra.clear_faults();
    app.pass(300);
    assert!(other.me().await.is_some());
    app.pass(7200);
    app.entra.fault(Endpoint::Token, Fault::Status(503));
    assert!(browser.me().await.is_some());
    until(async || app.count("microsoft_sso_tokens WHERE failing_since IS NOT NULL") == 1).await;
    assert!(browser.me().await.is_some());
}

#[actix_web::test]
async fn a_success_ends_the_time_of_grace() {
    let app = app().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    for round in 1..=6 {
        app.entra.fault(Endpoint::Token, Fault::Status(503));
        app.pass(INTERVAL + 1);
        assert!(browser.me().await.is_some(), "{round}");
        app.entra.clear_faults();
        app.pass(31);
        // Nobody waits for it.
        until(async || {
            assert!(browser.me().await.is_some(), "{round}");
            app.count("microsoft_sso_tokens WHERE failing_since IS NOT NULL") == 0
        })
        .await;
    }
}

#[actix_web::test]
async fn each_end_of_a_session_deletes_its_token() {
    let app = app().await;
    let tokens = || app.count("microsoft_sso_tokens");
    let browser = app.browser();
    // Not so often within seconds that it looks like a circle.
    let sign_in = async |username: &str| {
        app.pass(30);
        browser.sign_in(username).await;
    };
    sign_in(ADA).await;
    browser.post_with("/microsoft_sso/logout/", &[]).await;
    assert_eq!(tokens(), 0, "sign-out");
    sign_in(ADA).await;
    browser.post_with("/leave", &[]).await;
    assert_eq!(tokens(), 0, "the application's own way");
    sign_in(ADA).await;
    sign_in(ADA).await;
    assert_eq!(tokens(), 1, "the session before");
    sign_in("grace@contoso.example").await;
    assert_eq!(tokens(), 1, "the session of another user");
    app.browser().sign_in(ADA).await;
    let sid = Person::new(CONTOSO, ADA).session_id.unwrap();
    let frame = format!("/microsoft_sso/front-channel-logout/?sid={sid}");
    app.browser().get(&frame).await;
    assert_eq!(tokens(), 1, "front-channel logout");
    let id = user_id(&browser.me().await.unwrap());
    assert_eq!(app.sso.sign_out_everywhere(&id).await.unwrap(), 1);
    assert_eq!(tokens(), 0, "sign-out everywhere");
    sign_in("grace@contoso.example").await;
    app.sso.set_active(&id, false).await.unwrap();
    assert_eq!(tokens(), 0, "inactive");
    app.sso.set_active(&id, true).await.unwrap();
    sign_in("grace@contoso.example").await;
    app.sso.delete_user(&id).await.unwrap();
    assert_eq!(tokens(), 0, "deleted");
    // What is never ended expires.
    sign_in(ADA).await;
    app.pass(36_001);
    app.browser().sign_in(ADA).await;
    for _ in 0..50 {
        if tokens() == 1 {
            return;
        }
        actix_web::rt::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("an expired token stays");
}

#[actix_web::test]
async fn a_session_elsewhere_ends_with_its_token() {
    let app = app().await;
    let redis = RedisSessionStore::new("redis://127.0.0.1").await.unwrap();
    let sessions = move |sso: &MicrosoftSso| sso.sessions_in(redis.clone());
    let (url, server) = serve_with(&app.sso, sessions);
    let browser = Browser::new(&url, app.entra.clone());
    browser.sign_in(ADA).await;
    let sid = Person::new(CONTOSO, ADA).session_id.unwrap();
    let frame = format!("/microsoft_sso/front-channel-logout/?sid={sid}");
    app.browser().get(&frame).await;
    app.pass(INTERVAL + 1);
    app.entra.clear_requests();
    assert_eq!(browser.get("/private").await.status, 302);
    assert_eq!(app.entra.count(Endpoint::Token), 0, "and Entra isn't asked");
    drop(server.stop(false));
}

#[actix_web::test]
async fn a_user_who_is_no_longer_admitted_here_is_out_too() {
    let app = app().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let stricter = app.beside(|settings| {
        settings
            .recheck(minutes(15))
            .session_age(minutes(600))
            .allowable_domains(["fabrikam.example"])
    });
    stricter.pass(INTERVAL + 1);
    let there = Browser::new(&stricter.url, app.entra.clone());
    there.copy_cookies(&browser);
    assert!(there.me().await.is_none());
}

#[actix_web::test]
async fn a_session_from_before_the_setting_lasts_no_longer_than_a_check() {
    let before = TestApp::start().await;
    let browser = before.browser();
    browser.sign_in(ADA).await;
    let after = before.beside(|settings| settings.recheck(minutes(15)));
    let there = Browser::new(&after.url, after.entra.clone());
    there.copy_cookies(&browser);
    assert_eq!(there.get("/private").await.status, 200);
    after.pass(INTERVAL + 1);
    assert_eq!(there.get("/private").await.status, 302);
    there.sign_in(ADA).await;
    assert_eq!(there.get("/private").await.status, 200);
}

#[actix_web::test]
async fn a_sign_in_and_a_sign_out_never_wait_for_a_check() {
    let app = app().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    app.pass(INTERVAL + 1);
    app.entra.fault(Endpoint::Token, Fault::Hang);
    browser.start("").await;
    let reply = browser.post_with("/microsoft_sso/logout/", &[]).await;
    assert_eq!(reply.status, 303);
    assert!(browser.me().await.is_none());
    assert_eq!(app.count("microsoft_sso_tokens"), 0);
}

#[actix_web::test]
async fn groups_that_cannot_be_read_keep_their_rights_for_the_time_of_grace_alone() {
    let group = "87d349ed-44d7-43e1-9a83-5f2406dee5bd";
    let app = TestApp::with_settings(|settings| {
        settings
            .recheck(minutes(15))
            .session_age(minutes(600))
            .scopes(["User.Read", "GroupMember.Read.All"])
            .roles([format!("editor={group}")])
            .tenants([CONTOSO])
    })
    .await;
    let oid = Person::new(CONTOSO, ADA).oid;
    let many = (0..300).map(|number| format!("{number:08}-44d7-43e1-9a83-5f2406dee5bd"));
    let many: Vec<_> = many.chain([group.to_owned()]).collect();
    app.entra.update_person(&oid, |ada| ada.groups = many);
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert_eq!(browser.get("/role").await.status, 200);
    app.entra.fault(Endpoint::MemberObjects, Fault::Status(429));
    app.pass(INTERVAL + 1);
    assert_eq!(browser.get("/role").await.status, 200);
    app.pass(3500);
    assert_eq!(browser.get("/role").await.status, 200);
    app.pass(200);
    assert_eq!(
        browser.get("/role").await.status,
        302,
        "the grace has no end"
    );
    app.entra.clear_faults();
    browser.sign_in(ADA).await;
    app.entra
        .update_person(&oid, |ada| ada.groups.truncate(300));
    app.pass(INTERVAL + 1);
    assert_eq!(browser.get("/role").await.status, 403);
}

#[actix_web::test]
async fn a_session_of_a_user_who_has_the_account_no_longer_ends() {
    let app = app().await;
    let redis = RedisSessionStore::new("redis://127.0.0.1").await.unwrap();
    let sessions = move |sso: &MicrosoftSso| sso.sessions_in(redis.clone());
    let (url, server) = serve_with(&app.sso, sessions);
    let browser = Browser::new(&url, app.entra.clone());
    browser.sign_in(ADA).await;
    assert_eq!(browser.get("/private").await.status, 200);
    app.execute(
        "INSERT INTO users (id, username, email, first_name, last_name, password) \
         VALUES (5001, 'another', '', '', '', '!')",
    );
    app.execute("UPDATE microsoft_sso_identities SET user_id = 5001");
    app.pass(INTERVAL + 1);
    assert_eq!(browser.get("/private").await.status, 302);
    drop(server.stop(false));
}

#[actix_web::test]
async fn without_the_setting_a_token_from_before_is_not_used_and_ends_with_its_session() {
    let app = app().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let after = app.beside(|settings| settings.session_age(minutes(600)).save_access_token(true));
    let there = Browser::new(&after.url, app.entra.clone());
    there.copy_cookies(&browser);
    app.entra.clear_requests();
    assert_eq!(there.get("/private").await.status, 200);
    assert_eq!(there.get("/token").await.status, 302);
    assert_eq!(app.entra.count(Endpoint::Token), 0);
    there.post_with("/microsoft_sso/logout/", &[]).await;
    assert_eq!(app.count("microsoft_sso_tokens"), 0);
}
