//! What an operator reads when the database fails: where it is, and the next step; no password.

use microsoft_sso::{Config, DieselStore, StoreError};
use tempfile::TempDir;

use crate::{
    database::{TestDatabase, server},
    harness::TestApp,
    log,
};

const ADA: &str = "ada@contoso.example";

/// What `fn main() -> Result<…>` prints of it.
fn printed(error: &StoreError) -> String {
    let text = format!("{error:?}");
    for part in [
        "StoreError(",
        "StoreError {",
        "DatabaseError(",
        "Error {",
        "Some(",
    ] {
        assert!(!text.contains(part), "{part}: {text}");
    }
    text
}

fn quick() -> Config {
    let config = Config::builder().enabled(false);
    let timeout = std::time::Duration::from_millis(500);
    config.database_timeout(timeout).build().unwrap()
}

#[test]
fn an_sqlite_file_that_cannot_be_opened_is_named() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("missing").join("app.sqlite3");
    let url = format!("sqlite://{}", path.display());
    let text = printed(&DieselStore::connect(&url, &quick()).unwrap_err());
    let path = path.display().to_string();
    for part in [path.as_str(), "is its folder there", "unable to open"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[actix_web::test]
async fn a_missing_table_says_to_migrate() {
    log::begin();
    let database = TestDatabase::fresh();
    let app = TestApp::with_store(database.store(), database);
    assert_eq!(app.browser().sign_in(ADA).await.status, 503);
    let place = match server() {
        None => "test.sqlite3".to_owned(),
        Some(url) => url::Url::parse(&url)
            .unwrap()
            .host_str()
            .unwrap()
            .to_owned(),
    };
    let lines = log::lines(&["store_failed", "call `migrate()`", &place]);
    assert!(!lines.is_empty(), "{}", log::text());
}

#[test]
fn somebody_elses_users_table_is_said_to_be_one() {
    let database = TestDatabase::fresh();
    database.execute("CREATE TABLE users (id INT, name VARCHAR(20))");
    let text = printed(&database.store().migrate().unwrap_err());
    for part in [
        "a table `users` of somebody else is there",
        "database of its own",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let password = server().and_then(|url| {
        let url = url::Url::parse(&url).unwrap();
        url.password().map(str::to_owned)
    });
    assert!(!password.is_some_and(|password| text.contains(&format!(":{password}@"))));
}

#[test]
fn tables_that_no_migration_recorded_are_said_to_be_ours() {
    let database = TestDatabase::fresh();
    let store = database.store();
    store.migrate().unwrap();
    database.execute("DROP TABLE __diesel_schema_migrations");
    let text = printed(&store.migrate().unwrap_err());
    assert!(text.contains("__diesel_schema_migrations"), "{text}");
    assert!(!text.contains("somebody else"), "{text}");
}

#[cfg(feature = "postgres")]
#[test]
fn a_server_that_does_not_answer_is_named_by_host_and_never_by_password() {
    let url = "postgres://app:hunter2@127.0.0.1:9/orders?application_name=x";
    let store = DieselStore::connect(url, &quick()).unwrap();
    let text = printed(&store.migrate().unwrap_err());
    for part in ["127.0.0.1:9", "`orders`", "is the server running"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        !text.contains("hunter2") && !text.contains("application_name"),
        "{text}"
    );
}

/// libpq takes the rest of such a password for a host or a port, and repeats it.
#[cfg(feature = "postgres")]
#[test]
fn a_password_with_characters_of_a_url_is_refused_at_once_and_not_repeated() {
    for password in ["hun/ter2", "hun@ter2", "hun#ter2", "hun?ter2", "12/ter2"] {
        let url = format!("postgres://app:{password}@127.0.0.1:9/orders");
        let text = printed(&DieselStore::connect(&url, &quick()).unwrap_err());
        assert!(text.contains("percent-encode"), "{password}: {text}");
        assert!(!text.contains("hun") && !text.contains("ter2"), "{text}");
    }
    for url in [
        "postgres://app:secret@a.example:5432,b.example:5433/orders",
        "postgres:///orders?host=/run/postgresql&user=app@contoso",
        "postgres://app@contoso.example/orders",
        "postgres://a.example",
    ] {
        DieselStore::connect(url, &crate::database::defaults()).unwrap();
    }
}
