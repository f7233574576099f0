//! Why an ID token is refused.

use openidconnect::{ClaimsVerificationError, SignatureVerificationError};
use uuid::Uuid;

use super::metadata::MetadataError;
use crate::util::log::printable;

/// Why an ID token is refused. The details name claims, never the token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TokenError {
    #[error("it is no signed JWT")]
    Malformed,
    #[error("its `alg` is `{0}`; only RS256 is accepted")]
    Algorithm(String),
    #[error("its `tid` is missing, not a GUID, or of another tenant than the issuer")]
    Tenant,
    #[error("its tenant {0} is not in the setting `tenants`")]
    TenantNotAllowed(Uuid),
    #[error("no key of Entra verifies it: {0}")]
    Signature(String),
    #[error(
        "no key of {keys_url} that may sign for its issuer has its `kid`, `{kid}`, though the keys of the application were asked for (?appid={application_id}); if the app registration has a claims mapping policy or a signing key of its own, is that key still valid (Microsoft identity platform, \"Access tokens\")?"
    )]
    UnknownKey {
        kid: String,
        keys_url: String,
        application_id: String,
    },
    #[error("its `iss` is wrong: {0}")]
    Issuer(String),
    #[error("its `aud` is wrong: {0}")]
    Audience(String),
    #[error("its `azp` is another client")]
    AuthorizedParty,
    #[error("its `nonce` is wrong: {0}")]
    Nonce(String),
    #[error(
        "it is not valid at this time, by its `{claim}`: {why}; is this machine's clock right?"
    )]
    Time { claim: &'static str, why: String },
    #[error("its `{0}` is missing, repeated, or of a wrong type")]
    Claim(&'static str),
    #[error(
        "it is an access token of version {0}; set `requestedAccessTokenVersion` (`accessTokenAcceptedVersion` in older manifests) of the app registration to 2"
    )]
    Version(String),
    #[error("it is an ID token, or none for an API: its `{0}` is missing or wrong")]
    NoAccessToken(&'static str),
    #[error("its `at_hash` doesn't match the access token")]
    AtHash,
    #[error("it is refused: {0}")]
    Other(String),
    #[error("Entra's keys are not available")]
    Keys(#[source] MetadataError),
}

impl From<ClaimsVerificationError> for TokenError {
    fn from(error: ClaimsVerificationError) -> Self {
        match error {
            // `iat` is checked before it gets here.
            ClaimsVerificationError::Expired(why) => Self::Time {
                claim: "exp",
                why: printable(&why),
            },
            ClaimsVerificationError::InvalidAudience(why) => Self::Audience(printable(&why)),
            ClaimsVerificationError::InvalidIssuer(why) => Self::Issuer(printable(&why)),
            ClaimsVerificationError::InvalidNonce(why) => Self::Nonce(why),
            ClaimsVerificationError::SignatureVerification(why) => why.into(),
            other => Self::Other(printable(&other.to_string())),
        }
    }
}

impl From<SignatureVerificationError> for TokenError {
    fn from(error: SignatureVerificationError) -> Self {
        Self::Signature(printable(&error.to_string()))
    }
}
