//! The session: a new id at sign-in, nothing of the attempt in it, and room for the token.

use actix_session::storage::CookieSessionStore;
use actix_web::{App, HttpServer, rt, web};
use microsoft_sso::{
    ACCESS_TOKEN_KEY, IDENTITY_KEY, UserId,
    testing::{CONTOSO, Person},
};

use crate::{browser::Browser, harness::TestApp};

const ADA: &str = "ada@contoso.example";

fn session(browser: &Browser) -> String {
    let header = browser.cookie_header("/");
    let cookies = header.split("; ");
    let mut session = cookies.filter(|cookie| cookie.starts_with("microsoft_sso_session="));
    session.next().unwrap_or_default().to_owned()
}

#[actix_web::test]
async fn the_session_id_is_renewed_at_sign_in() {
    let app = TestApp::start().await;
    let (browser, attacker) = (app.browser(), app.browser());
    browser.post_with("/cart", &[]).await;
    let before = session(&browser);
    attacker.steal_cookies(&browser);
    browser.sign_in(ADA).await;
    assert_ne!(session(&browser), before);
    assert!(
        attacker.me().await.is_none(),
        "a planted session was signed in"
    );
    assert_eq!(
        attacker.get("/cart").await.body,
        "",
        "the old session is still there"
    );
    assert_eq!(
        browser.get("/cart").await.body,
        "apples",
        "the visitor's own cart is lost"
    );
}

#[actix_web::test]
async fn somebody_else_who_signs_in_sees_nothing_of_the_one_before() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    browser.post_with("/cart", &[]).await;
    browser.sign_in(ADA).await;
    assert_eq!(browser.get("/cart").await.body, "apples");
    browser.sign_in("grace@contoso.example").await;
    assert_eq!(browser.get("/cart").await.body, "");
}

#[actix_web::test]
async fn nothing_of_the_attempt_is_in_the_session() {
    let app = TestApp::with_settings(|settings| settings.save_access_token(true)).await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let identity = browser.get("/identity").await.json();
    let mut keys: Vec<_> = identity
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "binding",
            "email",
            "email_verified",
            "expires_at",
            "first_name",
            "generation",
            "last_name",
            "object_id",
            "session_id",
            "signed_in_at",
            "tenant_id",
            "user_id",
            "username"
        ]
    );
    assert_eq!(
        (IDENTITY_KEY, ACCESS_TOKEN_KEY),
        ("microsoft_sso_identity", "microsoft_sso_access_token")
    );
}

#[actix_web::test]
async fn the_session_cookie_is_small_and_kept_from_scripts() {
    let app = TestApp::with_settings(|settings| settings.save_access_token(true)).await;
    let reply = app.browser().sign_in(ADA).await;
    let cookies = reply.cookies();
    let cookie = cookies
        .iter()
        .find(|cookie| cookie.starts_with("microsoft_sso_session="))
        .unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=3600"] {
        assert!(cookie.split("; ").any(|p| p == part), "{part}: {cookie}");
    }
    assert!(cookie.len() < 300, "{} bytes", cookie.len());
}

#[actix_web::test]
async fn a_stored_session_shows_neither_its_key_nor_its_token() {
    let app = TestApp::with_settings(|settings| settings.save_access_token(true)).await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let token = browser.me().await.unwrap()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let plain = |text: &str| {
        app.database()
            .count_containing("microsoft_sso_sessions", "state", text)
    };
    assert_eq!(plain(&token[..40]), 0);
    assert_eq!(plain("microsoft_sso_identity"), 0);
    assert_eq!(app.count("microsoft_sso_sessions WHERE length(id) = 63 AND user_id IS NOT NULL AND tenant_id IS NOT NULL AND sid IS NOT NULL"), 1);
}

#[actix_web::test]
async fn a_user_is_signed_out_everywhere() {
    let app = TestApp::start().await;
    let (phone, laptop, other) = (app.browser(), app.browser(), app.browser());
    phone.sign_in(ADA).await;
    laptop.sign_in(ADA).await;
    other.sign_in("grace@contoso.example").await;
    let id = phone.me().await.unwrap()["id"].as_str().unwrap().to_owned();
    let ended = app.sso.sign_out_everywhere(&UserId::new(id)).await.unwrap();
    assert_eq!(ended, 2);
    assert!(phone.me().await.is_none() && laptop.me().await.is_none());
    assert!(other.me().await.is_some());
}

