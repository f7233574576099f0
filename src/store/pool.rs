//! One pool type over the databases that were built in, and the macro that runs one body of
//! diesel code on each.

use std::time::Duration;

use diesel::r2d2::{
    ConnectionManager, CustomizeConnection, Error as PoolError, Pool, R2D2Connection,
};

use super::StoreError;

type PoolOf<C> = Pool<ConnectionManager<C>>;

/// A pool of connections, whatever the database.
#[derive(Clone)]
pub(super) enum AnyPool {
    #[cfg(feature = "sqlite")]
    Sqlite(PoolOf<diesel::SqliteConnection>),
    #[cfg(feature = "postgres")]
    Postgres(PoolOf<diesel::PgConnection>),
    #[cfg(feature = "mysql")]
    Mysql(PoolOf<diesel::MysqlConnection>),
}

/// Runs a body on a connection of the pool, type-checked for each database. It evaluates to
/// `Result<_, StoreError>` of what the body returns.
macro_rules! on_backend {
    ($pool:expr, |$conn:ident| $body:expr) => {
        match $pool {
            #[cfg(feature = "sqlite")]
            $crate::store::pool::AnyPool::Sqlite(pool) => {
                $crate::store::pool::on_backend!(@run pool, $conn, $body)
            }
            #[cfg(feature = "postgres")]
            $crate::store::pool::AnyPool::Postgres(pool) => {
                $crate::store::pool::on_backend!(@run pool, $conn, $body)
            }
            #[cfg(feature = "mysql")]
            $crate::store::pool::AnyPool::Mysql(pool) => {
                $crate::store::pool::on_backend!(@run pool, $conn, $body)
            }
        }
    };
    (@run $pool:expr, $conn:ident, $body:expr) => {
        $pool
            .get()
            .map_err($crate::store::StoreError::new)
            .and_then(|mut guard| {
                let $conn = &mut *guard;
                $body.map_err($crate::store::StoreError::from)
            })
    };
}
pub(super) use on_backend;

/// How many connections, and how long to wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    #[cfg_attr(
        not(any(feature = "postgres", feature = "mysql")),
        expect(dead_code, reason = "SQLite has one connection, whatever is set")
    )]
    pub(super) size: u32,
    /// The most that one piece of work may take, waiting for a connection included.
    pub(super) within: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            size: 8,
            within: Duration::from_secs(10),
        }
    }
}

impl AnyPool {
    /// Makes a pool for a URL, by its scheme. It connects to nothing yet, but SQLite's file.
    pub(super) fn new(url: &str, limits: Limits) -> Result<Self, StoreError> {
        // The text after the scheme may hold a password, so no error repeats it.
        let (scheme, _rest) = url
            .split_once("://")
            .ok_or_else(|| StoreError::new(format!("the database URL has no scheme; {SCHEMES}")))?;
        match scheme {
            #[cfg(feature = "sqlite")]
            "sqlite" => Ok(Self::Sqlite(sqlite(_rest, limits)?)),
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => Ok(Self::Postgres(server(url, limits))),
            #[cfg(feature = "mysql")]
            "mysql" => Ok(Self::Mysql(server(url, limits))),
            "mariadb" if cfg!(feature = "mysql") => Self::new(&format!("mysql://{_rest}"), limits),
            _ => Err(StoreError::new(format!(
                "the scheme of the database URL names no database that was built in; {SCHEMES}"
            ))),
        }
    }
}

const SCHEMES: &str = "there are `sqlite://path` (feature sqlite), `postgres://` (feature postgres) and `mysql://` (feature mysql)";

#[cfg(feature = "sqlite")]
fn sqlite(path: &str, limits: Limits) -> Result<PoolOf<diesel::SqliteConnection>, StoreError> {
    // One connection, whatever the setting: SQLite has one writer at a time, and those who wait
    // for it here wait better than in its own polling (a third of the throughput with eight, by
    // the benchmark). Each connection to `:memory:` is a database of its own besides.
    Pool::builder()
        .max_size(1)
        .min_idle(Some(1))
        .connection_timeout(limits.within / 2)
        .test_on_check_out(false)
        .connection_customizer(Box::new(Prepare(limits)))
        .build(ConnectionManager::new(path))
        .map_err(StoreError::new)
}

/// A pool for a database server, which may be away at start: connections are made when needed.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn server<C: R2D2Connection + Prepared + 'static>(url: &str, limits: Limits) -> PoolOf<C> {
    Pool::builder()
        .max_size(limits.size)
        .min_idle(Some(0))
        .connection_timeout(limits.within / 2)
        .connection_customizer(Box::new(Prepare(limits)))
        .build_unchecked(ConnectionManager::new(url))
}

/// Prepares each connection of a pool of ours.
#[derive(Debug)]
struct Prepare(Limits);

trait Prepared: R2D2Connection {
    /// What to run on a new connection.
    fn preparation(limits: Limits) -> String;
}

impl<C: Prepared + 'static> CustomizeConnection<C, PoolError> for Prepare {
    fn on_acquire(&self, conn: &mut C) -> Result<(), PoolError> {
        conn.batch_execute(&C::preparation(self.0))
            .map_err(PoolError::QueryError)
    }
}

#[cfg(feature = "sqlite")]
impl Prepared for diesel::SqliteConnection {
    fn preparation(limits: Limits) -> String {
        // The timeout first: turning the write-ahead log on needs a lock.
        format!(
            "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; \
             PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;",
            (limits.within / 2).as_millis()
        )
    }
}

#[cfg(feature = "postgres")]
impl Prepared for diesel::PgConnection {
    fn preparation(limits: Limits) -> String {
        let most = limits.within.as_millis();
        format!("SET statement_timeout = {most}; SET lock_timeout = {most}; SET TIME ZONE 'UTC';")
    }
}

#[cfg(feature = "mysql")]
impl Prepared for diesel::MysqlConnection {
    fn preparation(limits: Limits) -> String {
        let most = limits.within.as_secs().max(1);
        format!("SET SESSION innodb_lock_wait_timeout = {most}; SET SESSION time_zone = '+00:00';")
    }
}
