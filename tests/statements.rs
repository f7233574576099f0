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
#[path = "support/plan.rs"]
mod plan;

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use actix_web::rt::time::sleep;
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use harness::TestApp;

const ADA: &str = "ada@contoso.example";

/// One recorder serves all tests, so they take turns.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn record(statement: String) {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.push(statement);
}

fn recorder() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| match event {
        InstrumentationEvent::StartQuery { query, .. } => record(query.to_string()),
        InstrumentationEvent::CacheQuery { .. } => record("PREPARE".to_owned()),
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
        "microsoft_sso_tokens",
    ];
    let is_named = |table: &&&str| sql.split_whitespace().any(|word| word == **table);
    let named: Vec<_> = tables.iter().filter(is_named).copied().collect();
    format!("{verb} {}", named.join(" ")).trim().to_owned()
}

fn kinds() -> Vec<String> {
    take().iter().map(|sql| kind(sql)).collect()
}

fn take() -> Vec<String> {
    std::mem::take(&mut *SEEN.lock().unwrap_or_else(PoisonError::into_inner))
}

#[actix_web::test]
async fn a_sign_in_is_one_transaction_with_its_session_and_a_request_reads_it_once() {
    let _turn = TURN.lock().await;
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
    assert_eq!(kinds(), expected);

    assert_eq!(browser.get("/private").await.status, 200);
    assert_eq!(kinds(), ["SELECT users microsoft_sso_sessions"]);
    assert!(
        browser.me().await.is_some(),
        "it is the session of the sign-in"
    );
}

#[actix_web::test]
async fn a_session_that_is_checked_costs_one_row_at_the_sign_in_and_nothing_until_it_is_due() {
    let _turn = TURN.lock().await;
    set_default_instrumentation(recorder).unwrap();
    let minutes = Duration::from_secs(900);
    let app = TestApp::with_settings(|settings| settings.recheck(minutes)).await;
    for _ in 0..2 {
        let browser = app.browser();
        browser.sign_in(ADA).await;
        assert_eq!(browser.get("/private").await.status, 200);
    }
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "").await;
    take();
    assert_eq!(browser.get(&callback).await.status, 303);
    let signed_in = kinds();
    // The row, and whether the user was signed out everywhere meanwhile.
    let [.., insert, check] = signed_in.as_slice() else {
        panic!("{signed_in:?}")
    };
    assert_eq!(
        (insert.as_str(), check.as_str()),
        ("INSERT microsoft_sso_tokens", "SELECT users")
    );

    let session = "SELECT users microsoft_sso_sessions";
    assert_eq!(browser.get("/private").await.status, 200);
    assert_eq!(kinds(), [session]);
    app.pass(901);
    assert_eq!(browser.get("/private").await.status, 200);
    let checked = kinds();
    assert_eq!(checked[..2], [session, "SELECT microsoft_sso_tokens"]);
    let verbs = checked[2..]
        .iter()
        .filter(|kind| !kind.starts_with("PREPARE"));
    let lease = "UPDATE microsoft_sso_tokens";
    let rules = "SELECT microsoft_sso_identities users";
    assert_eq!(verbs.collect::<Vec<_>>(), [lease, rules, lease]);
    assert_eq!(browser.get("/private").await.status, 200);
    assert_eq!(kinds(), [session]);
}

/// A statement with its values in the place of their marks.
fn with_values(recorded: &str) -> String {
    let (sql, binds) = recorded.split_once(" -- binds: ").unwrap();
    let binds = binds.trim().trim_start_matches('[').trim_end_matches(']');
    let mut sql = format!("{sql} ");
    for (number, value) in binds.split(", ").enumerate() {
        let value = match value.strip_prefix('"') {
            // PostgreSQL's list of one text.
            Some(text) if text.ends_with("\"]") => format!("'{{{}}}'", &text[..text.len() - 2]),
            Some(text) => format!("'{}'", text.trim_end_matches('"')),
            None => value.to_owned(),
        };
        let numbered = format!("${} ", number + 1);
        sql = match sql.contains('?') {
            true => sql.replacen('?', &value, 1),
            false => sql
                .replace(')', " ) ")
                .replace(numbered.as_str(), &format!("{value} ")),
        };
    }
    sql
}

