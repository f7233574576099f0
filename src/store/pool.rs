//! One pool type over the databases that were built in, and the macro that runs one body of
//! diesel code on each.

use std::fmt;

use super::{
    connections::{self, Connections, Limits, PoolOf},
    error::StoreError,
    place::Place,
};

/// A pool of connections, whatever the database.
#[derive(Clone)]
pub(crate) enum AnyPool {
    #[cfg(feature = "sqlite")]
    Sqlite(Connections<diesel::SqliteConnection>),
    #[cfg(feature = "postgres")]
    Postgres(Connections<diesel::PgConnection>),
    #[cfg(feature = "mysql")]
    Mysql(Connections<diesel::MysqlConnection>),
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
                Self(AnyPool::$variant(Connections::of_application(pool)))
            }
        }
    };
}
from_pool!("sqlite", Sqlite, diesel::SqliteConnection);
from_pool!("postgres", Postgres, diesel::PgConnection);
from_pool!("mysql", Mysql, diesel::MysqlConnection);

/// Runs a body on a connection of the pool, type-checked for each database, as
/// [`Connections::run`](crate::store::connections::Connections::run) does: perhaps twice. It evaluates
/// to `Result<_, StoreError>` of what the body returns.
macro_rules! on_backend {
    ($pool:expr, |$conn:ident| $body:expr) => {
        match $pool {
            #[cfg(feature = "sqlite")]
            $crate::store::pool::AnyPool::Sqlite(pool) => pool.run(|$conn| $body),
            #[cfg(feature = "postgres")]
            $crate::store::pool::AnyPool::Postgres(pool) => pool.run(|$conn| $body),
            #[cfg(feature = "mysql")]
            $crate::store::pool::AnyPool::Mysql(pool) => pool.run(|$conn| $body),
        }
    };
}
pub(crate) use on_backend;

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
                let pool = connections::sqlite(_rest, limits).map_err(|error| error.at(&place))?;
                Ok((Self::Sqlite(pool), place))
            }
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => {
                let place = Place::server("PostgreSQL", _rest).map_err(StoreError::new)?;
                let url = with_connect_timeout(url, limits);
                Ok((Self::Postgres(connections::server(&url, limits)), place))
            }
            #[cfg(feature = "mysql")]
            "mysql" => {
                let place = Place::server("MySQL", _rest).map_err(StoreError::new)?;
                Ok((Self::Mysql(connections::server(url, limits)), place))
            }
            "mariadb" if cfg!(feature = "mysql") => Self::new(&format!("mysql://{_rest}"), limits),
            _ => Err(StoreError::new(format!(
                "the scheme of the database URL names no database whose feature is on; {SCHEMES}"
            ))),
        }
    }
}

/// libpq waits for a host that doesn't answer as long as the system does, unless told otherwise.
#[cfg(feature = "postgres")]
fn with_connect_timeout(url: &str, limits: Limits) -> String {
    if url.contains("connect_timeout=") {
        return url.to_owned();
    }
    let joint = if url.contains('?') { '&' } else { '?' };
    // One second is taken for two (libpq, "Parameter Key Words").
    format!(
        "{url}{joint}connect_timeout={}",
        limits.timeout.as_secs().max(2)
    )
}

const SCHEMES: &str = "there are `sqlite://path` (feature sqlite), `postgres://` (feature postgres) and `mysql://` (feature mysql)";
