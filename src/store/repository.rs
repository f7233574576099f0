//! The diesel repository: the tables `users` and `microsoft_sso_users`, and the link between a user
//! and their Microsoft account.

use std::cell::Cell;

use diesel::{OptionalExtension, prelude::*};
use uuid::Uuid;

use super::{
    diesel::DieselStore,
    end,
    error::StoreError,
    known_user, link,
    models::MicrosoftUserRow,
    pool::on_backend,
    schema::{microsoft_sso_identities, microsoft_sso_users, users},
    session_row::SessionRow,
    sign_in,
    user_store::{LinkOutcome, SessionSelector, SignInOutcome, UserStore},
};
use crate::account::{
    decide::SignIn,
    user::{MicrosoftUser, User, UserId},
};

impl DieselStore {
    /// As [`UserStore::sign_in`], with the session in the same transaction. `make` may be called more
    /// than once: the last session is the one that was written.
    pub(crate) async fn sign_in_with_session<T: Send + 'static>(
        &self,
        sign_in: SignIn,
        make: impl Fn(&User) -> Result<(SessionRow, T), StoreError> + Send + 'static,
    ) -> Result<(SignInOutcome, Option<T>), StoreError> {
        self.block(move |pool| {
            let made = Cell::new(None);
            let session = |user: &User| {
                let (row, session) = make(user)?;
                made.set(Some(session));
                Ok(row)
            };
            let outcome = on_backend!(pool, |conn| sign_in::sign_in(
                conn,
                &sign_in,
                Some(&session)
            ))?;
            Ok((outcome, made.take()))
        })
        .await
    }
}

impl UserStore for DieselStore {
    async fn sign_in(&self, sign_in: SignIn) -> Result<SignInOutcome, StoreError> {
        self.block(move |pool| on_backend!(pool, |conn| sign_in::sign_in(conn, &sign_in, None)))
            .await
    }

    async fn recheck(&self, sign_in: SignIn) -> Result<SignInOutcome, StoreError> {
        self.block(move |pool| on_backend!(pool, |conn| known_user::recheck(conn, &sign_in)))
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
                .get_result(conn)
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
                .get_result(conn)
                .optional())
        });
        Ok(row.await?.map(MicrosoftUser::from))
    }

    async fn find_by_account(
        &self,
        tenant_id: Uuid,
        object_id: &str,
    ) -> Result<Option<User>, StoreError> {
        let (tenant_id, object_id) = (tenant_id.to_string(), object_id.to_owned());
        self.block(move |pool| {
            on_backend!(pool, |conn| microsoft_sso_identities::table
                .inner_join(users::table)
                .filter(microsoft_sso_identities::tenant_id.eq(&tenant_id))
                .filter(microsoft_sso_identities::object_id.eq(&object_id))
                .select(User::as_select())
                .get_result(conn)
                .optional())
        })
        .await
    }

    async fn find_by_microsoft_id(&self, microsoft_id: &str) -> Result<Option<User>, StoreError> {
        let microsoft_id = microsoft_id.to_owned();
        self.block(move |pool| {
            on_backend!(pool, |conn| microsoft_sso_users::table
                .inner_join(users::table)
                .filter(microsoft_sso_users::microsoft_id.eq(&microsoft_id))
                .select(User::as_select())
                .first(conn)
                .optional())
        })
        .await
    }

    async fn set_active(&self, id: &UserId, active: bool) -> Result<Option<usize>, StoreError> {
        let Some(id) = id.as_i64() else {
            return Ok(None);
        };
        self.block(move |pool| on_backend!(pool, |conn| end::set_active(conn, id, active)))
            .await
    }

    async fn delete(&self, id: &UserId) -> Result<Option<usize>, StoreError> {
        let Some(id) = id.as_i64() else {
            return Ok(None);
        };
        self.block(move |pool| on_backend!(pool, |conn| end::delete_user(conn, id)))
            .await
    }

    async fn link(
        &self,
        user: &UserId,
        tenant_id: Uuid,
        object_id: &str,
    ) -> Result<LinkOutcome, StoreError> {
        let Some(user) = user.as_i64() else {
            return Ok(LinkOutcome::NoUser);
        };
        let object_id = object_id.to_owned();
        self.block(move |pool| {
            on_backend!(pool, |conn| link::link(conn, user, tenant_id, &object_id))
        })
        .await
    }

    async fn unlink(&self, user: &UserId) -> Result<usize, StoreError> {
        let Some(user) = user.as_i64() else {
            return Ok(0);
        };
        self.block(move |pool| on_backend!(pool, |conn| link::unlink(conn, user)))
            .await
    }

    /// Ends sessions that are kept in the same database.
    async fn end_sessions(&self, which: SessionSelector) -> Result<usize, StoreError> {
        self.block(move |pool| on_backend!(pool, |conn| end::end_sessions(conn, &which)))
            .await
    }

    fn session_database(&self) -> Option<&Self> {
        Some(self)
    }
}
