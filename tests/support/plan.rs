//! How a database would carry a statement out.

use diesel::{Connection, QueryableByName, RunQueryDsl, sql_query};

pub(crate) struct Plan {
    pub(crate) looks_at_every_row: bool,
    pub(crate) text: String,
}

/// The rows of an EXPLAIN, of which each database has its own columns.
macro_rules! explain {
    ($connection:ty, $url:expr, $sql:expr, $column:literal) => {{
        #[derive(QueryableByName)]
        struct Line {
            #[diesel(sql_type = diesel::sql_types::Text)]
            #[diesel(column_name = $column)]
            line: String,
        }
        let mut conn = <$connection>::establish($url).unwrap();
        let lines = sql_query($sql).load::<Line>(&mut conn).unwrap();
        let lines: Vec<_> = lines.into_iter().map(|line| line.line).collect();
        lines.join("\n")
    }};
}

pub(crate) fn plan(url: &str, sql: &str) -> Plan {
    let (mark, text) = match url.split_once("://").unwrap() {
        #[cfg(feature = "postgres")]
        ("postgres", _) => {
            let sql = format!("EXPLAIN {sql}");
            let text = explain!(diesel::PgConnection, url, sql, "QUERY PLAN");
            ("Seq Scan", text)
        }
        #[cfg(feature = "mysql")]
        ("mysql", _) => {
            let sql = format!("EXPLAIN FORMAT=JSON {sql}");
            let text = explain!(diesel::MysqlConnection, url, sql, "EXPLAIN");
            ("\"access_type\": \"ALL\"", text)
        }
        (_, path) => {
            let sql = format!("EXPLAIN QUERY PLAN {sql}");
            let text = explain!(diesel::SqliteConnection, path, sql, "detail");
            ("SCAN ", text)
        }
    };
    Plan {
        looks_at_every_row: text.contains(mark),
        text,
    }
}
