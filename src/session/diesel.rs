//! Sessions in the database: they can be ended there, and the browser holds nothing of them but a
//! random key.

use std::{collections::HashMap, fmt, sync::Arc};

use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use diesel::{OptionalExtension, prelude::*};
use ring::digest::{SHA256, digest};

use super::{
    expiry,
    identity::{IDENTITY_KEY, Identity},
};
use crate::{
    store::{
        diesel::DieselStore,
        error::StoreError,
        pool::{AnyPool, on_backend},
        schema::{
            microsoft_sso_sessions::{self as sessions, table},
            users,
        },
    },
    util::{
        clock::Clock,
        crypto::{Sealer, hex, random},
    },
};

type State = HashMap<String, String>;

/// A session store on a database, for
/// [`MicrosoftSso::sessions_in`](crate::MicrosoftSso::sessions_in) where the user store is your own.
///
/// The database holds the SHA-256 of a session's key and the sealed state, so a copy of it signs
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

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = sessions)]
#[diesel(treat_none_as_null = true)]
struct Row {
    id: String,
    state: Vec<u8>,
    user_id: Option<String>,
    tenant_id: Option<String>,
    sid: Option<String>,
    expires_at: i64,
    user_number: Option<i64>,
    generation: Option<i64>,
}

/// Whether sessions are of users in the table `users` of the same database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Users {
    /// A session ends with its row there.
    SameDatabase,
    Elsewhere,
}

/// The id of a session in the table: the database never sees the key itself.
fn id(key: &str) -> String {
    hex(digest(&SHA256, key.as_bytes()).as_ref())
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

    fn row(&self, key: &str, state: &State, ttl: &Duration) -> Result<Row, StoreError> {
        let id = id(key);
        let plain = serde_json::to_vec(state).map_err(StoreError::new)?;
        let sealed = self
            .sealer
            .seal_bytes(&id, &plain)
            .map_err(StoreError::new)?;
        let identity = state.get(IDENTITY_KEY);
        let identity = identity.and_then(|text| serde_json::from_str::<Identity>(text).ok());
        let identity = identity.as_ref();
        let followed = identity.filter(|_| self.users == Users::SameDatabase);
        let now = self.clock.now().timestamp();
        Ok(Row {
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

    async fn insert(&self, state: State, ttl: &Duration) -> Result<SessionKey, StoreError> {
        let key = URL_SAFE_NO_PAD.encode(random::<32>().map_err(StoreError::new)?);
        let row = self.row(&key, &state, ttl)?;
        self.block(move |pool| {
            on_backend!(pool, |conn| diesel::insert_into(table)
                .values(&row)
                .execute(conn))
        })
        .await?;
        if let Some(database) = &self.database {
            expiry::delete_if_due(database, self.clock.now().timestamp());
        }
        SessionKey::try_from(key).map_err(StoreError::new)
    }

    async fn fetch(&self, key: &str) -> Result<Option<State>, StoreError> {
        let id = id(key);
        let now = self.clock.now().timestamp();
        let wanted = id.clone();
        let work = move |pool: &AnyPool| {
            // One statement: the session, if its user is there, active, and of its generation.
            let generation = users::session_generation.nullable();
            let is_current = sessions::user_number.is_null().or(users::is_active
                .nullable()
                .eq(true)
                .and(generation.eq(sessions::generation)));
            on_backend!(pool, |conn| table
                .left_join(users::table)
                .filter(sessions::id.eq(&wanted))
                .filter(sessions::expires_at.gt(now))
                .filter(is_current)
                .select(sessions::state)
                .first::<Vec<u8>>(conn)
                .optional())
        };
        let Some(sealed) = self.block(work).await? else {
            return Ok(None);
        };
        let state = self.sealer.open_bytes(&id, &sealed);
        let state = state.and_then(|plain| serde_json::from_slice(&plain).ok());
        if state.is_none() {
            tracing::warn!("a stored session can't be opened: was `secret_key` changed?");
        }
        Ok(state)
    }
}

impl SessionStore for DieselSessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let state = self.fetch(key.as_ref()).await;
        state.map_err(|error| LoadError::Other(error.into()))
    }

    async fn save(&self, state: State, ttl: &Duration) -> Result<SessionKey, SaveError> {
        let key = self.insert(state, ttl).await;
        key.map_err(|error| SaveError::Other(error.into()))
    }

    async fn update(
        &self,
        key: SessionKey,
        state: State,
        ttl: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        let other = |error: StoreError| UpdateError::Other(error.into());
        let row = self.row(key.as_ref(), &state, ttl).map_err(other)?;
        let work = move |pool: &AnyPool| {
            on_backend!(pool, |conn| diesel::update(table.find(row.id.clone()))
                .set(&row)
                .execute(conn))
        };
        // A session that has been ended meanwhile stays ended.
        self.block(work).await.map_err(other)?;
        Ok(key)
    }

    async fn update_ttl(&self, key: &SessionKey, ttl: &Duration) -> Result<(), anyhow::Error> {
        let id = id(key.as_ref());
        let until = self
            .clock
            .now()
            .timestamp()
            .saturating_add(ttl.whole_seconds());
        let work = move |pool: &AnyPool| {
            on_backend!(pool, |conn| diesel::update(table.find(id))
                .set(sessions::expires_at.eq(until))
                .execute(conn))
        };
        self.block(work).await?;
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let id = id(key.as_ref());
        let work = move |pool: &AnyPool| {
            on_backend!(pool, |conn| diesel::delete(table.find(id)).execute(conn))
        };
        self.block(work).await?;
        Ok(())
    }
}
