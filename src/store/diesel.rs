//! The diesel repository: the tables `users` and `microsoft_sso_users`, and the link between a
//! user and their Microsoft identity.

use std::time::Duration;

use actix_web::{rt::time::timeout, web};
use diesel::{OptionalExtension, prelude::*};
use futures_util::future::LocalBoxFuture;

use super::{
    Admitted, MicrosoftUser, Sessions, StoreError, User, UserId, UserStore,
    migrations::{self, Migrate},
    models::{MicrosoftUserRow, UserRow},
    pool::{AnyPool, Limits, on_backend},
    schema::{microsoft_sso_sessions, microsoft_sso_users, users},
    sign_in,
};
use crate::{
    account::{Denied, SignIn},
    settings::Config,
};

/// Users in a database, by diesel.
///
/// It is a handle on a pool: cloning it is cheap. Make it from a URL with
/// [`connect`](Self::connect), or from a pool that the application has already, with `From`.
#[derive(Clone)]
pub struct DieselStore {
    pool: AnyPool,
    within: Duration,
}

/// A pool of the application's own; how long it waits for a connection is its own matter.
macro_rules! from_pool {
    ($feature:literal, $variant:ident, $connection:ty) => {
        #[cfg(feature = $feature)]
        impl From<diesel::r2d2::Pool<diesel::r2d2::ConnectionManager<$connection>>>
            for DieselStore
        {
            fn from(
                pool: diesel::r2d2::Pool<diesel::r2d2::ConnectionManager<$connection>>,
            ) -> Self {
                Self {
                    within: pool.connection_timeout() + Limits::default().within,
                    pool: AnyPool::$variant(pool),
                }
            }
        }
    };
}
from_pool!("sqlite", Sqlite, diesel::SqliteConnection);
from_pool!("postgres", Postgres, diesel::PgConnection);
from_pool!("mysql", Mysql, diesel::MysqlConnection);

impl DieselStore {
    /// Connects to a database: `sqlite://path/to/file`, `postgres://user:password@host/name` or
    /// `mysql://user:password@host/name`, with a pool of 8 connections and 10 seconds for each
    /// piece of work.
    ///
    /// A database server may be away: it is connected to when it is needed.
    ///
    /// # Errors
    /// The URL names no database that was built in, or the SQLite file can't be opened.
    pub fn connect(url: &str) -> Result<Self, StoreError> {
        Self::with_limits(url, Limits::default())
    }

    /// As [`connect`](Self::connect), with the settings `pool_size` and `database_timeout`.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_with(url: &str, config: &Config) -> Result<Self, StoreError> {
        let limits = Limits {
            size: config.0.pool_size,
            within: config.0.database_timeout,
        };
        Self::with_limits(url, limits)
    }

    fn with_limits(url: &str, limits: Limits) -> Result<Self, StoreError> {
        Ok(Self {
            pool: AnyPool::new(url, limits)?,
            within: limits.within,
        })
    }

    /// Creates or updates the tables. It blocks; call it at start. Several processes may call it
    /// at once.
    ///
    /// # Errors
    /// The database can't be reached, or a migration fails.
    pub fn migrate(&self) -> Result<(), StoreError> {
        on_backend!(&self.pool, |conn| conn.migrate())
    }

    /// Reverts our own migrations, which **drops the tables**, and leaves the application's. It
    /// blocks.
    ///
    /// # Errors
    /// The database can't be reached, or a migration can't be reverted.
    pub fn revert_migrations(&self) -> Result<(), StoreError> {
        on_backend!(&self.pool, |conn| migrations::revert(conn))
    }

    /// Sets whether a user may sign in. One who no longer may is signed out everywhere. Returns
    /// whether there is such a user.
    ///
    /// # Errors
    /// The database can't be reached or fails.
    pub async fn set_active(&self, id: &UserId, active: bool) -> Result<bool, StoreError> {
        let Some(number) = number(id) else {
            return Ok(false);
        };
        let found = self.block(move |pool| {
            on_backend!(pool, |conn| diesel::update(users::table.find(number))
                .set(users::is_active.eq(active))
                .execute(conn))?;
            // Some databases count only rows that changed, so ask whether it is there.
            on_backend!(pool, |conn| users::table
                .find(number)
                .select(users::id)
                .first::<i64>(conn)
                .optional())
        });
        let found = found.await?.is_some();
        if found && !active {
            self.end_sessions(Sessions::OfUser(id.clone())).await?;
        }
        Ok(found)
    }

    /// Runs blocking diesel work off the async workers, within its time.
    pub(super) async fn block<T: Send + 'static>(
        &self,
        work: impl FnOnce(&AnyPool) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let pool = self.pool.clone();
        let work = timeout(self.within, web::block(move || work(&pool)));
        let late = |_| {
            StoreError::new(format!(
                "the database gave no answer within {:?}",
                self.within
            ))
        };
        work.await.map_err(late)?.map_err(StoreError::new)?
    }
}

/// Our ids are numbers; any other text is nobody's.
fn number(id: &UserId) -> Option<i64> {
    id.as_str().parse().ok()
}

impl UserStore for DieselStore {
    fn sign_in(
        &self,
        sign_in: SignIn,
    ) -> LocalBoxFuture<'_, Result<Result<Admitted, Denied>, StoreError>> {
        Box::pin(self.block(move |pool| on_backend!(pool, |conn| sign_in::sign_in(conn, &sign_in))))
    }

    fn find<'a>(&'a self, id: &'a UserId) -> LocalBoxFuture<'a, Result<Option<User>, StoreError>> {
        Box::pin(async move {
            let Some(id) = number(id) else {
                return Ok(None);
            };
            let row = self.block(move |pool| {
                on_backend!(pool, |conn| users::table
                    .find(id)
                    .select(UserRow::as_select())
                    .first(conn)
                    .optional())
            });
            Ok(row.await?.map(User::from))
        })
    }

    fn microsoft_user<'a>(
        &'a self,
        id: &'a UserId,
    ) -> LocalBoxFuture<'a, Result<Option<MicrosoftUser>, StoreError>> {
        Box::pin(async move {
            let Some(id) = number(id) else {
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
        })
    }

    /// Ends sessions that [`DieselSessions`](crate::DieselSessions) keeps in the same database.
    fn end_sessions(&self, which: Sessions) -> LocalBoxFuture<'_, Result<usize, StoreError>> {
        use microsoft_sso_sessions::{sid, table, user_id};
        Box::pin(self.block(move |pool| match which {
            Sessions::OfUser(id) => {
                on_backend!(pool, |conn| diesel::delete(
                    table.filter(user_id.eq(id.as_str()))
                )
                .execute(conn))
            }
            Sessions::OfEntraSession(session) => {
                on_backend!(pool, |conn| diesel::delete(table.filter(sid.eq(&session)))
                    .execute(conn))
            }
        }))
    }
}
