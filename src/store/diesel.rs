//! The diesel repository: the tables `users` and `microsoft_sso_users`, and the link between a
//! user and their Microsoft account.

use std::{fmt, time::Duration};

use actix_web::{rt::time::timeout, web};
use diesel::{OptionalExtension, prelude::*};

use super::{
    error::StoreError,
    migrations::{self, Migrate},
    models::MicrosoftUserRow,
    pool::{AnyPool, DatabasePool, Limits, on_backend},
    schema::{microsoft_sso_sessions, microsoft_sso_users, users},
    sign_in,
    user_store::{SessionSelector, SignInOutcome, UserStore},
};
use crate::{
    account::{
        decide::SignIn,
        user::{MicrosoftUser, User, UserId},
    },
    settings::config::Config,
};

/// Users in a database, by diesel.
///
/// It is a handle on a pool: cloning it is cheap.
#[derive(Clone)]
pub struct DieselStore {
    pool: AnyPool,
    timeout: Duration,
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
        Ok(Self {
            pool: AnyPool::new(url, limits)?,
            timeout: limits.timeout,
        })
    }

    /// Uses a pool that the application has already: an r2d2 pool of `SqliteConnection`,
    /// `PgConnection` or `MysqlConnection`. The setting `database_timeout` bounds each piece of work;
    /// `pool_size` has no effect.
    pub fn with_pool(pool: impl Into<DatabasePool>, config: &Config) -> Self {
        Self {
            pool: pool.into().0,
            timeout: config.0.database_timeout,
        }
    }

    /// Creates or updates the tables. It blocks; call it at start. Several processes may call it
    /// at once.
    ///
    /// # Errors
    /// The database is unavailable, or a migration fails.
    pub fn migrate(&self) -> Result<(), StoreError> {
        on_backend!(&self.pool, |conn| conn.migrate())
    }

    /// Reverts the migrations of this crate, which **drops its tables**, and leaves the
    /// application's. It blocks.
    ///
    /// # Errors
    /// The database is unavailable, or a migration can't be reverted.
    pub fn revert_migrations(&self) -> Result<(), StoreError> {
        on_backend!(&self.pool, |conn| migrations::revert(conn))
    }

    /// Sets whether a user may sign in. An inactive user is signed out everywhere. Returns whether
    /// there is such a user.
    ///
    /// # Errors
    /// The database is unavailable or fails.
    pub async fn set_active(&self, id: &UserId, active: bool) -> Result<bool, StoreError> {
        let Some(number) = id.as_i64() else {
            return Ok(false);
        };
        let found = self.block(move |pool| {
            on_backend!(pool, |conn| diesel::update(users::table.find(number))
                .set(users::is_active.eq(active))
                .execute(conn))?;
            // Some databases count only the rows that changed, so look whether it is there.
            on_backend!(pool, |conn| users::table
                .find(number)
                .select(users::id)
                .first::<i64>(conn)
                .optional())
        });
        let found = found.await?.is_some();
        if found && !active {
            UserStore::end_sessions(self, SessionSelector::User(id.clone())).await?;
        }
        Ok(found)
    }

    /// Runs blocking diesel work off the async workers, within the time limit.
    pub(crate) async fn block<T: Send + 'static>(
        &self,
        work: impl FnOnce(&AnyPool) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let pool = self.pool.clone();
        let work = timeout(self.timeout, web::block(move || work(&pool)));
        let late = |_| {
            StoreError::new(format!(
                "the database did not answer within {:?}",
                self.timeout
            ))
        };
        work.await.map_err(late)?.map_err(StoreError::new)?
    }
}

impl UserStore for DieselStore {
    async fn sign_in(&self, sign_in: SignIn) -> Result<SignInOutcome, StoreError> {
        self.block(move |pool| on_backend!(pool, |conn| sign_in::sign_in(conn, &sign_in)))
            .await
    }

    async fn find(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        let Some(id) = id.as_i64() else {
            return Ok(None);
        };
        self.block(move |pool| {
            on_backend!(pool, |conn| users::table
                .find(id)
                .select(User::as_select())
                .first(conn)
                .optional())
        })
        .await
    }

    async fn microsoft_user(&self, id: &UserId) -> Result<Option<MicrosoftUser>, StoreError> {
        let Some(id) = id.as_i64() else {
            return Ok(None);
        };
        let row = self.block(move |pool| {
            on_backend!(pool, |conn| microsoft_sso_users::table
                .find(id)
                .select(MicrosoftUserRow::as_select())
                .first(conn)
                .optional())
        });
        Ok(row.await?.map(MicrosoftUser::from))
    }

    /// Ends sessions that are kept in the same database.
    async fn end_sessions(&self, which: SessionSelector) -> Result<usize, StoreError> {
        use microsoft_sso_sessions::{sid, table, user_id};
        self.block(move |pool| match which {
            SessionSelector::User(id) => {
                on_backend!(pool, |conn| diesel::delete(
                    table.filter(user_id.eq(id.to_string()))
                )
                .execute(conn))
            }
            SessionSelector::EntraSession(session) => {
                on_backend!(pool, |conn| diesel::delete(table.filter(sid.eq(&session)))
                    .execute(conn))
            }
        })
        .await
    }

    fn session_database(&self) -> Option<&Self> {
        Some(self)
    }
}
