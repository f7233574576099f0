//! The diesel repository: the tables `users` and `microsoft_sso_users`, and the link between a user
//! and their Microsoft account.

use diesel::{OptionalExtension, prelude::*};

use super::{
    diesel::DieselStore,
    error::StoreError,
    models::MicrosoftUserRow,
    pool::on_backend,
    schema::{microsoft_sso_sessions, microsoft_sso_users, users},
    sign_in,
    user_store::{SessionSelector, SignInOutcome, UserStore},
};
use crate::account::{
    decide::SignIn,
    user::{MicrosoftUser, User, UserId},
};

impl DieselStore {
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
            self.end_sessions(SessionSelector::User(id.clone())).await?;
        }
        Ok(found)
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
