//! The token response (RFC 6749, section 5.1), as far as it is read: two tokens. What else it holds
//! decides nothing, so it may have any type.

use std::time::Duration;

use openidconnect::{
    AccessToken, EmptyAdditionalClaims, OAuth2TokenResponse, RefreshToken, Scope, TokenResponse,
    core::{
        CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreTokenType,
    },
};
use serde::{Deserialize, Serialize};

use super::id_token::{CheckedIdToken, RawIdToken};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TokenDocument {
    pub(super) access_token: AccessToken,
    #[serde(default)]
    pub(super) id_token: Option<RawIdToken>,
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
