//! The token response (RFC 6749, section 5.1), as far as it is read. The access token has to be there; what else there is
//! may have any type.

use std::time::Duration;

use openidconnect::{
    AccessToken, EmptyAdditionalClaims, OAuth2TokenResponse, RefreshToken, Scope, TokenResponse,
    core::{
        CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreTokenType,
    },
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::id_token::{CheckedIdToken, RawIdToken};
use crate::util::lenient;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TokenDocument {
    pub(super) access_token: AccessToken,
    #[serde(default)]
    pub(super) id_token: Option<RawIdToken>,
    #[serde(default, deserialize_with = "refresh_token")]
    pub(super) refresh_token: Option<RefreshToken>,
    /// In seconds.
    #[serde(default, deserialize_with = "seconds")]
    pub(super) expires_in: Option<u64>,
}

fn refresh_token<'de, D: Deserializer<'de>>(from: D) -> Result<Option<RefreshToken>, D::Error> {
    let token = lenient::text(from)?.filter(|token| !token.is_empty());
    Ok(token.map(RefreshToken::new))
}

/// A number; older endpoints of Entra write it as text.
fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    })
}

impl OAuth2TokenResponse for TokenDocument {
    type TokenType = CoreTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &CoreTokenType {
        &CoreTokenType::Bearer
    }

    fn expires_in(&self) -> Option<Duration> {
        None
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        None
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

impl
    TokenResponse<
        EmptyAdditionalClaims,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    > for TokenDocument
{
    /// It isn't parsed here: [`Unverified::read`](super::id_token::Unverified::read) does, and names
    /// what is wrong.
    fn id_token(&self) -> Option<&CheckedIdToken> {
        None
    }
}
