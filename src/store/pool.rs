//! One pool type over the databases that were built in, and the macro that runs one body of
//! diesel code on each.

use std::time::Duration;

use diesel::{
    connection::SimpleConnection,
    r2d2::{ConnectionManager, CustomizeConnection, Error as PoolError, Pool},
    sqlite::SqliteConnection,
};

use super::StoreError;

pub(super) type SqlitePool = Pool<ConnectionManager<SqliteConnection>>;

/// A pool of connections, whatever the database.
#[derive(Clone)]
pub(super) enum AnyPool {
    #[cfg(feature = "sqlite")]
    Sqlite(SqlitePool),
}

/// Runs a body on a connection of the pool, type-checked for each database. It evaluates to
/// `Result<_, StoreError>` of what the body returns.
macro_rules! on_backend {
    ($pool:expr, |$conn:ident| $body:expr) => {
        match $pool {
            #[cfg(feature = "sqlite")]
            $crate::store::pool::AnyPool::Sqlite(pool) => pool
                .get()
                .map_err($crate::store::StoreError::new)
                .and_then(|mut guard| {
                    let $conn = &mut *guard;
                    $body.map_err($crate::store::StoreError::from)
                }),
        }
    };
}
pub(super) use on_backend;

/// What differs between databases.
pub(super) trait Dialect: diesel::Connection {
    /// Compares `users.username` without regard to letter case, by an index.
    const SAME_USERNAME: &'static str;
    /// Compares `users.email` without regard to letter case, by an index.
    const SAME_EMAIL: &'static str;

    /// A transaction that is going to write.
    fn write<T>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError>;

    /// Waits until no other transaction creates users.
    fn lock_creation(&mut self) -> Result<(), StoreError>;
}

#[cfg(feature = "sqlite")]
impl Dialect for SqliteConnection {
    // The columns are declared with the collation NOCASE.
    const SAME_USERNAME: &'static str = "username = ";
    const SAME_EMAIL: &'static str = "email = ";

    fn write<T>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // A deferred one would fail with SQLITE_BUSY when its first write finds another writer,
        // however long the timeout.
        self.immediate_transaction(body)
    }

    /// SQLite has one writer at a time, and [`Dialect::write`] made it this one.
    fn lock_creation(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// How long a request waits for a connection of the pool.
const WAIT: Duration = Duration::from_secs(5);

#[cfg(feature = "sqlite")]
pub(super) fn sqlite(path: &str) -> Result<AnyPool, StoreError> {
    // Each connection to `:memory:` is a database of its own.
    let size = if path == ":memory:" { 1 } else { 8 };
    let pool = Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        .connection_timeout(WAIT)
        .test_on_check_out(false)
        .connection_customizer(Box::new(Pragmas))
        .build(ConnectionManager::new(path))
        .map_err(StoreError::new)?;
    Ok(AnyPool::Sqlite(pool))
}

#[cfg(feature = "sqlite")]
#[derive(Debug)]
struct Pragmas;

#[cfg(feature = "sqlite")]
impl CustomizeConnection<SqliteConnection, PoolError> for Pragmas {
    fn on_acquire(&self, conn: &mut SqliteConnection) -> Result<(), PoolError> {
        // The timeout first: turning the write-ahead log on needs a lock.
        conn.batch_execute(
            "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
             PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;",
        )
        .map_err(PoolError::QueryError)
    }
}
