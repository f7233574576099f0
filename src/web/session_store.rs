//! The application's session store, with what the plugin adds to it: an ended session stays ended, and
//! the log gives the whole reason of a failure.

use std::collections::HashMap;

use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;

type State = HashMap<String, String>;

/// Wraps a session store.
#[doc(hidden)]
#[derive(Debug)]
pub struct GuardedStore<S> {
    store: S,
    update: Update,
}

/// How an update treats a session that has ended meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Update {
    /// The store leaves it ended.
    #[cfg(feature = "_diesel")]
    Plain,
    /// The store may bring it back, so look first.
    AfterLoad,
}

impl<S> GuardedStore<S> {
    pub(super) fn new(store: S, update: Update) -> Self {
        Self { store, update }
    }
}

/// The error and its sources as one text: actix shows the outermost alone.
fn whole(error: &anyhow::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}

impl<S: SessionStore> SessionStore for GuardedStore<S> {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        self.store.load(key).await.map_err(|error| match error {
            LoadError::Other(error) => LoadError::Other(whole(&error)),
            other => other,
        })
    }

    async fn save(&self, state: State, ttl: &Duration) -> Result<SessionKey, SaveError> {
        self.store
            .save(state, ttl)
            .await
            .map_err(|error| match error {
                SaveError::Other(error) => SaveError::Other(whole(&error)),
                other => other,
            })
    }

    /// A request that was under way when its session ended must not bring it back: the Redis store
    /// would save it under a new key.
    async fn update(
        &self,
        key: SessionKey,
        state: State,
        ttl: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        if self.update == Update::AfterLoad {
            match self.store.load(&key).await {
                Ok(None) => return Ok(key),
                Err(LoadError::Other(error)) => return Err(UpdateError::Other(whole(&error))),
                // What can't be read is replaced.
                Ok(Some(_)) | Err(_) => {}
            }
        }
        let updated = self.store.update(key, state, ttl).await;
        updated.map_err(|error| match error {
            UpdateError::Other(error) => UpdateError::Other(whole(&error)),
            other => other,
        })
    }

    async fn update_ttl(&self, key: &SessionKey, ttl: &Duration) -> Result<(), anyhow::Error> {
        let updated = self.store.update_ttl(key, ttl).await;
        updated.map_err(|error| whole(&error))
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let deleted = self.store.delete(key).await;
        deleted.map_err(|error| whole(&error))
    }
}
