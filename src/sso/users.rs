//! Users and their sessions, for the application's own administration.

use uuid::Uuid;

use super::MicrosoftSso;
use crate::{
    account::user::{MicrosoftUser, User, UserId},
    sign_in::audit::{self, SignOutCause},
    store::{error::StoreError, user_store::SessionSelector},
};

impl MicrosoftSso {
    /// A user of the store.
    ///
    /// # Errors
    /// The store is unavailable or fails.
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.store.find(id).await
    }

    /// What `microsoft_sso_users` holds of a user.
    ///
    /// # Errors
    /// The store is unavailable or fails.
    pub async fn microsoft_user(&self, id: &UserId) -> Result<Option<MicrosoftUser>, StoreError> {
        self.store.microsoft_user(id).await
    }

    /// The user of a Microsoft account, by the claims `tid` and `oid`.
    ///
    /// # Errors
    /// The store is unavailable or fails.
    pub async fn user_by_account(
        &self,
        tenant_id: Uuid,
        object_id: &str,
    ) -> Result<Option<User>, StoreError> {
        self.store.find_by_account(tenant_id, object_id).await
    }

    /// The user of a Microsoft id, as `microsoft_sso_users` holds it.
    ///
    /// # Errors
    /// The store is unavailable or fails.
    pub async fn user_by_microsoft_id(
        &self,
        microsoft_id: &str,
    ) -> Result<Option<User>, StoreError> {
        self.store.find_by_microsoft_id(microsoft_id).await
    }

    /// Ends all sessions of a user, on all their devices, and returns how many. If the user store is a
    /// [`DieselStore`](crate::DieselStore), it reaches sign-ins under way, too.
    ///
    /// Sessions in the database ([`sessions`](Self::sessions)), or wherever the user store's
    /// [`end_sessions`](crate::UserStore::end_sessions) looks, end at once. Those in Redis or in
    /// cookies end at the next [`CurrentUser`](crate::CurrentUser), if the users are in a
    /// [`DieselStore`](crate::DieselStore).
    ///
    /// # Errors
    /// The store is unavailable or fails.
    pub async fn sign_out_everywhere(&self, user: &UserId) -> Result<usize, StoreError> {
        let which = SessionSelector::User(user.clone());
        let ended = self.store.end_sessions(which).await?;
        #[cfg(feature = "_diesel")]
        let ended = ended.max(self.end_checked_sessions(user).await?);
        audit::signed_out(SignOutCause::Application, Some(user), None, ended);
        Ok(ended)
    }

    /// Ends the sessions that have a refresh token, where a store of the application's own has ended the
    /// others: a [`DieselStore`](crate::DieselStore) ends both.
    #[cfg(feature = "_diesel")]
    pub(super) async fn end_checked_sessions(&self, user: &UserId) -> Result<usize, StoreError> {
        match &self.session_checks {
            Some(checks) if !self.store.is_session_database() => {
                checks.state.store.delete_of_user(user).await
            }
            _ => Ok(0),
        }
    }

    /// Ends the sessions that began with one at Entra; returns how many.
    pub(crate) async fn end_entra_session(&self, sid: String) -> Result<usize, StoreError> {
        let which = SessionSelector::EntraSession(sid.clone());
        let ended = self.store.end_sessions(which).await?;
        #[cfg(feature = "_diesel")]
        if let Some(checks) = &self.session_checks
            && !self.store.is_session_database()
        {
            return Ok(ended.max(checks.state.store.delete_of_entra(&sid).await?));
        }
        Ok(ended)
    }

    /// Sets whether a user may sign in. An inactive user is signed out everywhere, as by
    /// [`sign_out_everywhere`](Self::sign_out_everywhere). Returns whether there is such a user.
    ///
    /// # Errors
    /// The store is unavailable or fails, or can't do it.
    pub async fn set_active(&self, user: &UserId, active: bool) -> Result<bool, StoreError> {
        let ended = self.store.set_active(user, active).await?;
        if let Some(ended) = ended {
            #[cfg(feature = "_diesel")]
            let ended = if active {
                ended
            } else {
                ended.max(self.end_checked_sessions(user).await?)
            };
            audit::active_set(user, active, ended);
        }
        Ok(ended.is_some())
    }

    /// Deletes a user, with their sessions and all that is stored of Microsoft's. Returns whether there
    /// was such a user. The account may sign in again as a new user, where the settings allow that:
    /// use [`set_active`](Self::set_active) to keep it out.
    ///
    /// # Errors
    /// The store is unavailable or fails, or can't do it.
    pub async fn delete_user(&self, user: &UserId) -> Result<bool, StoreError> {
        let ended = self.store.delete(user).await?;
        if let Some(ended) = ended {
            #[cfg(feature = "_diesel")]
            let ended = ended.max(self.end_checked_sessions(user).await?);
            audit::user_deleted(user, ended);
        }
        Ok(ended.is_some())
    }
}
