//! The connections to one database, and the replacement of those that were lost.

use std::{
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use diesel::r2d2::{
    ConnectionManager, CustomizeConnection, Error as PoolError, Pool, PooledConnection,
    R2D2Connection,
};

use super::error::StoreError;
use crate::{settings::codes::Code, util::log::chain};

pub(super) type PoolOf<C> = Pool<ConnectionManager<C>>;

/// The settings `pool_size` and `database_timeout`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    #[cfg_attr(
        not(any(feature = "postgres", feature = "mysql")),
        expect(dead_code, reason = "SQLite has one connection, whatever is set")
    )]
    pub(super) size: u32,
    /// Longest duration of one piece of work, the wait for a connection included.
    pub(super) timeout: Duration,
}

/// A connection that prepares itself for our statements.
pub(crate) trait Prepared: R2D2Connection + Sized + 'static {
    /// The statements to run on a new connection.
    fn preparation(limits: Limits) -> String;
}

/// The connections to one database.
pub(crate) struct Connections<C: Prepared> {
    pool: PoolOf<C>,
    /// `None` for a pool of the application's own.
    own: Option<Arc<Own>>,
}

impl<C: Prepared> Clone for Connections<C> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            own: self.own.clone(),
        }
    }
}

/// What a connection of our own is made of.
struct Own {
    url: String,
    limits: Limits,
}

impl<C: Prepared> Connections<C> {
    pub(super) fn of_application(pool: PoolOf<C>) -> Self {
        Self { pool, own: None }
    }

    /// Runs work on a connection. If the connection turns out to be lost (the server was restarted, a
    /// firewall forgot it), the work is done once more on another.
    ///
    /// A test at each check-out would cost a round trip each time, and lose to a connection that breaks
    /// just after it. A transaction that had begun isn't repeated: it may have been committed.
    pub(crate) fn run<T, E: Into<StoreError>>(
        &self,
        mut work: impl FnMut(&mut C) -> Result<T, E>,
    ) -> Result<T, StoreError> {
        let deadline = self.own.as_ref().map(|own| own.deadline());
        let mut conn = self.pool.get().map_err(StoreError::new)?;
        let error = match work(&mut conn).map_err(Into::into) {
            Err(error) if error.needs_another_connection() => error,
            done => return done,
        };
        tracing::warn!(
            code = Code::ConnectionReplaced.as_str(),
            reason = %chain(&error),
            "a connection to the database is of no use any more; the work is done again on another"
        );
        let mut conn = self.replace(conn, deadline)?;
        if deadline.is_some_and(|deadline| now() >= deadline) {
            return Err(error);
        }
        work(&mut conn).map_err(Into::into)
    }

    fn replace(
        &self,
        mut lost: PooledConnection<ConnectionManager<C>>,
        deadline: Option<Instant>,
    ) -> Result<PooledConnection<ConnectionManager<C>>, StoreError> {
        match (&self.own, deadline) {
            (Some(own), Some(deadline)) => {
                *lost = own.connect(deadline)?;
                Ok(lost)
            }
            // The application's pool tests connections, unless told not to.
            _ => {
                drop(lost);
                self.pool.get().map_err(StoreError::new)
            }
        }
    }

    /// A connection at once, if one is free.
    #[cfg(feature = "sqlite")]
    pub(super) fn try_get(&self) -> Option<PooledConnection<ConnectionManager<C>>> {
        self.pool.try_get()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a blocking thread bounds its own wait"
)]
fn now() -> Instant {
    Instant::now()
}

/// Pause between two tries to connect.
const PAUSE: Duration = Duration::from_millis(100);

impl Own {
    /// When whoever waits for the work gives up.
    fn deadline(&self) -> Instant {
        now() + self.limits.timeout
    }

    /// A new connection; it waits for a server that restarts.
    fn connect<C: Prepared>(&self, deadline: Instant) -> Result<C, StoreError> {
        loop {
            match C::establish(&self.url) {
                Ok(mut conn) => {
                    conn.batch_execute(&C::preparation(self.limits))?;
                    return Ok(conn);
                }
                Err(error) if now() + PAUSE >= deadline => return Err(StoreError::new(error)),
                Err(_) => sleep(PAUSE),
            }
        }
    }
}

#[cfg(feature = "sqlite")]
pub(super) fn sqlite(
    path: &str,
    limits: Limits,
) -> Result<Connections<diesel::SqliteConnection>, StoreError> {
    // One connection, whatever the setting: SQLite has one writer at a time, and waiting for it in
    // the pool costs less than SQLite's own polling (with eight connections, the benchmark gives a
    // third of the throughput). Besides, each connection to `:memory:` is a database of its own.
    let pool = Pool::builder()
        .max_size(1)
        .min_idle(Some(1))
        .max_lifetime(None)
        .idle_timeout(None)
        .connection_timeout(limits.timeout / 2)
        .test_on_check_out(false)
        .connection_customizer(Box::new(Prepare(limits)))
        .build(ConnectionManager::new(path))
        .map_err(StoreError::new)?;
    let url = path.to_owned();
    Ok(Connections {
        pool,
        own: Some(Arc::new(Own { url, limits })),
    })
}

/// Connections to a database server, which may be away at start: they are made when needed.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) fn server<C: Prepared>(url: &str, limits: Limits) -> Connections<C> {
    let pool = Pool::builder()
        .max_size(limits.size)
        .min_idle(Some(0))
        .connection_timeout(limits.timeout / 2)
        // `Connections::run` does without.
        .test_on_check_out(false)
        .connection_customizer(Box::new(Prepare(limits)))
        .build_unchecked(ConnectionManager::new(url));
    let url = url.to_owned();
    Connections {
        pool,
        own: Some(Arc::new(Own { url, limits })),
    }
}

/// Prepares each connection of a pool that we make.
#[derive(Debug)]
struct Prepare(Limits);

impl<C: Prepared> CustomizeConnection<C, PoolError> for Prepare {
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
