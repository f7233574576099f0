//! The migrations, embedded: run by several nodes at once if need be, and reverted without
//! touching the application's own.

use diesel::{
    Connection,
    backend::Backend,
    migration::{Migration, MigrationSource, MigrationVersion},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{dialect::Dialect, error::StoreError};

/// A database with migrations of ours.
pub(super) trait Migrate: Dialect + MigrationHarness<Self::Backend> {
    const MIGRATIONS: EmbeddedMigrations;

    /// How many are pending.
    fn pending(&mut self) -> Result<usize, StoreError>
    where
        EmbeddedMigrations: MigrationSource<Self::Backend>,
    {
        let pending = self.pending_migrations(Self::MIGRATIONS);
        pending
            .map(|pending| pending.len())
            .map_err(StoreError::new)
    }

    /// Runs what is pending, while no other process does.
    fn migrate(&mut self) -> Result<(), StoreError>;
}

fn run<C: Migrate>(conn: &mut C) -> Result<(), StoreError>
where
    EmbeddedMigrations: MigrationSource<C::Backend>,
{
    let run = conn.run_pending_migrations(C::MIGRATIONS);
    run.map(drop).map_err(StoreError::new)
}

#[cfg(feature = "sqlite")]
impl Migrate for diesel::SqliteConnection {
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

    /// One transaction around all: the others wait for it.
    fn migrate(&mut self) -> Result<(), StoreError> {
        self.write(run)
    }
}

/// Names the lock that nodes take while they migrate: "msso" in ASCII.
#[cfg(any(feature = "postgres", feature = "mysql"))]
const LOCK: u32 = 0x6d73_736f;

#[cfg(feature = "postgres")]
impl Migrate for diesel::PgConnection {
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

    fn migrate(&mut self) -> Result<(), StoreError> {
        use diesel::RunQueryDsl;
        self.write(|conn| {
            diesel::sql_query(format!("SELECT pg_advisory_xact_lock({LOCK})")).execute(conn)?;
            run(conn)
        })
    }
}

#[cfg(feature = "mysql")]
impl Migrate for diesel::MysqlConnection {
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/mysql");

    /// Its transactions end with each `CREATE TABLE`, so the lock is the session's.
    fn migrate(&mut self) -> Result<(), StoreError> {
        use diesel::RunQueryDsl;
        // The name of the lock holds for the whole server, so the database's name is part of it.
        let name = format!("CONCAT('{LOCK}_', LEFT(MD5(DATABASE()), 16))");
        diesel::sql_query(format!("SELECT GET_LOCK({name}, 60)")).execute(self)?;
        let ran = run(self);
        diesel::sql_query(format!("SELECT RELEASE_LOCK({name})")).execute(self)?;
        ran
    }
}

/// Says what is there already, where that made a migration fail.
pub(super) fn explain<C: Connection>(conn: &mut C, error: StoreError) -> StoreError {
    let ours = "SELECT id, username, email, first_name, last_name, password, is_active, is_staff, \
                is_superuser, date_joined, last_login FROM users WHERE 1 = 0";
    let is_ours = conn.batch_execute(ours).is_ok();
    if is_ours && !error.is_already_there() {
        return error;
    }
    // MySQL's migration leaves a table that is there alone, and fails at the next one.
    if !is_ours
        && conn
            .batch_execute("SELECT 1 FROM users WHERE 1 = 0")
            .is_err()
    {
        return error;
    }
    error.with_hint(if is_ours {
        "this library's tables are there, and the table `__diesel_schema_migrations` doesn't say so: a migration stopped half-way, or a backup was restored without that table"
    } else {
        "a table `users` of somebody else is there: give this library a database of its own (PostgreSQL: a schema), or keep your table and implement `UserStore`, as docs/databases.md shows"
    })
}

/// Reverts our own migrations, newest first, and leaves the application's.
pub(super) fn revert<C: Migrate>(conn: &mut C) -> Result<(), StoreError>
where
    EmbeddedMigrations: MigrationSource<C::Backend>,
{
    let mut applied = ours_applied(conn).map_err(StoreError::new)?;
    applied.sort_by_key(|migration| std::cmp::Reverse(version(&**migration)));
    for migration in applied {
        conn.revert_migration(&*migration)
            .map_err(StoreError::new)?;
    }
    Ok(())
}

type Applied<DB> = Vec<Box<dyn Migration<DB>>>;

fn ours_applied<C: Migrate>(
    conn: &mut C,
) -> Result<Applied<C::Backend>, Box<dyn std::error::Error + Send + Sync>>
where
    EmbeddedMigrations: MigrationSource<C::Backend>,
{
    let ours = MigrationSource::<C::Backend>::migrations(&C::MIGRATIONS)?;
    let applied = conn.applied_migrations()?;
    Ok(ours
        .into_iter()
        .filter(|migration| applied.contains(&version(&**migration)))
        .collect())
}

fn version<DB: Backend>(migration: &dyn Migration<DB>) -> MigrationVersion<'static> {
    migration.name().version().as_owned()
}
