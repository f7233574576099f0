//! One pool type over the databases that were built in, and the macro that runs one body of
//! diesel code on each.

use std::{fmt, time::Duration};

use diesel::r2d2::{
    ConnectionManager, CustomizeConnection, Error as PoolError, Pool, R2D2Connection,
};
#[cfg(feature = "sqlite")]
use diesel::{RunQueryDsl, dsl::sql, sql_types::Integer};

use super::{error::StoreError, place::Place};

type PoolOf<C> = Pool<ConnectionManager<C>>;

/// A pool of connections, whatever the database.
#[derive(Clone)]
pub(crate) enum AnyPool {
    #[cfg(feature = "sqlite")]
    Sqlite(PoolOf<diesel::SqliteConnection>),
    #[cfg(feature = "postgres")]
    Postgres(PoolOf<diesel::PgConnection>),
    #[cfg(feature = "mysql")]
    Mysql(PoolOf<diesel::MysqlConnection>),
}

impl AnyPool {
    pub(super) fn name(&self) -> &'static str {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => "sqlite",
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => "postgres",
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => "mysql",
        }
    }
}

/// A pool of the application's own, for [`DieselStore::with_pool`](crate::DieselStore::with_pool):
/// made `From` an r2d2 pool of a database whose feature is on.
#[derive(Clone)]
pub struct DatabasePool(pub(super) AnyPool);

impl fmt::Debug for DatabasePool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DatabasePool").field(&self.0.name()).finish()
    }
}

macro_rules! from_pool {
    ($feature:literal, $variant:ident, $connection:ty) => {
        #[cfg(feature = $feature)]
        impl From<PoolOf<$connection>> for DatabasePool {
            fn from(pool: PoolOf<$connection>) -> Self {
                Self(AnyPool::$variant(pool))
            }
        }
    };
}
from_pool!("sqlite", Sqlite, diesel::SqliteConnection);
from_pool!("postgres", Postgres, diesel::PgConnection);
from_pool!("mysql", Mysql, diesel::MysqlConnection);

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
            .map_err($crate::store::error::StoreError::new)
            .and_then(|mut guard| {
                let $conn = &mut *guard;
                $body.map_err($crate::store::error::StoreError::from)
            })
    };
}
pub(crate) use on_backend;

/// The settings `pool_size` and `database_timeout`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    #[cfg_attr(
        not(any(feature = "postgres", feature = "mysql")),
        expect(dead_code, reason = "SQLite has one connection, whatever is set")
    )]
    pub(super) size: u32,
    /// Longest duration of one piece of work, the wait for a connection included.
    pub(super) timeout: Duration,
}

impl AnyPool {
    /// A pool for a URL, by its scheme, and where the database is. Only an SQLite file is opened at
    /// once.
    pub(super) fn new(url: &str, limits: Limits) -> Result<(Self, Place), StoreError> {
        // The URL may hold a password, so no error repeats it.
        let (scheme, _rest) = url
            .split_once("://")
            .ok_or_else(|| StoreError::new(format!("the database URL has no scheme; {SCHEMES}")))?;
        match scheme {
            #[cfg(feature = "sqlite")]
            "sqlite" => {
                let place = Place::file(_rest);
                let pool = sqlite(_rest, limits).map_err(|error| error.at(&place))?;
                Ok((Self::Sqlite(pool), place))
            }
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => {
                let place = Place::server("PostgreSQL", _rest).map_err(StoreError::new)?;
                Ok((Self::Postgres(server(url, limits)), place))
            }
            #[cfg(feature = "mysql")]
            "mysql" => {
                let place = Place::server("MySQL", _rest).map_err(StoreError::new)?;
                Ok((Self::Mysql(server(url, limits)), place))
            }
            "mariadb" if cfg!(feature = "mysql") => Self::new(&format!("mysql://{_rest}"), limits),
            _ => Err(StoreError::new(format!(
                "the scheme of the database URL names no database whose feature is on; {SCHEMES}"
            ))),
        }
    }
}

const SCHEMES: &str = "there are `sqlite://path` (feature sqlite), `postgres://` (feature postgres) and `mysql://` (feature mysql)";

