//! Access tokens for the application's own API.

use microsoft_sso::{
    Config,
    testing::{CONTOSO, Endpoint, FABRIKAM, Fault, PERSONAL, Person, Signature, TokenParts},
};
use serde_json::{Value, json};

use crate::{browser::Reply, harness::TestApp, log};

const ADA: &str = "ada@contoso.example";

async fn call(app: &TestApp, path: &str, token: &str) -> Reply {
    let authorization = format!("Bearer {token}");
    let headers = [("Authorization", authorization.as_str())];
    app.browser().get_with(path, &headers).await
}

fn person(app: &TestApp, scopes: &[&str]) -> String {
    app.entra.api_token_of_person(ADA, scopes).unwrap()
}

fn assert_refused(reply: &Reply, why: &str) {
    assert_eq!(reply.status, 401, "{why}: {}", reply.body);
    assert_eq!(
        reply.header("www-authenticate"),
        "Bearer error=\"invalid_token\"",
        "{why}"
    );
    assert_eq!(reply.json()["error"], "invalid_token", "{why}");
}

#[actix_web::test]
async fn a_person_and_an_application_are_told_apart_and_each_needs_its_right() {
    let app = TestApp::start().await;
    let oid = Person::new(CONTOSO, ADA).oid;
    let reply = call(
        &app,
        "/api/person",
        &person(&app, &["Other", "Reports.Read"]),
    )
    .await;
    assert_eq!(
        (reply.status.as_u16(), reply.body),
        (200, format!("{CONTOSO} {oid}"))
    );
    let application = app
        .entra
        .api_token_of_application(CONTOSO, &["Reports.Read.All"]);
    let reply = call(&app, "/api/application", &application).await;
    assert_eq!(reply.status, 200);
    assert!(
        reply.body.ends_with("00001111-aaaa-2222-bbbb-3333cccc6666"),
        "{}",
        reply.body
    );

    // An application with a role of a scope's name is no person, nor a person with that role an application.
    let poses = app
        .entra
        .api_token_of_application(CONTOSO, &["Reports.Read"]);
    let role = |ada: &mut Person| ada.roles = vec!["Reports.Read.All".to_owned()];
    app.entra.update_person(&oid, role);
    for (path, token, wanted) in [
        (
            "/api/person",
            person(&app, &["Reports.Write"]),
            "Reports.Read",
        ),
        ("/api/person", poses, "Reports.Read"),
        (
            "/api/application",
            person(&app, &["Reports.Read"]),
            "Reports.Read.All",
        ),
    ] {
        let reply = call(&app, path, &token).await;
        assert_eq!(reply.status, 403);
        let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{wanted}\"");
        assert_eq!(reply.header("www-authenticate"), challenge);
        assert_eq!(reply.json()["error"], "insufficient_scope");
    }
}

#[actix_web::test]
async fn without_a_token_the_answer_names_the_scheme_alone() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for authorization in ["", "Basic eDp5", "bearer", "Digest x"] {
        let headers = [("Authorization", authorization)];
        let reply = browser.get_with("/api/person", &headers).await;
        assert_eq!(reply.status, 401);
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
    // RFC 6750 has other places for a token, which end up in logs.
    let token = person(&app, &["Reports.Read"]);
    let reply = browser
        .get(&format!("/api/person?access_token={token}"))
        .await;
    assert_eq!(reply.status, 401);
    // A token is no session, and a session no token; a route may take either.
    assert_eq!(browser.get("/api/either").await.body, "nobody");
    assert_eq!(call(&app, "/api/either", &token).await.body, "token");
    assert_eq!(call(&app, "/private", &token).await.status, 302);
    browser.sign_in(ADA).await;
    assert_eq!(browser.get("/api/either").await.body, "session");
    assert_eq!(browser.get("/api/person").await.status, 401);
}

type Change = Box<dyn Fn(&mut TokenParts) + Send + Sync>;

fn claim(name: &'static str, value: Value) -> Change {
    Box::new(move |token| drop(token.claims.insert(name.to_owned(), value.clone())))
}

fn without(name: &'static str) -> Change {
    Box::new(move |token| drop(token.claims.remove(name)))
}