#[actix_web::test]
async fn expired_sessions_are_purged() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        app.browser().sign_in(ADA).await;
    }
    assert_eq!(app.count("microsoft_sso_sessions"), 3);
    app.pass(3601);
    for _ in 0..2 {
        app.browser().sign_in(ADA).await;
    }
    assert_eq!(app.count("microsoft_sso_sessions"), 2);
}

/// An application whose sessions are in cookies, beside the usual one.
fn with_cookie_sessions(app: &TestApp) -> Browser {
    let sso = app.sso.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(sso.clone())
            .configure(microsoft_sso::config)
            .route(
                "/me",
                web::get()
                    .to(|identity: microsoft_sso::Identity| async move { web::Json(identity) }),
            )
            .wrap(sso.sessions_in(CookieSessionStore::default()))
    });
    let server = server
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
    let browser = Browser::new(&format!("http://{}", server.addrs()[0]), app.entra.clone());
    rt::spawn(server.run());
    browser
}

#[actix_web::test]
async fn a_token_too_large_for_a_cookie_session_does_not_lose_the_sign_in() {
    let app = TestApp::with_settings(|settings| settings.save_access_token(true)).await;
    app.entra.set_access_token_length(3500);
    let browser = with_cookie_sessions(&app);
    let reply = browser.sign_in(ADA).await;
    assert_eq!(reply.status, 303, "{}", reply.body);
    assert_eq!(browser.get("/me").await.json()["email"], ADA);
    assert!(session(&browser).len() < 4096);
    // One that fits is kept.
    app.entra.set_access_token_length(800);
    browser.sign_in(ADA).await;
    assert_eq!(browser.get("/me").await.status, 200);
    assert!(session(&browser).len() > 1000);
}

#[actix_web::test]
async fn whatever_the_token_and_the_roles_a_cookie_session_is_one_that_browsers_keep() {
    for roles in [0, 20, 60, 120] {
        let names: Vec<_> = (0..roles)
            .map(|n| format!("role-number-{n:03}=App.{n}"))
            .collect();
        let app = TestApp::with_settings(|settings| settings.save_access_token(true).roles(names));
        let app = app.await;
        let ada = Person::new(CONTOSO, ADA).oid;
        app.entra.update_person(&ada, |person| {
            person.roles = (0..roles).map(|n| format!("App.{n}")).collect();
        });
        let browser = with_cookie_sessions(&app);
        for length in (600..4200).step_by(200) {
            app.entra.set_access_token_length(length);
            let reply = browser.sign_in(ADA).await;
            let cookies = reply.cookies();
            let session = cookies.iter().find(|cookie| cookie.contains("_session="));
            let size = session.unwrap().len();
            assert!(
                size <= 4096,
                "{size} bytes with {roles} roles and a token of {length}"
            );
            assert_eq!(
                browser.get("/me").await.json()["email"],
                ADA,
                "{roles}, {length}"
            );
        }
    }
}

#[actix_web::test]
async fn a_user_set_inactive_is_signed_out_at_once_and_may_come_back() {
    let app = TestApp::start().await;
    let (browser, other) = (app.browser(), app.browser());
    browser.sign_in(ADA).await;
    other.sign_in("grace@contoso.example").await;
    let id = UserId::new(browser.me().await.unwrap()["id"].as_str().unwrap());
    assert!(app.sso.set_active(&id, false).await.unwrap());
    assert_eq!(browser.get("/identity").await.status, 401);
    assert!(other.me().await.is_some());
    app.browser().refused(ADA).await;
    assert!(app.sso.set_active(&id, true).await.unwrap());
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
    for nobody in ["999999", "x", "", "+1", "01"] {
        assert!(
            !app.sso
                .set_active(&UserId::new(nobody), false)
                .await
                .unwrap()
        );
    }
}

#[actix_web::test]
async fn a_sign_in_ends_with_its_age_even_where_the_store_keeps_the_session() {
    let app = TestApp::start().await;
    let browser = with_cookie_sessions(&app);
    browser.sign_in(ADA).await;
    app.pass(3590);
    assert_eq!(browser.get("/me").await.status, 200);
    app.pass(20);
    assert_eq!(browser.get("/me").await.status, 401);
}
