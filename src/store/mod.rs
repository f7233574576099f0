//! Where users are kept: the trait that an application can implement for a table of its own, and
//! the diesel repository that is its default.

#[cfg(feature = "_diesel")]
mod dialect;
#[cfg(feature = "_diesel")]
mod diesel;
#[cfg(feature = "_diesel")]
mod migrations;
#[cfg(feature = "_diesel")]
mod models;
#[cfg(feature = "_diesel")]
mod pool;
#[cfg(feature = "_diesel")]
mod schema;
#[cfg(feature = "_diesel")]
mod sessions;
#[cfg(feature = "_diesel")]
mod sign_in;
#[cfg(feature = "_diesel")]
mod statements;

use std::{error::Error, fmt};

use chrono::{DateTime, Utc};
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};

#[cfg(feature = "_diesel")]
pub use self::{diesel::DieselStore, sessions::DieselSessions};
use crate::{
    account::{Denied, SignIn},
    picture::Picture,
};

/// A user's id in the store, as text: a number for the diesel repository, whatever the
/// application's own table uses otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

impl UserId {
    /// Wraps an id.
    pub fn new(id: impl fmt::Display) -> Self {
        Self(id.to_string())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A user, as the store has them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The id in the store.
    pub id: UserId,
    /// User name.
    pub username: String,
    /// E-mail address; empty when there is none.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Whether the user may sign in.
    pub is_active: bool,
    /// Whether the user may use the application's administration.
    pub is_staff: bool,
    /// Whether the user may do everything.
    pub is_superuser: bool,
    /// When the user was created, in UTC.
    pub date_joined: DateTime<Utc>,
    /// When the user signed in last, in UTC.
    pub last_login: Option<DateTime<Utc>>,
}

impl User {
    /// An active user without names or rights, for stores of an application's own.
    pub fn new(id: UserId, username: impl Into<String>, date_joined: DateTime<Utc>) -> Self {
        Self {
            id,
            username: username.into(),
            email: String::new(),
            first_name: String::new(),
            last_name: String::new(),
            is_active: true,
            is_staff: false,
            is_superuser: false,
            date_joined,
            last_login: None,
        }
    }
}

/// What `microsoft_sso_users` holds of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MicrosoftUser {
    /// Graph's id of the person.
    pub microsoft_id: String,
    /// The preferred language, such as `en-GB`.
    pub locale: Option<String>,
    /// The photo.
    pub picture: Option<Picture>,
}

/// A user who was let in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Admitted {
    /// The user, as stored now.
    pub user: User,
    /// Whether this sign-in created them.
    pub created: bool,
}

impl Admitted {
    /// The user, and whether this sign-in created them.
    pub fn new(user: User, created: bool) -> Self {
        Self { user, created }
    }
}

/// Where users are kept.
///
/// The futures are local ones (an actix worker has one thread), so an implementation is free to
/// use what isn't `Send`; work that blocks belongs into [`actix_web::web::block`].
pub trait UserStore: Send + Sync + 'static {
    /// Carries out one sign-in: finds the user by (`tenant_id`, `object_id`) of the profile, asks
    /// [`SignIn::decide`], and writes what it says, all in one transaction. Forty first sign-ins
    /// of one person at once must make one user.
    ///
    /// # Errors
    /// The store can't be reached or fails. That a person isn't let in is no error: `Err` of the
    /// inner result.
    fn sign_in(
        &self,
        sign_in: SignIn,
    ) -> LocalBoxFuture<'_, Result<Result<Admitted, Denied>, StoreError>>;

    /// The user of an id.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    fn find<'a>(&'a self, id: &'a UserId) -> LocalBoxFuture<'a, Result<Option<User>, StoreError>>;

    /// What is kept of Microsoft's data about a user. The default keeps nothing.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    fn microsoft_user<'a>(
        &'a self,
        _id: &'a UserId,
    ) -> LocalBoxFuture<'a, Result<Option<MicrosoftUser>, StoreError>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Ends sessions, and returns how many there were. The default ends none: sessions may be
    /// kept where they can't be looked for.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    fn end_sessions(&self, _which: Sessions) -> LocalBoxFuture<'_, Result<usize, StoreError>> {
        Box::pin(std::future::ready(Ok(0)))
    }
}

/// Which sessions to end.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Sessions {
    /// All of a user, on all their devices.
    OfUser(UserId),
    /// Those that began with one session at Entra, named by the claim `sid`.
    OfEntraSession(String),
}

/// A user store failed.
#[derive(Debug, thiserror::Error)]
#[error("the user store can't be used")]
pub struct StoreError(#[source] Box<dyn Error + Send + Sync>);

impl StoreError {
    /// Wraps the cause. It goes to the log, so it must not hold secrets.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

#[cfg(feature = "_diesel")]
impl From<::diesel::result::Error> for StoreError {
    fn from(error: ::diesel::result::Error) -> Self {
        Self::new(error)
    }
}

#[cfg(feature = "_diesel")]
impl StoreError {
    /// Whether another transaction came between, so that trying once more may do.
    fn is_conflict(&self) -> bool {
        use ::diesel::result::{DatabaseErrorKind::*, Error::DatabaseError};
        matches!(
            self.0.downcast_ref(),
            Some(DatabaseError(UniqueViolation | SerializationFailure, _))
        )
    }
}
