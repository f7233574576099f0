//! A failure of a user store: where, why, and what to do.

use std::{error::Error, fmt};

#[cfg(feature = "_diesel")]
use super::place::Place;
use crate::util::log::readable_debug;

/// A user store is unavailable or failed.
///
/// `Display` names the database and the next step, and `Debug` adds the causes, because a `main` that
/// returns the error prints that. Neither holds a password.
pub struct StoreError {
    cause: Box<dyn Error + Send + Sync>,
    #[cfg(feature = "_diesel")]
    place: Option<Place>,
    hint: Option<&'static str>,
    /// Whether it failed in a transaction, which may have been committed all the same.
    #[cfg(feature = "_diesel")]
    may_be_committed: bool,
}

impl StoreError {
    /// Wraps the cause. It is logged, so it must not hold secrets.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            cause: cause.into(),
            #[cfg(feature = "_diesel")]
            place: None,
            hint: None,
            #[cfg(feature = "_diesel")]
            may_be_committed: false,
        }
    }
}

/// What MySQL, MariaDB and their libraries say of a connection that is gone (errors 2006, 2013, 1053, 1927
/// and 4031).
#[cfg(feature = "_diesel")]
const LOST: [&str; 5] = [
    "erver has gone away",
    "erver shutdown in progress",
    "Lost connection to",
    "Connection was killed",
    "disconnected by the server because of inactivity",
];

/// What MySQL and MariaDB say of a write to a server that takes none (error 1290).
#[cfg(feature = "_diesel")]
const READ_ONLY: &str = "--read-only option";

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.cause)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the user store failed")?;
        #[cfg(feature = "_diesel")]
        if let Some(place) = &self.place {
            write!(f, ", {place}")?;
        }
        self.hint.map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

readable_debug!(StoreError);

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
            self.cause.downcast_ref(),
            Some(DatabaseError(UniqueViolation | SerializationFailure, _))
        )
    }

    /// Whether nothing was done and another connection may serve: this one was lost, or its server
    /// takes no writes any more.
    pub(super) fn needs_another_connection(&self) -> bool {
        use diesel::result::{DatabaseErrorKind::*, Error::DatabaseError};
        match self.cause.downcast_ref() {
            // A connection that was found lost before, and couldn't be replaced then.
            Some(DatabaseError(ReadOnlyTransaction | UnableToSendCommand, _)) => true,
            Some(DatabaseError(ClosedConnection, _)) => !self.may_be_committed,
            // Of MySQL, diesel passes on texts alone.
            Some(DatabaseError(Unknown, what)) => {
                let says = |text: &&str| what.message().contains(*text);
                says(&READ_ONLY) || (LOST.iter().any(says) && !self.may_be_committed)
            }
            _ => false,
        }
    }

    /// Whether a row with the same key is there already.
    pub(crate) fn is_duplicate(&self) -> bool {
        use diesel::result::{DatabaseErrorKind::UniqueViolation, Error::DatabaseError};
        matches!(
            self.cause.downcast_ref(),
            Some(DatabaseError(UniqueViolation, _))
        )
    }

    /// Of a transaction that had begun.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) fn in_transaction(mut self) -> Self {
        self.may_be_committed = true;
        self
    }

    /// Names the database, and the next step where the cause tells it.
    pub(super) fn at(mut self, place: &Place) -> Self {
        self.hint = self.hint.or_else(|| self.next_step(place));
        self.place = Some(place.clone());
        self
    }

    pub(super) fn with_hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Whether the database says that what is to be made is there already.
    pub(super) fn is_already_there(&self) -> bool {
        let text = self.cause.to_string();
        text.contains("already exists") || text.contains("Duplicate column name")
    }

    /// The databases' drivers give texts and no codes.
    fn next_step(&self, place: &Place) -> Option<&'static str> {
        let text = self.cause.to_string();
        let says = |part: &str| text.contains(part);
        let is_missing = says("no such table")
            || says("no such column")
            || says("has no column named")
            || says("doesn't exist")
            || says("Unknown column")
            || ((says("relation \"") || says("column \"") || says("column "))
                && says("does not exist"));
        if is_missing {
            return Some(
                "a table or column is missing: call `migrate()` at start, with the library's present version",
            );
        }
        if says("prepared statement") {
            return Some(
                "a pooler in front of the database gives each transaction another connection: let it pool sessions, or keep prepared statements",
            );
        }
        if says("does not exist") || says("Unknown database") {
            return Some("create the database and its user, then call `migrate()`");
        }
        if says("readonly database") {
            return Some("let this process write to the database");
        }
        if says("read-only") {
            return Some("the server takes no writes: has it failed over, or is it a replica?");
        }
        if says("database or disk is full") {
            return Some("make room on the disk");
        }
        if self.cause.is::<diesel::ConnectionError>() {
            return Some(place.connect_hint());
        }
        let error = self.cause.downcast_ref::<diesel::r2d2::PoolError>()?;
        if !error.to_string().contains(": ") {
            return Some("all connections were busy: look for slow queries, or raise pool_size");
        }
        Some(place.connect_hint())
    }
}