/// Every statement of these requests that reads finds its rows by a key, however many there are: on a
/// table of people and sessions, none looks at each row.
#[actix_web::test]
async fn no_statement_looks_at_every_row() {
    let _turn = TURN.lock().await;
    set_default_instrumentation(recorder).unwrap();
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    fill(&app);
    // The clean-up of sessions is due again.
    app.advance(301);
    take();
    let again = app.browser();
    again.sign_in(ADA).await;
    assert!(again.me().await.is_some());
    app.browser().sign_in("grace@contoso.example").await;
    let me = again.me().await.unwrap();
    let id = serde_json::from_value(me["id"].clone()).unwrap();
    app.sso.sign_out_everywhere(&id).await.unwrap();
    browser
        .get("/microsoft_sso/front-channel-logout/?sid=made-up")
        .await;
    // The clean-up goes on in the background.
    sleep(Duration::from_millis(300)).await;

    let mut checked = Vec::new();
    for statement in take() {
        let verb = statement.split_whitespace().next().unwrap_or_default();
        let is_read = matches!(verb, "SELECT" | "DELETE") && statement.contains(" WHERE ");
        if !is_read || statement.contains("creation") {
            continue;
        }
        checked.push(kind(&statement));
        let sql = with_values(&statement);
        let plan = plan::plan(&app.database().url(), &sql);
        assert!(!plan.looks_at_every_row, "{sql}\n{}", plan.text);
    }
    for statement in [
        "SELECT microsoft_sso_identities users",
        "SELECT users microsoft_sso_sessions",
        "SELECT microsoft_sso_sessions",
        "DELETE microsoft_sso_sessions",
    ] {
        assert!(checked.iter().any(|kind| kind == statement), "{checked:?}");
    }
    assert!(checked.len() >= 12, "{checked:?}");
}

/// 900 people with an account, data and a session each, and fresh statistics.
fn fill(app: &TestApp) {
    let numbers = "WITH RECURSIVE numbers (n) AS \
        (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 900)";
    let cat = |text: &str| match app.database().url().starts_with("mysql") {
        true => format!("CONCAT('{text}', n)"),
        false => format!("'{text}' || n"),
    };
    let (name, address, sid) = (cat("person"), cat("person@"), cat("sid"));
    for insert in [
        format!(
            "INSERT INTO users (id, username, email, first_name, last_name, password) \
             {numbers} SELECT n + 1000, {name}, {address}, '', '', '' FROM numbers"
        ),
        format!(
            "INSERT INTO microsoft_sso_identities (tenant_id, object_id, subject, user_id) \
             {numbers} SELECT 'tenant', {name}, {name}, n + 1000 FROM numbers"
        ),
        format!(
            "INSERT INTO microsoft_sso_users (user_id, microsoft_id) \
             {numbers} SELECT n + 1000, {name} FROM numbers"
        ),
        format!(
            "INSERT INTO microsoft_sso_sessions (id, state, user_id, sid, expires_at, user_number, generation) \
             {numbers} SELECT {}, '', {}, {sid}, 9999999999, n + 1000, 0 FROM numbers",
            cat("!ff"),
            cat("")
        ),
        format!(
            "INSERT INTO microsoft_sso_tokens (id, user_id, sid, refresh_token, due_at, leased_until, expires_at) \
             {numbers} SELECT {}, {}, {sid}, '', 0, 0, 9999999999 FROM numbers",
            cat("ff"),
            cat("")
        ),
    ] {
        app.execute(&insert);
    }
    app.execute(
        "INSERT INTO microsoft_sso_sessions (id, state, expires_at) VALUES ('!00expired', '', 1)",
    );
    for table in [
        "users",
        "microsoft_sso_identities",
        "microsoft_sso_users",
        "microsoft_sso_sessions",
        "microsoft_sso_tokens",
    ] {
        match app.database().url().starts_with("mysql") {
            true => app.execute(&format!("ANALYZE TABLE {table}")),
            false => app.execute(&format!("ANALYZE {table}")),
        }
    }
}
