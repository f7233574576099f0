//! A second connection to an SQLite file, which only reads, on the thread that asks.
//!
//! A short read of a page in memory costs less than to hand it to another thread. Whatever can't be
//! read at once is left to that other thread, which may wait.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use diesel::{
    Connection, QueryResult, RunQueryDsl, SqliteConnection, connection::SimpleConnection, dsl::sql,
    select, sql_types::Text,
};

/// A reader for one worker.
pub(crate) struct SqliteReader {
    path: Arc<str>,
    slot: Mutex<Slot>,
}

enum Slot {
    Unopened,
    Open(Box<SqliteConnection>),
    /// The file can't be read beside its writer.
    Unusable,
}

impl SqliteReader {
    /// A reader of a file; `None` where each connection has a database of its own.
    pub(super) fn new(path: &Arc<str>) -> Option<Self> {
        let is_file =
            !path.is_empty() && !path.contains(":memory:") && !path.contains("mode=memory");
        is_file.then(|| Self {
            path: Arc::clone(path),
            slot: Mutex::new(Slot::Unopened),
        })
    }

    /// Reads, without waiting for anything but the disk; `None` if that can't be done now.
    pub(crate) fn read<T>(
        &self,
        query: impl FnOnce(&mut SqliteConnection) -> QueryResult<T>,
    ) -> Option<T> {
        let mut slot = self.slot.try_lock().ok()?;
        if matches!(*slot, Slot::Unopened) {
            *slot = open(&self.path).map_or(Slot::Unusable, |conn| Slot::Open(Box::new(conn)));
        }
        let Slot::Open(conn) = &mut *slot else {
            return None;
        };
        let read = query(conn).ok();
        if read.is_none() {
            *slot = Slot::Unopened;
        }
        read
    }
}

/// Without the write-ahead log, a reader and the writer would exclude each other.
fn open(path: &str) -> Option<SqliteConnection> {
    let mut conn = SqliteConnection::establish(path).ok()?;
    let pragmas = "PRAGMA busy_timeout = 0; PRAGMA query_only = ON;";
    conn.batch_execute(pragmas).ok()?;
    let mode = select(sql::<Text>(
        "(SELECT journal_mode FROM pragma_journal_mode)",
    ));
    let mode: String = mode.get_result(&mut conn).ok()?;
    (mode == "wal").then_some(conn)
}

impl fmt::Debug for SqliteReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqliteReader").field(&self.path).finish()
    }
}
