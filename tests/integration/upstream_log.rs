//! What goes wrong at Microsoft: what the operator reads of it.

use microsoft_sso::testing::{Endpoint, Fault};
use serde_json::json;

use crate::{
    harness::TestApp,
    log,
    upstream::{body, entra, event, told},
};

const ADA: &str = "ada@contoso.example";

#[actix_web::test]
async fn each_failure_names_endpoint_status_request_id_and_microsofts_code() {
    const HTML: &str = "text/html";
    let graph = |code: &str| {
        let error = json!({ "error": { "code": code, "message": "text" } });
        body(403, "application/json", &error.to_string())
    };
    let two_codes = json!({
        "error": "invalid_grant", "error_codes": [70000, "50173"],
        "error_description": "AADSTS70043: text. AADSTS530003: text.",
    });
    for (site, endpoint, fault, parts) in [
        (
            "up-html",
            Endpoint::Token,
            body(502, HTML, "<html>"),
            vec!["/oauth2/v2.0/token answered 502", "x-ms-request-id "],
        ),
        (
            "up-empty",
            Endpoint::Token,
            body(200, HTML, ""),
            vec!["/oauth2/v2.0/token answered 200", "x-ms-request-id "],
        ),
        (
            "up-400",
            Endpoint::Token,
            body(400, HTML, "<html>"),
            vec!["/oauth2/v2.0/token answered 400", "x-ms-request-id "],
        ),
        (
            "up-refused",
            Endpoint::Token,
            entra(401, "invalid_client", 7000215),
            vec![
                "/oauth2/v2.0/token answered 401",
                "x-ms-request-id ",
                "AADSTS7000215",
                "correlation id ",
            ],
        ),
        (
            "up-codes",
            Endpoint::Token,
            body(400, "application/json", &two_codes.to_string()),
            vec!["AADSTS70000", "AADSTS50173", "AADSTS70043", "AADSTS530003"],
        ),
        (
            "up-odd",
            Endpoint::Token,
            body(
                400,
                "application/json",
                "{\"error\":\"invalid_grant\",\"error_description\":7,\"error_codes\":{}}",
            ),
            vec!["invalid_grant", "answered 400"],
        ),
        (
            "up-hang",
            Endpoint::Token,
            Fault::Hang,
            vec!["/oauth2/v2.0/token", "no complete response"],
        ),
        (
            "up-graph",
            Endpoint::Me,
            graph("Authorization_RequestDenied"),
            vec![
                "/v1.0/me answered 403",
                "request-id ",
                "client-request-id ",
                "Authorization_RequestDenied",
            ],
        ),
        (
            "up-graph-html",
            Endpoint::Me,
            body(200, HTML, "<html>"),
            vec!["/v1.0/me answered 200", "request-id "],
        ),
        (
            "up-graph-empty",
            Endpoint::Me,
            Fault::Status(503),
            vec!["/v1.0/me answered 503", "request-id "],
        ),
        (
            "up-graph-hang",
            Endpoint::Me,
            Fault::Hang,
            vec!["/v1.0/me", "no complete response"],
        ),
        (
            "up-meta",
            Endpoint::Metadata,
            entra(400, "invalid_tenant", 90002),
            vec![
                "/.well-known/openid-configuration answered 400",
                "x-ms-request-id ",
                "AADSTS90002",
            ],
        ),
        (
            "up-meta-html",
            Endpoint::Metadata,
            body(200, HTML, "<html>"),
            vec![
                "/.well-known/openid-configuration answered 200",
                "x-ms-request-id ",
            ],
        ),
        (
            "up-keys",
            Endpoint::Keys,
            Fault::Status(503),
            vec!["/discovery/v2.0/keys answered 503", "x-ms-request-id "],
        ),
    ] {
        told(site, endpoint, fault).await;
        let line = event(site);
        for part in parts {
            assert!(line.contains(part), "{site} lacks {part}: {line}");
        }
        assert!(!line.contains("<html"), "{line}");
    }
}

#[actix_web::test]
async fn a_photo_that_cannot_be_read_is_named_as_well() {
    log::begin();
    let app = TestApp::start().await;
    app.entra.fault(Endpoint::Photo, Fault::Status(418));
    app.browser().sign_in(ADA).await;
    let lines = log::lines(&["/v1.0/me/photo/$value answered 418", "request-id "]);
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[actix_web::test]
async fn a_used_code_begins_anew_wherever_its_number_stands() {
    let app = TestApp::start().await;
    for (description, codes) in [
        ("AADSTS70000: text. AADSTS54005: text.", json!([70000])),
        ("AADSTS70000: text.", json!([70000, 54005])),
        ("text", json!(["54005"])),
    ] {
        let error = json!({
            "error": "invalid_grant", "error_description": description, "error_codes": codes,
        });
        let fault = body(400, "application/json", &error.to_string());
        app.entra.fault(Endpoint::Token, fault);
        let browser = app.browser();
        let callback = browser.to_callback(ADA, "?next=/orders").await;
        let reply = browser.get(&callback).await;
        let location = reply.location();
        assert!(
            location.contains("/login/?next="),
            "{description}: {location}"
        );
    }
}

#[actix_web::test]
async fn a_key_that_is_not_found_hints_at_application_specific_keys() {
    log::begin();
    let app = TestApp::at_site("own-keys").await;
    app.entra.tamper(|token| {
        drop(
            token
                .header
                .insert("kid".to_owned(), json!("not-published")),
        )
    });
    let message = app.browser().refused(ADA).await;
    assert!(message.contains("could not be verified"), "{message}");
    let line = event("own-keys");
    for part in [
        "ERROR",
        "not-published",
        "claims mapping",
        "?appid=",
        "/discovery/v2.0/keys",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
}
