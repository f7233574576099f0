//! Why the application can't prove that it is itself.

use crate::{
    http_client::response::{HttpError, Source},
    util::crypto::CryptoError,
};

/// Why a token request can't be authenticated.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CredentialError {
    #[error("no credential is set")]
    None,
    #[error("the file {file} of the setting `{setting}` can't be used: {problem}")]
    File {
        setting: &'static str,
        file: String,
        problem: String,
    },
    #[error("the managed identity's endpoint gave no answer")]
    IdentityUnreachable(#[source] HttpError),
    #[error("the managed identity gave no token: {endpoint}{detail}")]
    IdentityRefused { endpoint: Source, detail: String },
    #[error("{0}")]
    IdentityUnsupported(&'static str),
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl CredentialError {
    /// Whether a second try may succeed.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::IdentityUnreachable(_) => true,
            // A machine that has just started has no identity service yet.
            Self::IdentityRefused { endpoint, .. } => !endpoint.is_lasting_refusal(),
            _ => false,
        }
    }
}
