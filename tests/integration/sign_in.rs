//! The road of one sign-in, and what is kept of it.

use microsoft_sso::testing::{Endpoint, Person};
use url::Url;

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";

#[actix_web::test]
async fn a_person_is_signed_in_and_both_tables_hold_what_microsoft_said() {
    let app = TestApp::start().await;
    let browser = app.browser();
    assert!(browser.me().await.is_none());
    let reply = browser.sign_in(ADA).await;
    assert_eq!(reply.status, 303);
    assert_eq!(reply.location(), "/");
    let me = browser.me().await.unwrap();
    assert_eq!(me["email"], "ada@contoso.example");
    assert_eq!(me["first_name"], "Ada");
    assert_eq!(me["last_name"], "Lovelace");
    assert_eq!(me["username"], "ada@contoso.example");
    assert_eq!(me["locale"], "en-GB");
    assert!(me["picture"].as_str().unwrap().starts_with("data:image/"));
    let people = app.entra.people();
    let ada = people
        .iter()
        .find(|person| person.user_principal_name == ADA)
        .unwrap();
    assert_eq!(me["microsoft_id"], ada.oid);
    assert!(me["access_token"].is_null());
    assert_eq!(app.count("users WHERE password LIKE '!%' AND is_active"), 1);
    assert_eq!(
        app.count("microsoft_sso_users WHERE picture_raw IS NOT NULL"),
        1
    );
}

#[actix_web::test]
async fn each_endpoint_answers_with_and_without_the_trailing_slash() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let reply = browser.get("/microsoft_sso/login").await;
    assert_eq!(reply.status, 302);
    let callback = app.entra.sign_in(reply.location(), ADA).unwrap();
    let reply = browser
        .get(&callback.replace("/callback/?", "/callback?"))
        .await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/"));
    assert!(browser.me().await.is_some());
    assert_eq!(
        browser.post_with("/microsoft_sso/logout", &[]).await.status,
        303
    );
}

#[actix_web::test]
async fn the_request_to_entra_has_state_nonce_and_pkce_s256_of_its_own() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let pairs = |url: &str| -> std::collections::HashMap<String, String> {
        Url::parse(url)
            .unwrap()
            .query_pairs()
            .into_owned()
            .collect()
    };
    let (a, b) = (
        pairs(&browser.start("").await),
        pairs(&browser.start("").await),
    );
    for url in [&a, &b] {
        assert_eq!(url["response_type"], "code");
        assert_eq!(url["response_mode"], "query");
        assert_eq!(url["code_challenge_method"], "S256");
        assert_eq!(
            url["redirect_uri"],
            format!("{}/microsoft_sso/callback/", app.url)
        );
        assert_eq!(url["scope"], "openid profile email User.Read");
        assert_eq!(url["client_id"], app.entra.application_id());
    }
    for fresh in ["state", "nonce", "code_challenge"] {
        assert_ne!(a[fresh], b[fresh], "{fresh}");
    }
}

#[actix_web::test]
async fn next_is_come_back_to_with_its_query_string() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser
        .to_callback(ADA, "?next=%2Fwhoami%3Fx%3D1%26y%3D%252F%23f")
        .await;
    assert_eq!(browser.get(&callback).await.location(), "/whoami?x=1&y=%2F");
}

#[actix_web::test]
async fn a_long_next_is_come_back_to() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let next = format!("/search?q={}", "x".repeat(900));
    let callback = browser.to_callback(ADA, &format!("?next={next}")).await;
    assert_eq!(browser.get(&callback).await.location(), next);
}

