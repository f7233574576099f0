//! The diesel store: a database with the tables of this crate.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use actix_web::{rt::time::timeout, web};

use super::{
    connections::Limits,
    error::StoreError,
    migrations::{self, Migrate},
    place::Place,
    pool::{AnyPool, DatabasePool, on_backend},
};
use crate::settings::config::Config;

/// Users in a database, by diesel.
///
/// It is a handle on a pool: cloning it is cheap.
#[derive(Clone)]
pub struct DieselStore {
    pool: AnyPool,
    place: Place,
    timeout: Duration,
    /// When expired sessions were last deleted, in seconds since 1970; for all clones.
    cleaned_at: Arc<AtomicI64>,
}

impl fmt::Debug for DieselStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DieselStore")
            .field("database", &self.pool.name())
            .field("timeout", &self.timeout)
            .finish()
    }
}

impl DieselStore {
    /// Connects to a database: `sqlite://path/to/file`, `postgres://user:password@host/name` or
    /// `mysql://user:password@host/name`, with the settings `pool_size` and `database_timeout`.
    ///
    /// A database server may be away: the store connects when needed.
    ///
    /// # Errors
    /// The URL names no database whose feature is on, or the SQLite file can't be opened.
    pub fn connect(url: &str, config: &Config) -> Result<Self, StoreError> {
        let limits = Limits {
            size: config.0.pool_size,
            timeout: config.0.database_timeout,
        };
        let (pool, place) = AnyPool::new(url, limits)?;
        Ok(Self {
            pool,
            place,
            timeout: limits.timeout,
            cleaned_at: Arc::default(),
        })
    }

    /// Uses a pool that the application has already: an r2d2 pool of `SqliteConnection`,
    /// `PgConnection` or `MysqlConnection`. The setting `database_timeout` bounds each piece of work;
    /// `pool_size` has no effect. A pool of SQLite needs `PRAGMA foreign_keys = ON` and a
    /// `PRAGMA busy_timeout` on each connection; if they are missing, the log has a warning.
    pub fn with_pool(pool: impl Into<DatabasePool>, config: &Config) -> Self {
        let pool = pool.into().0;
        #[cfg(feature = "sqlite")]
        for (pragma, consequence) in pool.missing_pragmas() {
            tracing::warn!(
                code = crate::settings::codes::Code::SqlitePragma.as_str(),
                "a connection of the application's own pool lacks `PRAGMA {pragma}`: {consequence}; set it in the pool's `connection_customizer`"
            );
        }
        Self {
            place: Place::OwnPool(pool.name()),
            pool,
            timeout: config.0.database_timeout,
            cleaned_at: Arc::default(),
        }
    }

    /// Creates or updates the tables. It blocks; call it at start. Several processes may call it
    /// at once.
    ///
    /// # Errors
    /// The database is unavailable, or a migration fails.
    pub fn migrate(&self) -> Result<(), StoreError> {
        let migrated = on_backend!(&self.pool, |conn| {
            conn.migrate()
                .map_err(|error| migrations::explain(conn, error))
        });
        migrated.map_err(|error| error.at(&self.place))
    }

    /// How many migrations [`migrate`](Self::migrate) would run. It blocks.
    ///
    /// # Errors
    /// The database is unavailable.
    pub fn pending_migrations(&self) -> Result<usize, StoreError> {
        let pending = on_backend!(&self.pool, |conn| conn.pending());
        pending.map_err(|error| error.at(&self.place))
    }

    /// Reverts the migrations of this crate, which **drops its tables**, and leaves the
    /// application's. It blocks.
    ///
    /// # Errors
    /// The database is unavailable, or a migration can't be reverted.
    pub fn revert_migrations(&self) -> Result<(), StoreError> {
        let reverted = on_backend!(&self.pool, |conn| migrations::revert(conn));
        reverted.map_err(|error| error.at(&self.place))
    }

    /// Whether both are handles on the same pool.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.cleaned_at, &other.cleaned_at)
    }

    /// Whether an interval has passed since the last clean-up; for one caller only.
    pub(crate) fn is_cleanup_due(&self, now: i64, interval: i64) -> bool {
        let last = self.cleaned_at.load(Ordering::Relaxed);
        let swap = || {
            self.cleaned_at
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
        };
        now - last >= interval && swap().is_ok()
    }

    /// Runs blocking diesel work off the async workers, within the time limit.
    pub(crate) async fn block<T: Send + 'static>(
        &self,
        work: impl FnOnce(&AnyPool) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let pool = self.pool.clone();
        let work = timeout(self.timeout, web::block(move || work(&pool)));
        let late = |_| {
            let limit = humantime::format_duration(self.timeout);
            StoreError::new(format!("the database did not answer within {limit}"))
        };
        let done = work.await.map_err(late);
        let done = done.and_then(|done| done.map_err(StoreError::new)?);
        done.map_err(|error| error.at(&self.place))
    }
}