#[cfg(feature = "sqlite")]
fn sqlite(path: &str, limits: Limits) -> Result<PoolOf<diesel::SqliteConnection>, StoreError> {
    // One connection, whatever the setting: SQLite has one writer at a time, and waiting for it in
    // the pool costs less than SQLite's own polling (with eight connections, the benchmark gives a
    // third of the throughput). Besides, each connection to `:memory:` is a database of its own.
    Pool::builder()
        .max_size(1)
        .min_idle(Some(1))
        .connection_timeout(limits.timeout / 2)
        .test_on_check_out(false)
        .connection_customizer(Box::new(Prepare(limits)))
        .build(ConnectionManager::new(path))
        .map_err(StoreError::new)
}

/// A pool for a database server, which may be away at start: it connects when needed.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn server<C: R2D2Connection + Prepared + 'static>(url: &str, limits: Limits) -> PoolOf<C> {
    Pool::builder()
        .max_size(limits.size)
        .min_idle(Some(0))
        .connection_timeout(limits.timeout / 2)
        .connection_customizer(Box::new(Prepare(limits)))
        .build_unchecked(ConnectionManager::new(url))
}

/// Prepares each connection of a pool that we make.
#[derive(Debug)]
struct Prepare(Limits);

trait Prepared: R2D2Connection {
    /// The statements to run on a new connection.
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
            (limits.timeout / 2).as_millis()
        )
    }
}

#[cfg(feature = "sqlite")]
impl AnyPool {
    /// What the connections of an application's own pool lack, and what happens without it.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "mysql")),
        expect(irrefutable_let_patterns, reason = "SQLite is the only database")
    )]
    pub(super) fn missing_pragmas(&self) -> Vec<(&'static str, &'static str)> {
        let Self::Sqlite(pool) = self else {
            return Vec::new();
        };
        // It doesn't wait: a pool that is busy already goes unchecked.
        let Some(mut conn) = pool.try_get() else {
            return Vec::new();
        };
        let mut is_missing = |value: &str| {
            let value = diesel::select(sql::<Integer>(value));
            value.get_result::<i32>(&mut *conn) == Ok(0)
        };
        let missing = PRAGMAS
            .into_iter()
            .filter(|(_, value, _)| is_missing(value));
        missing
            .map(|(pragma, _, consequence)| (pragma, consequence))
            .collect()
    }
}

/// Pragmas, the SQL of their value, and what happens without them.
#[cfg(feature = "sqlite")]
const PRAGMAS: [(&str, &str, &str); 2] = [
    (
        "foreign_keys = ON",
        "(SELECT foreign_keys FROM pragma_foreign_keys)",
        "rows of deleted users stay",
    ),
    (
        "busy_timeout = 5000",
        "(SELECT timeout FROM pragma_busy_timeout)",
        "a sign-in fails if another connection writes at the same time",
    ),
];

#[cfg(feature = "postgres")]
impl Prepared for diesel::PgConnection {
    fn preparation(limits: Limits) -> String {
        let most = limits.timeout.as_millis();
        format!("SET statement_timeout = {most}; SET lock_timeout = {most}; SET TIME ZONE 'UTC';")
    }
}

#[cfg(feature = "mysql")]
impl Prepared for diesel::MysqlConnection {
    fn preparation(limits: Limits) -> String {
        let most = limits.timeout.as_secs().max(1);
        format!("SET SESSION innodb_lock_wait_timeout = {most}; SET SESSION time_zone = '+00:00';")
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::*;

    #[derive(Debug)]
    struct Pragmas(&'static str);

    impl CustomizeConnection<diesel::SqliteConnection, PoolError> for Pragmas {
        fn on_acquire(&self, conn: &mut diesel::SqliteConnection) -> Result<(), PoolError> {
            conn.batch_execute(self.0).map_err(PoolError::QueryError)
        }
    }

    #[test]
    fn what_an_sqlite_pool_of_the_applications_own_lacks_is_named() {
        for (pragmas, missing) in [
            (
                "PRAGMA foreign_keys = OFF; PRAGMA busy_timeout = 9;",
                "foreign_keys = ON",
            ),
            (
                "PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 0;",
                "busy_timeout = 5000",
            ),
            ("PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 9;", ""),
        ] {
            let pool = Pool::builder()
                .max_size(1)
                .connection_customizer(Box::new(Pragmas(pragmas)));
            let pool = pool.build(ConnectionManager::new(":memory:")).unwrap();
            let found = AnyPool::Sqlite(pool).missing_pragmas();
            let found: Vec<_> = found.iter().map(|(pragma, _)| *pragma).collect();
            assert_eq!(found.concat(), missing);
        }
    }
}
