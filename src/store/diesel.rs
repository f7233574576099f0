//! The diesel repository: the tables `users` and `microsoft_sso_users`, and the link between a
//! user and their Microsoft identity.

use actix_web::web;
use diesel::{
    OptionalExtension,
    prelude::*,
    r2d2::{ConnectionManager, Pool},
    sqlite::SqliteConnection,
};
use futures_util::future::LocalBoxFuture;

use super::{
    Admitted, MicrosoftUser, StoreError, User, UserId, UserStore, migrations,
    models::{MicrosoftUserRow, UserRow},
    pool::{AnyPool, on_backend, sqlite},
    schema::{microsoft_sso_users, users},
    sign_in,
};
use crate::account::{Denied, SignIn};

/// Users in a database, by diesel.
///
/// It is a handle on a pool: cloning it is cheap. Make it from a URL with
/// [`connect`](Self::connect), or from a pool that the application has already.
#[derive(Clone)]
pub struct DieselStore {
    pool: AnyPool,
}

impl From<Pool<ConnectionManager<SqliteConnection>>> for DieselStore {
    fn from(pool: Pool<ConnectionManager<SqliteConnection>>) -> Self {
        Self {
            pool: AnyPool::Sqlite(pool),
        }
    }
}

impl DieselStore {
    /// Connects to a database: `sqlite://path/to/file`.
    ///
    /// # Errors
    /// The URL names no database that was built in, or the database can't be opened.
    pub fn connect(url: &str) -> Result<Self, StoreError> {
        match url.split_once("://") {
            Some(("sqlite", path)) => Ok(Self {
                pool: sqlite(path)?,
            }),
            Some((scheme, _)) => Err(StoreError::new(format!(
                "the scheme `{scheme}` names no database that was built in; use `sqlite://path`"
            ))),
            None => Err(StoreError::new(
                "the database URL has no scheme; use `sqlite://path`",
            )),
        }
    }

    /// Creates or updates the tables. It blocks; call it at start. Several processes may call it
    /// at once.
    ///
    /// # Errors
    /// The database can't be reached, or a migration fails.
    pub fn migrate(&self) -> Result<(), StoreError> {
        match &self.pool {
            AnyPool::Sqlite(pool) => {
                let mut conn = pool.get().map_err(StoreError::new)?;
                migrations::run_sqlite(&mut conn)
            }
        }
    }

    /// Reverts our own migrations, which **drops the tables**, and leaves the application's. It
    /// blocks.
    ///
    /// # Errors
    /// The database can't be reached, or a migration can't be reverted.
    pub fn revert_migrations(&self) -> Result<(), StoreError> {
        match &self.pool {
            AnyPool::Sqlite(pool) => {
                let mut conn = pool.get().map_err(StoreError::new)?;
                migrations::revert_sqlite(&mut conn).map_err(StoreError::new)
            }
        }
    }

    /// Sets whether a user may sign in; one who may not is signed out where the
    /// [`CurrentUser`](crate::CurrentUser) is asked for.
    ///
    /// # Errors
    /// The database can't be reached or fails.
    pub async fn set_active(&self, id: &UserId, active: bool) -> Result<bool, StoreError> {
        let Some(id) = number(id) else {
            return Ok(false);
        };
        let changed = self.block(move |pool| {
            on_backend!(pool, |conn| diesel::update(users::table.find(id))
                .set(users::is_active.eq(active))
                .execute(conn))
        });
        Ok(changed.await? > 0)
    }

    /// Runs blocking diesel work off the async workers.
    pub(super) async fn block<T: Send + 'static>(
        &self,
        work: impl FnOnce(&AnyPool) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let pool = self.pool.clone();
        web::block(move || work(&pool))
            .await
            .map_err(StoreError::new)?
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
}