#[actix_web::test]
async fn next_on_another_site_is_the_default_page() {
    let app = TestApp::with_settings(|settings| settings.next_url("/welcome")).await;
    for next in [
        "https%3A%2F%2Fx%2F%2Fevil.example%2Fy",
        "%2F%2F%2F%2Fevil.example%2Fy",
        "http%3A%2F%2F%2F%2Fevil.example",
        "%2F%2Fevil.example%2Fx",
        "%2F%5Cevil.example",
        "%2F%09%2Fevil.example",
        "%2F%0d%0aSet-Cookie%3A%20a%3Db",
        "https%3Aevil.example",
        "javascript%3Aalert(1)",
        "%FF%FE",
        "%2F%00",
        "",
    ] {
        let browser = app.browser();
        let callback = browser.to_callback(ADA, &format!("?next={next}")).await;
        assert_eq!(
            browser.get(&callback).await.location(),
            "/welcome",
            "{next}"
        );
    }
}

#[actix_web::test]
async fn a_sign_in_costs_two_upstream_rounds_over_kept_alive_connections() {
    let app = TestApp::start().await;
    // Both workers, and their connections, warmed up.
    for _ in 0..8 {
        app.browser().sign_in(ADA).await;
    }
    let connections = app.entra.connections();
    app.entra.clear_requests();
    for _ in 0..8 {
        app.browser().sign_in(ADA).await;
    }
    assert_eq!(app.entra.count(Endpoint::Metadata), 0);
    assert_eq!(app.entra.count(Endpoint::Keys), 0);
    assert_eq!(app.entra.count(Endpoint::Token), 8);
    assert_eq!(app.entra.count(Endpoint::Me), 8);
    assert_eq!(app.entra.count(Endpoint::Photo), 8);
    assert_eq!(app.entra.requests().len(), 24);
    assert_eq!(app.entra.connections(), connections);
}

#[actix_web::test]
async fn login_asks_neither_microsoft_nor_the_database() {
    let app = TestApp::start().await;
    app.browser().start("").await;
    app.entra.clear_requests();
    app.execute("DROP TABLE microsoft_sso_sessions");
    app.execute("DROP TABLE microsoft_sso_users");
    app.execute("DROP TABLE microsoft_sso_identities");
    app.execute("DROP TABLE users");
    app.browser().start("").await;
    assert_eq!(app.entra.requests().len(), 0);
}

#[actix_web::test]
async fn switched_off_there_is_no_sign_in() {
    let app = TestApp::with_settings(|settings| settings.enabled(false)).await;
    let browser = app.browser();
    assert_eq!(browser.get("/microsoft_sso/login/").await.status, 404);
    assert_eq!(
        browser
            .get("/microsoft_sso/callback/?code=a&state=b")
            .await
            .status,
        404
    );
}

#[actix_web::test]
async fn without_basic_info_no_photo_is_asked_for_and_nothing_is_kept() {
    let app = TestApp::with_settings(|settings| settings.save_basic_info(false)).await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let first = browser.me().await.unwrap();
    assert!(
        first["picture"].is_null() && first["microsoft_id"].is_null() && first["locale"].is_null()
    );
    assert_eq!(app.entra.count(Endpoint::Photo), 0);
    assert_eq!(app.count("microsoft_sso_users"), 0);
    let again = app.browser();
    again.sign_in(ADA).await;
    assert_eq!(again.me().await.unwrap()["id"], first["id"]);
    assert_eq!(app.count("users"), 1);
}

#[actix_web::test]
async fn the_access_token_is_in_the_session_only_when_asked_for() {
    let app = TestApp::with_settings(|settings| settings.save_access_token(true)).await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let me = browser.me().await.unwrap();
    assert!(me["access_token"].as_str().unwrap().len() > 1000);
}

#[actix_web::test]
async fn scopes_are_a_setting() {
    let app = TestApp::with_settings(|settings| settings.scopes(["User.Read", "Mail.Read"])).await;
    let url = Url::parse(&app.browser().start("").await).unwrap();
    let scope = url
        .query_pairs()
        .find(|(name, _)| name == "scope")
        .unwrap()
        .1;
    assert_eq!(scope, "openid profile email User.Read Mail.Read");
}

