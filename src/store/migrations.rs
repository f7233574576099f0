//! The migrations, embedded.

use diesel::{
    migration::MigrationSource,
    sqlite::{Sqlite, SqliteConnection},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{StoreError, pool::Dialect};

#[cfg(feature = "sqlite")]
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

type Error = Box<dyn std::error::Error + Send + Sync>;

#[cfg(feature = "sqlite")]
pub(super) fn run_sqlite(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    // One transaction around all, so that of several processes that start at once the first
    // migrates and the others find it done.
    conn.write(|conn| {
        let run = conn.run_pending_migrations(SQLITE);
        run.map(drop).map_err(StoreError::new)
    })
}

/// Reverts our own migrations, newest first, and leaves the application's.
#[cfg(feature = "sqlite")]
pub(super) fn revert_sqlite(conn: &mut SqliteConnection) -> Result<(), Error> {
    let ours = MigrationSource::<Sqlite>::migrations(&SQLITE)?;
    let applied = conn.applied_migrations()?;
    let mut ours: Vec<_> = ours
        .into_iter()
        .filter(|migration| applied.contains(&migration.name().version().as_owned()))
        .collect();
    ours.sort_by_key(|migration| std::cmp::Reverse(migration.name().version().as_owned()));
    for migration in ours {
        conn.revert_migration(&*migration)?;
    }
    Ok(())
}
