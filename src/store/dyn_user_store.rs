//! The user store as a trait object: the adapter that lets applications write plain `async fn`.

use futures_util::future::LocalBoxFuture;
use uuid::Uuid;

use super::{
    error::StoreError,
    user_store::{LinkOutcome, SessionSelector, SignInOutcome, UserStore},
};
use crate::account::{
    decide::SignIn,
    user::{MicrosoftUser, User, UserId},
};

/// [`UserStore`] as a trait object.
pub(crate) trait DynUserStore: Send + Sync {
    fn sign_in(&self, sign_in: SignIn) -> LocalBoxFuture<'_, Result<SignInOutcome, StoreError>>;

    #[cfg(feature = "_diesel")]
    fn recheck(&self, sign_in: SignIn) -> LocalBoxFuture<'_, Result<SignInOutcome, StoreError>>;

    fn find<'a>(&'a self, id: &'a UserId) -> LocalBoxFuture<'a, Result<Option<User>, StoreError>>;

    fn microsoft_user<'a>(
        &'a self,
        id: &'a UserId,
    ) -> LocalBoxFuture<'a, Result<Option<MicrosoftUser>, StoreError>>;

    fn end_sessions(&self, which: SessionSelector)
    -> LocalBoxFuture<'_, Result<usize, StoreError>>;

    fn find_by_account<'a>(
        &'a self,
        tenant_id: Uuid,
        object_id: &'a str,
    ) -> LocalBoxFuture<'a, Result<Option<User>, StoreError>>;

    fn find_by_microsoft_id<'a>(
        &'a self,
        microsoft_id: &'a str,
    ) -> LocalBoxFuture<'a, Result<Option<User>, StoreError>>;

    fn set_active<'a>(
        &'a self,
        id: &'a UserId,
        active: bool,
    ) -> LocalBoxFuture<'a, Result<Option<usize>, StoreError>>;

    fn delete<'a>(
        &'a self,
        id: &'a UserId,
    ) -> LocalBoxFuture<'a, Result<Option<usize>, StoreError>>;

    fn link<'a>(
        &'a self,
        user: &'a UserId,
        tenant_id: Uuid,
        object_id: &'a str,
    ) -> LocalBoxFuture<'a, Result<LinkOutcome, StoreError>>;

    fn unlink<'a>(&'a self, user: &'a UserId) -> LocalBoxFuture<'a, Result<usize, StoreError>>;

    #[cfg(feature = "_diesel")]
    fn session_database(&self) -> Option<&super::diesel::DieselStore>;

    /// Whether the users are in the table `users` of that database.
    #[cfg(feature = "_diesel")]
    fn is_session_database(&self) -> bool;
}

impl<T: UserStore> DynUserStore for T {
    fn sign_in(&self, sign_in: SignIn) -> LocalBoxFuture<'_, Result<SignInOutcome, StoreError>> {
        Box::pin(UserStore::sign_in(self, sign_in))
    }

    #[cfg(feature = "_diesel")]
    fn recheck(&self, sign_in: SignIn) -> LocalBoxFuture<'_, Result<SignInOutcome, StoreError>> {
        Box::pin(UserStore::recheck(self, sign_in))
    }

    fn find<'a>(&'a self, id: &'a UserId) -> LocalBoxFuture<'a, Result<Option<User>, StoreError>> {
        Box::pin(UserStore::find(self, id))
    }

    fn microsoft_user<'a>(
        &'a self,
        id: &'a UserId,
    ) -> LocalBoxFuture<'a, Result<Option<MicrosoftUser>, StoreError>> {
        Box::pin(UserStore::microsoft_user(self, id))
    }

    fn end_sessions(
        &self,
        which: SessionSelector,
    ) -> LocalBoxFuture<'_, Result<usize, StoreError>> {
        Box::pin(UserStore::end_sessions(self, which))
    }

    fn find_by_account<'a>(
        &'a self,
        tenant_id: Uuid,
        object_id: &'a str,
    ) -> LocalBoxFuture<'a, Result<Option<User>, StoreError>> {
        Box::pin(UserStore::find_by_account(self, tenant_id, object_id))
    }

    fn find_by_microsoft_id<'a>(
        &'a self,
        microsoft_id: &'a str,
    ) -> LocalBoxFuture<'a, Result<Option<User>, StoreError>> {
        Box::pin(UserStore::find_by_microsoft_id(self, microsoft_id))
    }

    fn set_active<'a>(
        &'a self,
        id: &'a UserId,
        active: bool,
    ) -> LocalBoxFuture<'a, Result<Option<usize>, StoreError>> {
        Box::pin(UserStore::set_active(self, id, active))
    }

    fn delete<'a>(
        &'a self,
        id: &'a UserId,
    ) -> LocalBoxFuture<'a, Result<Option<usize>, StoreError>> {
        Box::pin(UserStore::delete(self, id))
    }

    fn link<'a>(
        &'a self,
        user: &'a UserId,
        tenant_id: Uuid,
        object_id: &'a str,
    ) -> LocalBoxFuture<'a, Result<LinkOutcome, StoreError>> {
        Box::pin(UserStore::link(self, user, tenant_id, object_id))
    }

    fn unlink<'a>(&'a self, user: &'a UserId) -> LocalBoxFuture<'a, Result<usize, StoreError>> {
        Box::pin(UserStore::unlink(self, user))
    }

    #[cfg(feature = "_diesel")]
    fn session_database(&self) -> Option<&super::diesel::DieselStore> {
        UserStore::session_database(self)
    }

    #[cfg(feature = "_diesel")]
    fn is_session_database(&self) -> bool {
        (self as &dyn std::any::Any).is::<super::diesel::DieselStore>()
    }
}
