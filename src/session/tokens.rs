//! What a session holds of tokens: the access token, if the application wants it there, and the name of
//! the row that has the refresh token. The refresh token itself is never in a session.

use actix_session::{Session, SessionInsertError};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::{Builder, Uuid};

use crate::{
    oidc::exchange::Tokens,
    util::{
        crypto::{CryptoError, random},
        secret::Secret,
    },
};

/// The session's key for the access token, with `save_access_token = true`.
pub const ACCESS_TOKEN_KEY: &str = "microsoft_sso_access_token";

/// The session's key for the time at which the access token ends: a `DateTime<Utc>`, as JSON in the form
/// of RFC 3339.
pub const ACCESS_TOKEN_EXPIRES_AT_KEY: &str = "microsoft_sso_access_token_expires_at";

/// The session's key for the [`TokenId`].
const TOKEN_ID_KEY: &str = "microsoft_sso_token_id";

/// Names the row of a session's refresh token: a UUID that begins with the time (RFC 9562, section 5.7).
/// It is no secret: the row is sealed.
pub(crate) type TokenId = Uuid;

pub(crate) fn new_id(now: DateTime<Utc>) -> Result<TokenId, CryptoError> {
    Ok(id_at(now.timestamp_millis(), &random()?))
}

/// What the ids of all rows that were made before that time are less than.
#[cfg(feature = "_diesel")]
pub(super) fn first_id(millis: i64) -> String {
    id_at(millis, &[0; 10]).to_string()
}

fn id_at(millis: i64, random: &[u8; 10]) -> Uuid {
    let millis = u64::try_from(millis).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, random).into_uuid()
}

/// An access token, and when it ends.
#[derive(Clone, Debug)]
pub(crate) struct LiveToken {
    pub(crate) secret: Secret,
    pub(crate) expires_at: DateTime<Utc>,
}

impl LiveToken {
    pub(crate) fn new(tokens: &Tokens, now: DateTime<Utc>) -> Self {
        let lifetime = TimeDelta::from_std(tokens.lifetime).unwrap_or_default();
        Self {
            secret: tokens.access_token.clone(),
            expires_at: now
                .checked_add_signed(lifetime)
                .unwrap_or(DateTime::<Utc>::MAX_UTC),
        }
    }
}

/// What the session of a sign-in gets of its tokens.
#[derive(Clone, Debug, Default)]
pub(crate) struct SessionTokens {
    /// With `save_access_token`.
    pub(crate) access_token: Option<LiveToken>,
    /// With `recheck`.
    pub(crate) id: Option<TokenId>,
}

impl SessionTokens {
    /// The values as the session keeps them: JSON.
    #[cfg(feature = "_diesel")]
    pub(super) fn entries(&self) -> Result<Vec<(&'static str, String)>, serde_json::Error> {
        let mut entries = Vec::new();
        if let Some(token) = &self.access_token {
            let secret = serde_json::to_string(token.secret.expose())?;
            let expires_at = serde_json::to_string(&token.expires_at)?;
            entries.push((ACCESS_TOKEN_KEY, secret));
            entries.push((ACCESS_TOKEN_EXPIRES_AT_KEY, expires_at));
        }
        if let Some(id) = self.id {
            entries.push((TOKEN_ID_KEY, serde_json::to_string(&id.to_string())?));
        }
        Ok(entries)
    }
}

/// The keys of what [`SessionTokens::entries`] makes.
#[cfg(feature = "_diesel")]
pub(super) const KEYS: [&str; 3] = [ACCESS_TOKEN_KEY, ACCESS_TOKEN_EXPIRES_AT_KEY, TOKEN_ID_KEY];

/// Keeps an access token in the session.
pub(crate) fn save_access_token(
    session: &Session,
    token: &LiveToken,
) -> Result<(), SessionInsertError> {
    session.insert(ACCESS_TOKEN_KEY, token.secret.expose())?;
    session.insert(ACCESS_TOKEN_EXPIRES_AT_KEY, token.expires_at)
}

pub(crate) fn remove_access_token(session: &Session) {
    session.remove(ACCESS_TOKEN_KEY);
    session.remove(ACCESS_TOKEN_EXPIRES_AT_KEY);
}

/// The access token in the session, if there is one that says when it ends.
#[cfg(feature = "_diesel")]
pub(crate) fn saved_access_token(session: &Session) -> Option<LiveToken> {
    let secret = session.get::<String>(ACCESS_TOKEN_KEY).ok().flatten()?;
    let expires_at = session.get(ACCESS_TOKEN_EXPIRES_AT_KEY).ok().flatten()?;
    Some(LiveToken {
        secret: Secret::new(secret),
        expires_at,
    })
}

pub(super) fn save_id(session: &Session, id: Option<TokenId>) -> Result<(), SessionInsertError> {
    match id {
        Some(id) => session.insert(TOKEN_ID_KEY, id.to_string()),
        None => {
            session.remove(TOKEN_ID_KEY);
            Ok(())
        }
    }
}

/// The row of the session's refresh token.
#[cfg(feature = "_diesel")]
pub(crate) fn token_id(session: &Session) -> Option<TokenId> {
    let entries = session.entries();
    // A JSON text without escapes is what stands in its quotation marks.
    TokenId::try_parse(entries.get(TOKEN_ID_KEY)?.trim_matches('"')).ok()
}

#[cfg(all(test, feature = "_diesel"))]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_of_time() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let [early, late] = [1, 2].map(|seconds| new_id(at(seconds)).unwrap().to_string());
        assert!(early < late);
        assert!(early < first_id(2000) && first_id(2000) <= late);
        assert_ne!(new_id(at(2)).unwrap().to_string(), late);
    }
}
