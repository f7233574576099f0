//! The refresh tokens of sessions, sealed, in the database: wherever the sessions themselves are kept.

use std::{fmt, sync::Arc};

use actix_web::cookie::time::Duration;
use chrono::{DateTime, Utc};

use super::{expiry, identity::Identity, tokens::TokenId};
use crate::{
    account::user::UserId,
    store::{
        diesel::DieselStore,
        error::StoreError,
        pool::on_backend,
        token_row::{TokenRow, TokenStatements, TokenUpdate},
    },
    util::{clock::Clock, crypto::Sealer, secret::Secret},
};

/// The refresh tokens of one database.
pub(crate) struct TokenStore {
    database: DieselStore,
    sealer: Arc<Sealer>,
    clock: Arc<dyn Clock>,
    session_age: Duration,
}

impl fmt::Debug for TokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenStore").field(&self.database).finish()
    }
}

/// What a check of a session leaves for the next one.
pub(crate) struct Checked {
    /// The newest refresh token: the one before stays valid at Entra, and is forgotten here.
    pub(crate) refresh_token: Secret,
    /// `None` if they are those of the sign-in.
    pub(crate) roles: Option<Vec<String>>,
    pub(crate) due_at: DateTime<Utc>,
    pub(crate) failing_since: Option<DateTime<Utc>>,
}

/// Binds a sealed token to its row.
fn purpose(id: &str) -> String {
    format!("refresh token {id}")
}

impl TokenStore {
    pub(crate) fn new(
        database: DieselStore,
        sealer: Arc<Sealer>,
        clock: Arc<dyn Clock>,
        session_age: Duration,
    ) -> Self {
        Self {
            database,
            sealer,
            clock,
            session_age,
        }
    }

    fn seal(&self, id: &str, token: &Secret) -> Result<Vec<u8>, StoreError> {
        let sealed = self
            .sealer
            .seal_bytes(&purpose(id), token.expose().as_bytes());
        sealed.map_err(StoreError::new)
    }

    /// The refresh token of a row; `None` if `secret_key` is another.
    pub(crate) fn open(&self, row: &TokenRow) -> Option<Secret> {
        let plain = self
            .sealer
            .open_bytes(&purpose(&row.id), &row.refresh_token)?;
        String::from_utf8(plain).ok().map(Secret::new)
    }

    /// Keeps the refresh token of a session that begins.
    pub(crate) async fn insert(
        &self,
        id: TokenId,
        identity: &Identity,
        refresh_token: &Secret,
        due_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let id = id.to_string();
        let row = TokenRow {
            refresh_token: self.seal(&id, refresh_token)?,
            id,
            user_id: identity.user_id.to_string(),
            sid: identity.session_id.clone(),
            roles: None,
            due_at: due_at.timestamp(),
            failing_since: None,
            leased_until: 0,
            expires_at: identity.expires_at.timestamp(),
        };
        let inserted = self
            .database
            .block(move |pool| on_backend!(pool, |conn| conn.insert_token(&row)));
        match inserted.await {
            // Nobody else has the id: the connection was lost after the row was written.
            Err(error) if !error.is_duplicate() => return Err(error),
            _ => {}
        }
        expiry::delete_if_due(&self.database, self.clock.now(), &self.session_age);
        Ok(())
    }

    pub(crate) async fn find(&self, id: TokenId) -> Result<Option<TokenRow>, StoreError> {
        let id = id.to_string();
        let row = self
            .database
            .block(move |pool| on_backend!(pool, |conn| conn.token(&id)));
        row.await
    }

    /// Whether the caller, and nobody else, is to check the session until then.
    pub(crate) async fn lease(
        &self,
        row: &TokenRow,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (row, until) = (row.clone(), until.timestamp());
        let leased = self
            .database
            .block(move |pool| on_backend!(pool, |conn| conn.lease_token(&row, until)));
        leased.await
    }

    /// Writes what a check found, and gives the lease back. Whether the session is still there.
    pub(crate) async fn update(&self, id: TokenId, checked: &Checked) -> Result<bool, StoreError> {
        let id = id.to_string();
        let roles = checked
            .roles
            .as_ref()
            .map(serde_json::to_string)
            .transpose();
        let update = TokenUpdate {
            refresh_token: self.seal(&id, &checked.refresh_token)?,
            roles: roles.map_err(StoreError::new)?,
            due_at: checked.due_at.timestamp(),
            failing_since: checked.failing_since.map(|since| since.timestamp()),
            leased_until: 0,
        };
        let updated = self
            .database
            .block(move |pool| on_backend!(pool, |conn| conn.update_token(&id, &update)));
        updated.await
    }

    /// Keeps a newer refresh token of a session. Whether the session is still there.
    pub(crate) async fn replace(&self, id: TokenId, newest: &Secret) -> Result<bool, StoreError> {
        let id = id.to_string();
        let sealed = self.seal(&id, newest)?;
        let replaced = self
            .database
            .block(move |pool| on_backend!(pool, |conn| conn.replace_refresh_token(&id, &sealed)));
        replaced.await
    }

    pub(crate) async fn delete(&self, id: TokenId) -> Result<(), StoreError> {
        let id = id.to_string();
        let deleted = self
            .database
            .block(move |pool| on_backend!(pool, |conn| conn.delete_token(&id)));
        deleted.await
    }

    /// Ends the sessions that have a refresh token here and began with one at Entra; returns how many.
    pub(crate) async fn delete_of_entra(&self, sid: &str) -> Result<usize, StoreError> {
        let sid = sid.to_owned();
        let deleted = self
            .database
            .block(move |pool| on_backend!(pool, |conn| conn.delete_tokens_of_entra(&sid)));
        deleted.await
    }

    /// Ends all sessions of a user that have a refresh token here; returns how many.
    pub(crate) async fn delete_of_user(&self, user: &UserId) -> Result<usize, StoreError> {
        let user = user.to_string();
        let deleted = self
            .database
            .block(move |pool| on_backend!(pool, |conn| conn.delete_tokens_of_user(&user)));
        deleted.await
    }
}
