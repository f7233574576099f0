//! A failure of a user store.

use std::error::Error;

/// A user store is unavailable or failed.
#[derive(Debug, thiserror::Error)]
#[error("the user store failed")]
pub struct StoreError(#[source] Box<dyn Error + Send + Sync>);

impl StoreError {
    /// Wraps the cause. It is logged, so it must not hold secrets.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

#[cfg(feature = "_diesel")]
impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        Self::new(error)
    }
}

#[cfg(feature = "_diesel")]
impl StoreError {
    /// Whether a concurrent transaction caused it, so that a second try may succeed.
    pub(super) fn is_conflict(&self) -> bool {
        use diesel::result::{DatabaseErrorKind::*, Error::DatabaseError};
        matches!(
            self.0.downcast_ref(),
            Some(DatabaseError(UniqueViolation | SerializationFailure, _))
        )
    }
}
