//! The differences between databases.

#[cfg(any(feature = "postgres", feature = "mysql"))]
use std::cell::Cell;

use diesel::connection::Connection;

use super::error::StoreError;

/// The differences between databases.
pub(crate) trait Dialect: Connection {
    /// Compares `users.username` with a text, put between both, as the unique index compares them.
    const SAME_USERNAME: (&'static str, &'static str);
    /// Finds by an index the rows whose `users.email` equals a text without regard to ASCII case,
    /// and perhaps others.
    const SAME_EMAIL: (&'static str, &'static str);
    /// Whether a statement costs no round trip, so that one transaction is best.
    const IS_IN_PROCESS: bool;

    /// A transaction that is going to write.
    fn write<T>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError>;

    /// Waits until no other transaction creates users, and keeps others from it.
    fn lock_creation(&mut self) -> Result<(), StoreError>;
}

#[cfg(feature = "sqlite")]
impl Dialect for diesel::SqliteConnection {
    // The columns are declared with the collation NOCASE, which knows ASCII alone.
    const SAME_USERNAME: (&'static str, &'static str) = ("username = ", "");
    const SAME_EMAIL: (&'static str, &'static str) = ("email = ", "");
    const IS_IN_PROCESS: bool = true;

    fn write<T>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // A deferred transaction fails with SQLITE_BUSY when its first write meets another writer,
        // whatever the timeout.
        self.immediate_transaction(body)
    }

    /// SQLite has one writer at a time: the caller, since [`Dialect::write`].
    fn lock_creation(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[cfg(feature = "postgres")]
impl Dialect for diesel::PgConnection {
    // The indexes are on these expressions.
    const SAME_USERNAME: (&'static str, &'static str) = ("lower(username) = lower(", ")");
    // The collation C knows the letters of ASCII alone, in whatever locale the database is.
    const SAME_EMAIL: (&'static str, &'static str) =
        ("lower(email COLLATE \"C\") = lower(", " COLLATE \"C\")");
    const IS_IN_PROCESS: bool = false;

    fn write<T>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        in_transaction(|begun| {
            self.transaction(|conn| {
                begun.set(true);
                body(conn)
            })
        })
    }

    /// This lock mode conflicts with itself and with writers, but not with readers.
    fn lock_creation(&mut self) -> Result<(), StoreError> {
        use diesel::RunQueryDsl;
        diesel::sql_query("LOCK TABLE microsoft_sso_identities IN SHARE ROW EXCLUSIVE MODE")
            .execute(self)?;
        Ok(())
    }
}

#[cfg(feature = "mysql")]
impl Dialect for diesel::MysqlConnection {
    // The columns' collation disregards letter case and accents.
    const SAME_USERNAME: (&'static str, &'static str) = ("username = ", "");
    const SAME_EMAIL: (&'static str, &'static str) = ("email = ", "");
    const IS_IN_PROCESS: bool = false;

    fn write<T>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        in_transaction(|begun| {
            self.transaction(|conn| {
                begun.set(true);
                body(conn)
            })
        })
    }

    /// It comes first in its transaction: the snapshot is taken after it, and shows what the
    /// transaction before wrote.
    fn lock_creation(&mut self) -> Result<(), StoreError> {
        use diesel::RunQueryDsl;
        diesel::sql_query("SELECT id FROM microsoft_sso_creation WHERE id = 1 FOR UPDATE")
            .execute(self)?;
        Ok(())
    }
}

/// Marks an error of a transaction that had begun.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn in_transaction<T>(
    transaction: impl FnOnce(&Cell<bool>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let begun = Cell::new(false);
    transaction(&begun).map_err(|error| match begun.get() {
        true => error.in_transaction(),
        false => error,
    })
}