#[actix_web::test]
async fn a_token_that_is_not_for_this_api_is_refused() {
    let app = TestApp::start().await;
    let changes: Vec<(&str, Change)> = vec![
        (
            "another API",
            claim("aud", json!("00000003-0000-0000-c000-000000000000")),
        ),
        (
            "its URI, which no setting names",
            claim("aud", json!("api://contoso/reports")),
        ),
        (
            "another issuer",
            claim("iss", json!("https://login.evil.example/v2.0")),
        ),
        ("another tenant's issuer", claim("tid", json!(FABRIKAM))),
        ("expired", claim("exp", json!(1_000_000_000))),
        ("not yet", claim("nbf", json!(9_999_999_999_i64))),
        ("no client", without("azp")),
        ("a client that is no id", claim("azp", json!("x"))),
        ("no client authentication", without("azpacr")),
        ("an ID token's nonce", claim("nonce", json!("n"))),
        (
            "a person's token of an application",
            claim("idtyp", json!("app")),
        ),
        ("an odd kind", claim("idtyp", json!("device"))),
        (
            "scopes of an odd type",
            claim("scp", json!(["Reports.Read"])),
        ),
        ("no scopes, from a public client", without("scp")),
        ("another version", claim("ver", json!("3.0"))),
        ("an object id of an odd type", claim("oid", json!(7))),
        (
            "a wrong key",
            Box::new(|token| token.signature = Signature::WrongKey),
        ),
        (
            "a changed byte",
            Box::new(|token| token.signature = Signature::Corrupt),
        ),
        (
            "no signature",
            Box::new(|token| token.signature = Signature::None),
        ),
    ];
    for (why, change) in changes {
        app.entra.tamper(change);
        let token = person(&app, &["Reports.Read"]);
        assert_refused(&call(&app, "/api/person", &token).await, why);
        assert_refused(&call(&app, "/api/application", &token).await, why);
    }
    app.entra.clear_tamper();
    for token in ["", "x", "a.b.c", "....", &"e30.".repeat(2000)] {
        assert_eq!(call(&app, "/api/person", token).await.status, 401);
    }
    // Personal accounts have keys of their own.
    let wrong = claim("tid", json!(PERSONAL));
    app.entra.tamper(wrong);
    assert_refused(
        &call(&app, "/api/person", &person(&app, &["Reports.Read"])).await,
        "tid",
    );
}

#[actix_web::test]
async fn an_id_token_of_the_web_sign_in_calls_no_api() {
    let app = TestApp::start().await;
    let oid = Person::new(CONTOSO, ADA).oid;
    let role = |ada: &mut Person| ada.roles = vec!["Reports.Read.All".to_owned()];
    app.entra.update_person(&oid, role);
    // It has the same issuer and audience, and app roles.
    for nonce in [json!("n"), Value::Null] {
        app.entra.tamper(move |token| {
            token.claims.remove("scp");
            token.claims.remove("azp");
            token.claims.remove("azpacr");
            if !nonce.is_null() {
                token.claims.insert("nonce".to_owned(), nonce.clone());
            }
        });
        let id_token = person(&app, &[]);
        assert_refused(
            &call(&app, "/api/application", &id_token).await,
            "an ID token",
        );
        assert_refused(&call(&app, "/api/person", &id_token).await, "an ID token");
    }
}

#[actix_web::test]
async fn version_1_is_refused_with_advice_and_the_uri_is_a_setting() {
    log::begin();
    let app = TestApp::start().await;
    app.entra.use_api_tokens_v1();
    let token = person(&app, &["Reports.Read"]);
    assert_refused(&call(&app, "/api/person", &token).await, "version 1");
    assert!(!log::lines(&["api_token_refused", "requestedAccessTokenVersion"]).is_empty());

    let uri = "api://contoso/reports";
    let app = TestApp::with_settings(|settings| settings.application_id_uri(uri)).await;
    for audience in [json!(uri), json!(app.entra.application_id()), json!([uri])] {
        let is_good = audience.is_string();
        app.entra.tamper(claim("aud", audience));
        let reply = call(&app, "/api/person", &person(&app, &["Reports.Read"])).await;
        assert_eq!(reply.status == 200, is_good);
    }
    let odd = Config::builder()
        .enabled(false)
        .application_id_uri("reports")
        .build();
    assert_eq!(odd.unwrap_err().problems()[0].setting, "application_id_uri");
}

#[actix_web::test]
async fn tenants_and_rotated_keys_are_those_of_the_sign_in_and_an_outage_is_no_refusal() {
    let app = TestApp::with_settings(|settings| settings.tenants([FABRIKAM])).await;
    assert_refused(
        &call(&app, "/api/person", &person(&app, &["Reports.Read"])).await,
        "a tenant that isn't listed",
    );
    let app = TestApp::start().await;
    app.entra.fault(Endpoint::Metadata, Fault::Status(503));
    let token = person(&app, &["Reports.Read"]);
    let reply = call(&app, "/api/person", &token).await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.header("retry-after"), "30");
    app.entra.clear_faults();
    assert_eq!(call(&app, "/api/person", &token).await.status, 200);
    app.entra.rotate_keys();
    let token = person(&app, &["Reports.Read"]);
    assert_eq!(call(&app, "/api/person", &token).await.status, 200);
    let off = app.beside(|settings| settings.enabled(false));
    assert_eq!(call(&off, "/api/person", &token).await.status, 401);
}