#[actix_web::test]
async fn people_of_every_kind_are_signed_in() {
    let app = TestApp::start().await;
    for person in app.entra.people() {
        let browser = app.browser();
        let reply = browser.sign_in(&person.user_principal_name).await;
        assert_eq!(reply.status, 303, "{}", person.user_principal_name);
        let me = browser.me().await;
        let me = me.unwrap_or_else(|| panic!("{} is not signed in", person.user_principal_name));
        assert_eq!(me["locale"].as_str(), person.preferred_language.as_deref());
        assert_eq!(me["picture"].is_null(), person.photo.is_none());
        let email = person
            .mail
            .unwrap_or(person.user_principal_name)
            .to_lowercase();
        assert_eq!(me["email"], email);
    }
    assert_eq!(app.count("users"), app.entra.people().len() as i64);
}

#[actix_web::test]
async fn a_public_application_names_its_own_origin_whatever_the_request_says() {
    let app = TestApp::with_settings(|settings| settings.base_url("https://app.example")).await;
    let headers = [
        ("X-Forwarded-Proto", "https://evil.example/?x="),
        ("X-Forwarded-Host", "evil.example"),
        ("Forwarded", "host=evil.example"),
    ];
    // Behind a proxy that doesn't pass `Host` on, the request comes a second time.
    let moved = app
        .browser()
        .get_with("/microsoft_sso/login/", &headers)
        .await;
    assert_eq!(
        moved.location(),
        "https://app.example/microsoft_sso/login/?moved=1"
    );
    let reply = app
        .browser()
        .get_with("/microsoft_sso/login/?moved=1", &headers)
        .await;
    let url = Url::parse(reply.location()).unwrap();
    let uri = url
        .query_pairs()
        .find(|(name, _)| name == "redirect_uri")
        .unwrap()
        .1;
    assert_eq!(uri, "https://app.example/microsoft_sso/callback/");
    assert!(
        reply
            .cookies()
            .iter()
            .all(|cookie| cookie.contains("; Secure")),
        "{:?}",
        reply.cookies()
    );
}

#[actix_web::test]
async fn without_a_base_url_only_a_loopback_host_names_the_redirect_uri() {
    let app = TestApp::start().await;
    let redirect_uri = |host: &'static str| {
        let browser = app.browser();
        async move {
            let headers = [
                ("Host", host),
                ("X-Forwarded-Proto", "https"),
                ("X-Forwarded-Host", "evil.example"),
            ];
            let reply = browser.get_with("/microsoft_sso/login/", &headers).await;
            let url = Url::parse(reply.location()).ok()?;
            url.query_pairs()
                .find(|(name, _)| name == "redirect_uri")
                .map(|(_, uri)| uri.into_owned())
        }
    };
    let uri = redirect_uri("localhost:8000").await;
    assert_eq!(
        uri.as_deref(),
        Some("http://localhost:8000/microsoft_sso/callback/")
    );
    assert_eq!(redirect_uri("evil.example").await, None);
    assert_eq!(redirect_uri("127.0.0.1.evil.example").await, None);
    assert_eq!(redirect_uri("127.0.0.1@evil.example").await, None);
}

#[actix_web::test]
async fn answers_of_a_sign_in_are_kept_by_nobody_and_tell_no_other_site() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let login = browser.get("/microsoft_sso/login/").await;
    let callback = browser.to_callback(ADA, "").await;
    let callback = browser.get(&callback).await;
    let stray = app
        .browser()
        .get("/microsoft_sso/callback/?code=a&state=b")
        .await;
    for reply in [login, callback, stray] {
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
    }
}

#[actix_web::test]
async fn a_mail_in_capitals_is_kept_in_lower_case() {
    let app = TestApp::start().await;
    let people = app.entra.people();
    let tenant = &people[0].tenant;
    let person = Person::new(tenant, "Shout@Contoso.example");
    app.entra
        .add_person(person.with_mail("SHOUT@CONTOSO.EXAMPLE"));
    let browser = app.browser();
    browser.sign_in("Shout@Contoso.example").await;
    let me = browser.me().await.unwrap();
    assert_eq!(
        (&me["email"], &me["username"]),
        (
            &"shout@contoso.example".into(),
            &"shout@contoso.example".into()
        )
    );
}
