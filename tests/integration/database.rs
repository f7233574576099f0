//! A fresh database for each test: SQLite, or the server that `TEST_DATABASE_URL` names
//! (`postgres://…`, `mysql://…`; its user may create databases).

use diesel::{Connection, QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use microsoft_sso::{Config, DieselStore};
use tempfile::TempDir;

pub(crate) enum TestDatabase {
    Sqlite(TempDir),
    Server {
        admin: String,
        url: String,
        name: String,
    },
}

/// The default settings of a store.
pub(crate) fn defaults() -> Config {
    Config::builder().enabled(false).build().unwrap()
}

/// The number that a `SELECT COUNT(*) AS n` gives.
#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Runs a body on a connection of the test's own, past the library.
macro_rules! on {
    ($url:expr, |$conn:ident| $body:expr) => {{
        let url: &str = $url;
        match url.split_once("://").unwrap() {
            ("sqlite", path) => {
                let $conn = &mut diesel::SqliteConnection::establish(path).unwrap();
                sql_query("PRAGMA busy_timeout = 5000")
                    .execute($conn)
                    .unwrap();
                $body
            }
            #[cfg(feature = "postgres")]
            ("postgres", _) => {
                let $conn = &mut diesel::PgConnection::establish(url).unwrap();
                $body
            }
            #[cfg(feature = "mysql")]
            ("mysql", _) => {
                let $conn = &mut diesel::MysqlConnection::establish(url).unwrap();
                $body
            }
            (scheme, _) => panic!("{scheme} is not built in"),
        }
    }};
}

/// The database server that these tests run against, if it isn't SQLite.
///
/// PostgreSQL is talked to without TLS: the tests leave their servers running when the process
/// ends, and OpenSSL, which libpq brings along, takes itself apart under connections that are
/// just being closed.
pub(crate) fn server() -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a setting of the tests, not of the library"
    )]
    let url = std::env::var("TEST_DATABASE_URL").ok()?;
    let mut url = url::Url::parse(&url).unwrap();
    if url.scheme().starts_with("postgres") {
        url.query_pairs_mut().append_pair("sslmode", "disable");
    }
    Some(url.into())
}

impl TestDatabase {
    /// A store on it, with the default settings.
    pub(crate) fn store(&self) -> DieselStore {
        DieselStore::connect(&self.url(), &defaults()).unwrap()
    }

    pub(crate) fn fresh() -> Self {
        let Some(admin) = server() else {
            return Self::Sqlite(TempDir::new().unwrap());
        };
        let name = format!("sso_test_{}", uuid::Uuid::new_v4().simple());
        let mut url = url::Url::parse(&admin).unwrap();
        url.set_path(&name);
        on!(&admin, |conn| sql_query(format!("CREATE DATABASE {name}"))
            .execute(conn))
        .unwrap();
        Self::Server {
            admin,
            url: url.to_string(),
            name,
        }
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(dir) => format!("sqlite://{}", dir.path().join("test.sqlite3").display()),
            Self::Server { url, .. } => url.clone(),
        }
    }

    pub(crate) fn execute(&self, sql: &str) {
        on!(&self.url(), |conn| sql_query(sql).execute(conn)).unwrap();
    }

    pub(crate) fn count(&self, from: &str) -> i64 {
        let query = format!("SELECT COUNT(*) AS n FROM {from}");
        on!(&self.url(), |conn| sql_query(query)
            .get_result::<Count>(conn))
        .unwrap()
        .n
    }

    /// How many rows have a text somewhere in a column of bytes.
    pub(crate) fn count_containing(&self, table: &str, column: &str, text: &str) -> i64 {
        let contains = match self.url().split_once("://").unwrap().0 {
            "postgres" => format!("position('{text}'::bytea in {column}) > 0"),
            _ => format!("instr({column}, CAST('{text}' AS BINARY)) > 0"),
        };
        let contains = match self {
            Self::Sqlite(_) => contains.replace("BINARY", "BLOB"),
            Self::Server { .. } => contains,
        };
        self.count(&format!("{table} WHERE {contains}"))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Self::Server { admin, name, .. } = self {
            // The server under test may still hold connections, and the next run takes other names.
            let force = if admin.starts_with("postgres") {
                " WITH (FORCE)"
            } else {
                ""
            };
            let drop = format!("DROP DATABASE {name}{force}");
            let _ = on!(admin, |conn| sql_query(drop).execute(conn));
        }
    }
}
