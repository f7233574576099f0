//! The trait for a store of users.

use std::future::{Future, ready};

use uuid::Uuid;

use super::error::StoreError;
use crate::account::{
    decide::SignIn,
    denied::Denied,
    user::{MicrosoftUser, User, UserId},
};

/// A store of users. [`DieselStore`](crate::DieselStore) is one; implement it for a table of your
/// own with plain `async fn`.
///
/// The futures need not be `Send`, because an actix worker has one thread. Run work that blocks in
/// [`actix_web::web::block`]. `microsoft_sso::testing::store_contract` (feature `testing`) tests an
/// implementation.
pub trait UserStore: Send + Sync + 'static {
    /// Carries out one sign-in: finds the user by the profile's (`tenant_id`, `object_id`), calls
    /// [`SignIn::decide`], and writes what it returns, all in one transaction. Concurrent first
    /// sign-ins of one account must create one user.
    ///
    /// # Errors
    /// The store is unavailable or fails. A refusal is no error, but [`SignInOutcome::Denied`].
    fn sign_in(&self, sign_in: SignIn) -> impl Future<Output = Result<SignInOutcome, StoreError>>;

    /// Applies the rules to a user who is signed in, with the setting `recheck`: as [`Self::sign_in`], but
    /// it is no sign-in, and creates nobody. A store of its own leaves `last_login` alone here; the default
    /// is [`Self::sign_in`].
    ///
    /// # Errors
    /// The store is unavailable or fails. A refusal is no error, but [`SignInOutcome::Denied`].
    fn recheck(&self, sign_in: SignIn) -> impl Future<Output = Result<SignInOutcome, StoreError>> {
        self.sign_in(sign_in)
    }

    /// Finds a user.
    ///
    /// # Errors
    /// The store is unavailable or fails.
    fn find(&self, id: &UserId) -> impl Future<Output = Result<Option<User>, StoreError>>;

    /// What is stored of Microsoft's data about a user. The default is nothing.
    ///
    /// # Errors
    /// The store is unavailable or fails.
    fn microsoft_user(
        &self,
        id: &UserId,
    ) -> impl Future<Output = Result<Option<MicrosoftUser>, StoreError>> {
        let _ = id;
        ready(Ok(None))
    }

    /// Ends sessions, and returns how many. The default ends none: override it if your store can
    /// look sessions up.
    ///
    /// # Errors
    /// The store is unavailable or fails.
    fn end_sessions(
        &self,
        which: SessionSelector,
    ) -> impl Future<Output = Result<usize, StoreError>> {
        let _ = which;
        ready(Ok(0))
    }

    /// Finds the user of a Microsoft account, by the claims `tid` and `oid`. The default finds nobody.
    ///
    /// # Errors
    /// The store is unavailable or fails.
    fn find_by_account(
        &self,
        tenant_id: Uuid,
        object_id: &str,
    ) -> impl Future<Output = Result<Option<User>, StoreError>> {
        let _ = (tenant_id, object_id);
        ready(Ok(None))
    }

    /// Finds the user of a Microsoft id, as `microsoft_sso_users` holds it. The default finds nobody.
    ///
    /// # Errors
    /// The store is unavailable or fails.
    fn find_by_microsoft_id(
        &self,
        microsoft_id: &str,
    ) -> impl Future<Output = Result<Option<User>, StoreError>> {
        let _ = microsoft_id;
        ready(Ok(None))
    }

    /// Sets whether a user may sign in; an inactive user's sessions end, those of sign-ins under way
    /// included. Returns how many sessions ended, `None` if there is no such user. The default fails.
    ///
    /// # Errors
    /// The store is unavailable or fails, or can't do it.
    fn set_active(
        &self,
        id: &UserId,
        active: bool,
    ) -> impl Future<Output = Result<Option<usize>, StoreError>> {
        let _ = (id, active);
        ready(Err(StoreError::new(
            "this user store can't set users inactive",
        )))
    }

    /// Deletes a user with everything that belongs to it. Returns how many sessions ended, `None` if
    /// there is no such user. The default fails.
    ///
    /// # Errors
    /// The store is unavailable or fails, or can't do it.
    fn delete(&self, id: &UserId) -> impl Future<Output = Result<Option<usize>, StoreError>> {
        let _ = id;
        ready(Err(StoreError::new("this user store can't delete users")))
    }

    /// Gives a Microsoft account, by the claims `tid` and `oid`, to a user who has none, in one transaction.
    /// The default fails.
    ///
    /// # Errors
    /// The store is unavailable or fails, or can't do it.
    fn link(
        &self,
        user: &UserId,
        tenant_id: Uuid,
        object_id: &str,
    ) -> impl Future<Output = Result<LinkOutcome, StoreError>> {
        let _ = (user, tenant_id, object_id);
        ready(Err(StoreError::new("this user store can't link accounts")))
    }

    /// Takes a user's Microsoft accounts away, and ends their sessions. Returns how many accounts there were.
    /// The default fails.
    ///
    /// # Errors
    /// The store is unavailable or fails, or can't do it.
    fn unlink(&self, user: &UserId) -> impl Future<Output = Result<usize, StoreError>> {
        let _ = user;
        ready(Err(StoreError::new(
            "this user store can't unlink accounts",
        )))
    }

    /// The database in which [`MicrosoftSso::sessions`](crate::MicrosoftSso::sessions) keeps
    /// sessions. The default is none: then use
    /// [`sessions_in`](crate::MicrosoftSso::sessions_in).
    #[cfg(feature = "_diesel")]
    fn session_database(&self) -> Option<&super::diesel::DieselStore> {
        None
    }
}

/// What came of a sign-in.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use]
pub enum SignInOutcome {
    /// The user is signed in.
    SignedIn(SignedInUser),
    /// Nobody is signed in, and nothing was written.
    Denied(Denied),
}

impl From<Denied> for SignInOutcome {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

/// What came of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkOutcome {
    /// The account is the user's from now on.
    Linked,
    /// It was before.
    Unchanged,
    /// There is no such user.
    NoUser,
    /// The account is another user's.
    AccountTaken,
    /// The user has another account.
    UserTaken,
}

/// A user who signs in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedInUser {
    /// The user, as stored now.
    pub user: User,
    /// Whether this sign-in created it.
    pub is_new: bool,
    /// Whether this sign-in gave the account to the user, who was there before.
    pub is_linked: bool,
}

impl SignedInUser {
    /// A user who was there before.
    pub fn existing(user: User) -> Self {
        Self {
            user,
            is_new: false,
            is_linked: false,
        }
    }

    /// A user who was there before, and has the account from this sign-in on.
    pub fn linked(user: User) -> Self {
        Self {
            is_linked: true,
            ..Self::existing(user)
        }
    }

    /// A user whom this sign-in created.
    pub fn created(user: User) -> Self {
        Self {
            is_new: true,
            ..Self::existing(user)
        }
    }
}

impl From<SignedInUser> for SignInOutcome {
    fn from(user: SignedInUser) -> Self {
        Self::SignedIn(user)
    }
}

/// Which sessions to end.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SessionSelector {
    /// All sessions of a user, on all their devices.
    User(UserId),
    /// The sessions that began with one session at Entra, named by the claim `sid`.
    EntraSession(String),
}
