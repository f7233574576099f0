//! Sessions in the database: they can be ended there, and the browser holds nothing of them but a
//! random key.

use std::{collections::HashMap, fmt, sync::Arc};

use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;
use diesel::prelude::*;

use super::{
    expiry,
    identity::{IDENTITY_KEY, Identity},
    key,
    written::{self, WrittenSession},
};
use crate::{
    store::{
        diesel::DieselStore,
        error::StoreError,
        pool::{AnyPool, on_backend},
        schema::microsoft_sso_sessions::{self as sessions, table},
        session_row::{SessionRow, SessionStatements},
    },
    util::{clock::Clock, crypto::Sealer},
};

type State = HashMap<String, String>;

/// A session store on a database, for
/// [`MicrosoftSso::sessions_in`](crate::MicrosoftSso::sessions_in) where the user store is your own.
///
/// The database holds the time and a hash of a session's key and the sealed state, so a copy of it signs
/// nobody in and shows no access token.
#[derive(Clone)]
pub struct DieselSessions {
    /// `None` where the application has no database for sessions.
    database: Option<DieselStore>,
    users: Users,
    sealer: Arc<Sealer>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for DieselSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DieselSessions")
            .field(&self.database)
            .finish()
    }
}

/// Whether sessions are of users in the table `users` of the same database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Users {
    /// A session ends with its row there.
    SameDatabase,
    Elsewhere,
}

impl DieselSessions {
    pub(crate) fn in_database(
        database: Option<&DieselStore>,
        users: Users,
        sealer: &Arc<Sealer>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        Self {
            database: database.cloned(),
            users,
            sealer: Arc::clone(sealer),
            clock: Arc::clone(clock),
        }
    }

    pub(crate) fn has_database(&self) -> bool {
        self.database.is_some()
    }

    async fn block<T: Send + 'static>(
        &self,
        work: impl FnOnce(&AnyPool) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &self.database {
            Some(database) => database.block(work).await,
            None => Err(StoreError::new("there is no database for sessions")),
        }
    }

    fn row(
        &self,
        key: &str,
        state: &State,
        identity: Option<&Identity>,
        ttl: &Duration,
    ) -> Result<SessionRow, StoreError> {
        let id = id(key)?;
        let plain = serde_json::to_vec(state).map_err(StoreError::new)?;
        let sealed = self
            .sealer
            .seal_bytes(&id, &plain)
            .map_err(StoreError::new)?;
        let followed = identity.filter(|_| self.users == Users::SameDatabase);
        let now = self.clock.now().timestamp();
        Ok(SessionRow {
            id,
            state: sealed,
            expires_at: now.saturating_add(ttl.whole_seconds()),
            user_id: identity.map(|identity| identity.user_id.to_string()),
            tenant_id: identity.map(|identity| identity.tenant_id.to_string()),
            sid: identity.and_then(|identity| identity.session_id.clone()),
            user_number: followed.and_then(|identity| identity.user_id.as_i64()),
            generation: followed.map(|identity| identity.generation),
        })
    }

    fn new_key(&self) -> Result<String, StoreError> {
        key::new(self.clock.now().timestamp_millis()).map_err(StoreError::new)
    }

    /// A new session, to be written with its sign-in.
    pub(super) fn draft(
        &self,
        database: &DieselStore,
        state: State,
        identity: &Identity,
        ttl: &Duration,
    ) -> Result<(SessionRow, WrittenSession), StoreError> {
        let key = self.new_key()?;
        let row = self.row(&key, &state, Some(identity), ttl)?;
        let session = WrittenSession {
            database: database.clone(),
            key,
            state,
        };
        Ok((row, session))
    }

    /// The database, where it holds the users, too.
    pub(crate) fn database_of_users(&self) -> Option<&DieselStore> {
        let database = self.database.as_ref();
        database.filter(|_| self.users == Users::SameDatabase)
    }

    async fn insert(&self, state: State, ttl: &Duration) -> Result<String, StoreError> {
        let key = self.new_key()?;
        let row = self.row(&key, &state, identity_in(&state).as_ref(), ttl)?;
        let inserted = self.block(move |pool| on_backend!(pool, |conn| conn.insert_session(&row)));
        match inserted.await {
            // Nobody else has the key: the connection was lost after the row was written.
            Err(error) if error.is_duplicate() => Ok(key),
            done => done.map(|_| key),
        }
    }

    async fn replace(&self, key: &str, state: &State, ttl: &Duration) -> Result<(), StoreError> {
        let row = self.row(key, state, identity_in(state).as_ref(), ttl)?;
        let work = move |pool: &AnyPool| {
            on_backend!(pool, |conn| diesel::update(table.find(&row.id))
                .set(&row)
                .execute(conn))
        };
        // A session that has been ended meanwhile stays ended.
        self.block(work).await.map(drop)
    }

    async fn fetch(&self, key: &str) -> Result<Option<State>, StoreError> {
        // A key of another store names no session here.
        let Some(id) = key::id(key) else {
            return Ok(None);
        };
        let Some(sealed) = self.read(&id).await? else {
            return Ok(None);
        };
        let state = self.sealer.open_bytes(&id, &sealed);
        let state = state.and_then(|plain| serde_json::from_slice(&plain).ok());
        if state.is_none() {
            tracing::warn!("a stored session can't be opened: was `secret_key` changed?");
        }
        Ok(state)
    }

    /// The sealed state of a session, in one statement.
    async fn read(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let now = self.clock.now().timestamp();
        let id = id.to_owned();
        self.block(move |pool| on_backend!(pool, |conn| conn.live_session(&id, now)))
            .await
    }
}

