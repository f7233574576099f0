//! What this process knows of the checks of sessions, so that a session that isn't due costs nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};

use crate::session::tokens::TokenId;

/// Most sessions that are remembered; of others the database is asked.
const CAPACITY: usize = 50_000;

/// The last check of a session.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(super) due_at: DateTime<Utc>,
    /// `None` if they are those of the sign-in.
    pub(crate) roles: Option<Arc<[String]>>,
    /// The first failure since the last check that succeeded.
    pub(super) failing_since: Option<DateTime<Utc>>,
}

#[derive(Debug, Default)]
pub(super) struct KnownChecks(Mutex<HashMap<TokenId, Known>>);

impl KnownChecks {
    pub(super) fn get(&self, id: TokenId) -> Option<Known> {
        self.lock().get(&id).cloned()
    }

    pub(super) fn insert(&self, id: TokenId, known: Known, now: DateTime<Utc>) {
        let mut checks = self.lock();
        if checks.len() >= CAPACITY && !checks.contains_key(&id) {
            checks.retain(|_, known| known.due_at > now);
            if checks.len() >= CAPACITY {
                checks.clear();
            }
        }
        checks.insert(id, known);
    }

    pub(super) fn remove(&self, id: TokenId) {
        self.lock().remove(&id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenId, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
