//! The statements that a sign-in and a signed-in request cost: those that the database sees.
//!
//! It is a binary of its own, since diesel has one recorder of statements for the whole process. It runs
//! on SQLite, or the server that `TEST_DATABASE_URL` names.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed"
)]
#![cfg(feature = "sqlite")]

#[path = "integration/browser.rs"]
#[expect(dead_code, reason = "it serves the integration tests, too")]
mod browser;
#[path = "integration/database.rs"]
#[expect(dead_code, reason = "it serves the integration tests, too")]
mod database;
#[path = "integration/harness.rs"]
#[expect(dead_code, reason = "it serves the integration tests, too")]
mod harness;

use std::sync::{Mutex, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use harness::TestApp;

const ADA: &str = "ada@contoso.example";

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn record(statement: &str) {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.push(statement.to_owned());
}

fn recorder() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| match event {
        InstrumentationEvent::StartQuery { query, .. } => record(&kind(&query.to_string())),
        InstrumentationEvent::CacheQuery { .. } => record("prepare"),
        _ => {}
    }))
}

/// A statement by its verb and its tables.
fn kind(sql: &str) -> String {
    let sql = sql.replace(['`', '"', '(', ')'], " ");
    let mut words = sql.split_whitespace();
    let verb = words.next().unwrap_or_default().to_uppercase();
    let tables = [
        "microsoft_sso_identities",
        "users",
        "microsoft_sso_sessions",
    ];
    let is_named = |table: &&&str| sql.split_whitespace().any(|word| word == **table);
    let named: Vec<_> = tables.iter().filter(is_named).copied().collect();
    format!("{verb} {}", named.join(" ")).trim().to_owned()
}

fn take() -> Vec<String> {
    std::mem::take(&mut *SEEN.lock().unwrap_or_else(PoisonError::into_inner))
}

#[actix_web::test]
async fn a_sign_in_is_one_transaction_with_its_session_and_a_request_reads_it_once() {
    set_default_instrumentation(recorder).unwrap();
    let app = TestApp::start().await;
    // The first sign-in creates the user, and the second one prepares statements.
    for _ in 0..2 {
        let browser = app.browser();
        browser.sign_in(ADA).await;
        assert_eq!(browser.get("/private").await.status, 200);
    }

    let browser = app.browser();
    let callback = browser.to_callback(ADA, "").await;
    take();
    assert_eq!(browser.get(&callback).await.status, 303);
    let select = "SELECT microsoft_sso_identities users";
    let (update, insert) = ("UPDATE users", "INSERT microsoft_sso_sessions");
    let expected = match app.database().url().split_once("://").unwrap().0 {
        "postgres" => vec![select, "WITH users microsoft_sso_sessions"],
        "mysql" => vec![select, "BEGIN", update, insert, "COMMIT"],
        _ => vec!["BEGIN", select, update, insert, "COMMIT"],
    };
    assert_eq!(take(), expected);

    assert_eq!(browser.get("/private").await.status, 200);
    assert_eq!(take(), ["SELECT users microsoft_sso_sessions"]);
    assert!(
        browser.me().await.is_some(),
        "it is the session of the sign-in"
    );
}