/// The id of a key that was checked by [`DieselSessions::load`].
fn id(key: &str) -> Result<String, StoreError> {
    key::id(key).ok_or_else(|| StoreError::new("the session's key is none of this store's"))
}

fn identity_in(state: &State) -> Option<Identity> {
    let identity = state.get(IDENTITY_KEY)?;
    serde_json::from_str(identity).ok()
}

impl SessionStore for DieselSessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let state = self.fetch(key.as_ref()).await;
        state.map_err(|error| LoadError::Other(error.into()))
    }

    async fn save(&self, state: State, ttl: &Duration) -> Result<SessionKey, SaveError> {
        let other = |error: StoreError| SaveError::Other(error.into());
        let written = self.database.as_ref().and_then(written::take);
        let key = match written {
            Some(written) => {
                // Something of the application added to the session meanwhile.
                if written.state != state {
                    let replaced = self.replace(&written.key, &state, ttl).await;
                    replaced.map_err(other)?;
                }
                written.key
            }
            None => self.insert(state, ttl).await.map_err(other)?,
        };
        if let Some(database) = &self.database {
            expiry::delete_if_due(database, self.clock.now(), ttl);
        }
        SessionKey::try_from(key).map_err(|error| other(StoreError::new(error)))
    }

    async fn update(
        &self,
        key: SessionKey,
        state: State,
        ttl: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        let replaced = self.replace(key.as_ref(), &state, ttl).await;
        replaced.map_err(|error| UpdateError::Other(error.into()))?;
        Ok(key)
    }

    async fn update_ttl(&self, key: &SessionKey, ttl: &Duration) -> Result<(), anyhow::Error> {
        let id = id(key.as_ref())?;
        let until = self
            .clock
            .now()
            .timestamp()
            .saturating_add(ttl.whole_seconds());
        let work = move |pool: &AnyPool| {
            on_backend!(pool, |conn| diesel::update(table.find(&id))
                .set(sessions::expires_at.eq(until))
                .execute(conn))
        };
        self.block(work).await?;
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let id = id(key.as_ref())?;
        let work = move |pool: &AnyPool| {
            on_backend!(pool, |conn| diesel::delete(table.find(&id)).execute(conn))
        };
        self.block(work).await?;
        Ok(())
    }
}
