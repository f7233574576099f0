//! What goes wrong at Microsoft: what the person is told, and whether the operator has to act.

use microsoft_sso::testing::{Endpoint, Fault};

use crate::{browser::Reply, harness::TestApp, log};

const ADA: &str = "ada@contoso.example";

/// The audit event of a site's one refusal.
pub(crate) fn event(site: &str) -> String {
    let name = format!("site=\"{site}\"");
    let mut lines = log::lines(&["microsoft_sso::audit:", "event=\"refused\"", &name]);
    assert_eq!(lines.len(), 1, "{site}: {lines:?}");
    lines.remove(0)
}

pub(crate) fn entra(status: u16, error: &str, aadsts: u32) -> Fault {
    Fault::Entra(status, error.to_owned(), aadsts, "text".to_owned())
}

pub(crate) fn body(status: u16, content_type: &str, body: &str) -> Fault {
    Fault::Body(status, content_type.to_owned(), body.as_bytes().to_vec())
}

/// What the person reads after a sign-in with this fault: on the next page, or on a page of its own.
pub(crate) async fn told(site: &str, endpoint: Endpoint, fault: Fault) -> (String, Reply) {
    log::begin();
    let app = TestApp::at_site(site).await;
    app.entra.fault(endpoint, fault);
    let browser = app.browser();
    let login = browser.get("/microsoft_sso/login/").await;
    if login.status != 302 {
        return (login.body.clone(), login);
    }
    let callback = app.entra.sign_in(login.location(), ADA).unwrap();
    let reply = browser.get(&callback).await;
    (browser.message().await, reply)
}

#[actix_web::test]
async fn what_no_second_try_mends_sends_the_person_to_the_administrator() {
    for (site, endpoint, fault, mend) in [
        (
            "wrong-secret",
            Endpoint::Token,
            entra(401, "invalid_client", 7000215),
            "copy its Value",
        ),
        (
            "old-secret",
            Endpoint::Token,
            entra(401, "invalid_client", 7000222),
            "make a new one",
        ),
        (
            "wrong-app",
            Endpoint::Token,
            entra(400, "unauthorized_client", 700016),
            "check application_id",
        ),
        (
            "wrong-tenant",
            Endpoint::Token,
            entra(400, "invalid_request", 90002),
            "check authority",
        ),
        (
            "wrong-authority",
            Endpoint::Metadata,
            entra(400, "invalid_tenant", 90002),
            "check authority",
        ),
        (
            "no-tenant",
            Endpoint::Metadata,
            Fault::Status(404),
            "is the authority right?",
        ),
        (
            "app-off",
            Endpoint::Token,
            entra(401, "unauthorized_client", 7000112),
            "enable",
        ),
        (
            "proxy",
            Endpoint::Token,
            body(403, "text/html", "<html>blocked"),
            "answered 403",
        ),
        (
            "graph-403",
            Endpoint::Me,
            Fault::Status(403),
            "do `scopes` hold User.Read",
        ),
        (
            "graph-challenge",
            Endpoint::Me,
            Fault::ClaimsChallenge,
            "Conditional Access",
        ),
        (
            "graph-404",
            Endpoint::Me,
            Fault::Status(404),
            "is `graph_url` right?",
        ),
    ] {
        let (text, reply) = told(site, endpoint, fault).await;
        assert!(
            text.contains("ask the application&#39;s administrator")
                || text.contains("ask the application's administrator"),
            "{site}: {text}"
        );
        assert!(
            !text.contains("at the moment") && !text.contains("in a few minutes"),
            "{site}: {text}"
        );
        assert_eq!(reply.header("retry-after"), "", "{site}");
        let line = event(site);
        assert!(
            line.contains("ERROR") && line.contains(mend),
            "{site}: {line}"
        );
    }
}

#[actix_web::test]
async fn what_is_temporary_is_still_called_so() {
    for (site, endpoint, fault) in [
        ("busy", Endpoint::Token, Fault::RetryAfter(429, 10)),
        ("down", Endpoint::Token, Fault::Status(503)),
        ("busy-graph", Endpoint::Me, Fault::RetryAfter(429, 10)),
        ("down-graph", Endpoint::Me, Fault::Status(504)),
        ("busy-metadata", Endpoint::Metadata, Fault::Status(429)),
        ("down-metadata", Endpoint::Keys, Fault::Status(500)),
        (
            "unavailable",
            Endpoint::Token,
            entra(400, "temporarily_unavailable", 90055),
        ),
        (
            "throttled",
            Endpoint::Token,
            entra(429, "invalid_request", 90055),
        ),
        (
            "server-error",
            Endpoint::Token,
            entra(500, "invalid_client", 7000215),
        ),
    ] {
        let (text, _) = told(site, endpoint, fault).await;
        assert!(text.contains("again in a few minutes"), "{site}: {text}");
        assert!(event(site).contains("WARN"), "{site}");
    }
}

#[actix_web::test]
async fn what_another_sign_in_mends_or_the_account_lacks_is_no_error_of_the_application() {
    for (site, fault, said) in [
        (
            "expired-code",
            entra(400, "invalid_grant", 70008),
            "Please sign in again",
        ),
        (
            "made-up-code",
            entra(400, "invalid_grant", 9002313),
            "Please sign in again",
        ),
        (
            "made-up",
            entra(400, "invalid_request", 9002313),
            "Please sign in again",
        ),
        (
            "blocked",
            entra(400, "invalid_grant", 53003),
            "ask its administrator",
        ),
        (
            "unassigned",
            entra(400, "invalid_grant", 50105),
            "ask its administrator",
        ),
    ] {
        let (text, _) = told(site, Endpoint::Token, fault).await;
        assert!(text.contains(said), "{site}: {text}");
        assert!(event(site).contains("WARN"), "{site}");
    }
}

/// Anybody can write the query of a callback, so it causes no error in the log.
#[actix_web::test]
async fn a_refusal_that_comes_through_the_browser_is_never_an_error_in_the_log() {
    log::begin();
    let app = TestApp::at_site("by-browser").await;
    let browser = app.browser();
    let url = browser.start("").await;
    let callback = app.entra.refuse(&url, "invalid_client", "AADSTS650053: x");
    browser.get(&callback.unwrap()).await;
    let message = browser.message().await;
    assert!(message.contains("administrator"), "{message}");
    let line = event("by-browser");
    assert!(
        line.contains("WARN") && line.contains("AADSTS650053"),
        "{line}"
    );
}
