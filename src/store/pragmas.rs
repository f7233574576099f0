//! Whether the connections of an application's own SQLite pool have what the library needs.

use diesel::{RunQueryDsl, dsl::sql, sql_types::Integer};

use super::pool::AnyPool;

impl AnyPool {
    /// What the connections of an application's own pool lack, and what happens without it.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "mysql")),
        expect(irrefutable_let_patterns, reason = "SQLite is the only database")
    )]
    pub(super) fn missing_pragmas(&self) -> Vec<(&'static str, &'static str)> {
        let Self::Sqlite(pool) = self else {
            return Vec::new();
        };
        // It doesn't wait: a pool that is busy already goes unchecked.
        let Some(mut conn) = pool.try_get() else {
            return Vec::new();
        };
        let mut is_missing = |value: &str| {
            let value = diesel::select(sql::<Integer>(value));
            value.get_result::<i32>(&mut *conn) == Ok(0)
        };
        let missing = PRAGMAS
            .into_iter()
            .filter(|(_, value, _)| is_missing(value));
        missing
            .map(|(pragma, _, consequence)| (pragma, consequence))
            .collect()
    }
}

/// Pragmas, the SQL of their value, and what happens without them.
const PRAGMAS: [(&str, &str, &str); 2] = [
    (
        "foreign_keys = ON",
        "(SELECT foreign_keys FROM pragma_foreign_keys)",
        "rows of deleted users stay",
    ),
    (
        "busy_timeout = 5000",
        "(SELECT timeout FROM pragma_busy_timeout)",
        "a sign-in fails if another connection writes at the same time",
    ),
];

#[cfg(test)]
mod tests {
    use diesel::{
        connection::SimpleConnection,
        r2d2::{ConnectionManager, CustomizeConnection, Error as PoolError, Pool},
    };

    use crate::store::pool::DatabasePool;

    #[derive(Debug)]
    struct Pragmas(&'static str);

    impl CustomizeConnection<diesel::SqliteConnection, PoolError> for Pragmas {
        fn on_acquire(&self, conn: &mut diesel::SqliteConnection) -> Result<(), PoolError> {
            conn.batch_execute(self.0).map_err(PoolError::QueryError)
        }
    }

    #[test]
    fn what_an_sqlite_pool_of_the_applications_own_lacks_is_named() {
        for (pragmas, missing) in [
            (
                "PRAGMA foreign_keys = OFF; PRAGMA busy_timeout = 9;",
                "foreign_keys = ON",
            ),
            (
                "PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 0;",
                "busy_timeout = 5000",
            ),
            ("PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 9;", ""),
        ] {
            let pool = Pool::builder()
                .max_size(1)
                .connection_customizer(Box::new(Pragmas(pragmas)));
            let pool = pool.build(ConnectionManager::new(":memory:")).unwrap();
            let found = DatabasePool::from(pool).0.missing_pragmas();
            let found: Vec<_> = found.iter().map(|(pragma, _)| *pragma).collect();
            assert_eq!(found.concat(), missing);
        }
    }
}
