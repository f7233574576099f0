//! A session that was written with its sign-in, until the session middleware saves it.
//!
//! The middleware hands a session to its store when the response is made, and the store knows nothing
//! of the request. So what is written already waits beside the request's future.

use std::{cell::Cell, collections::HashMap, future::Future};

use tokio::{task::futures::TaskLocalFuture, task_local};

use crate::store::diesel::DieselStore;

/// A session in the database, by its key.
pub(crate) struct WrittenSession {
    pub(super) database: DieselStore,
    pub(super) key: String,
    pub(super) state: HashMap<String, String>,
}

impl std::fmt::Debug for WrittenSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WrittenSession")
    }
}

task_local! {
    static WRITTEN: Cell<Option<WrittenSession>>;
}

/// The future of a request, with a place for its session.
pub(crate) fn with_place<F: Future>(
    request: F,
) -> TaskLocalFuture<Cell<Option<WrittenSession>>, F> {
    WRITTEN.scope(Cell::new(None), request)
}

/// Leaves the session of a sign-in for [`take`].
pub(crate) fn leave(session: WrittenSession) {
    // Without a place it is never used, and expires.
    WRITTEN.try_with(|place| place.set(Some(session))).ok();
}

/// The session that the request's sign-in wrote to this database.
pub(super) fn take(database: &DieselStore) -> Option<WrittenSession> {
    let session = WRITTEN.try_with(Cell::take).ok().flatten()?;
    if session.database.is_same(database) {
        return Some(session);
    }
    leave(session);
    None
}
