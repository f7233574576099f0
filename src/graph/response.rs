//! Graph's responses, and why one can't be used.

use std::time::Duration;

use awc::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::http_client::response::{HttpError, Response, Source};

/// The longest that somebody new waits for Graph to be asked again.
const SHORT_WAIT: Duration = Duration::from_secs(3);

/// Why Graph's response can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum GraphError {
    #[error("Graph gave no response")]
    Unreachable(#[from] HttpError),
    #[error("{endpoint}{}{hint}", .code.as_ref().map(|code| format!(", {code}")).unwrap_or_default())]
    Status {
        endpoint: Source,
        /// Graph's own error code.
        code: Option<String>,
        hint: &'static str,
    },
    #[error("{0}, which is not the expected JSON")]
    Malformed(Source),
}

impl GraphError {
    /// Any other response than the one that is wanted. `forbidden_hint` tells the operator what a 403
    /// means here.
    pub(super) fn new(response: &Response, forbidden_hint: &'static str) -> Self {
        let endpoint = response.source.clone();
        Self::Status {
            hint: match response.status() {
                _ if endpoint.has_claims_challenge() => {
                    "; Conditional Access asks for more before Microsoft Graph may be read: let the policy ask for it at this application's sign-in, too, or leave Microsoft Graph out of the policy"
                }
                StatusCode::UNAUTHORIZED => "; is `graph_url` of the same cloud as `authority`?",
                StatusCode::FORBIDDEN => forbidden_hint,
                StatusCode::NOT_FOUND => "; is `graph_url` right?",
                _ => "",
            },
            code: error_code(&response.body),
            endpoint,
        }
    }

    /// Of a question of the application's own.
    #[cfg(feature = "_diesel")]
    pub(crate) fn of_query(response: &Response) -> Self {
        Self::new(response, "; is the scope for it among those of the token?")
    }

    #[cfg(feature = "_diesel")]
    pub(crate) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Unreachable(_) => None,
            Self::Status { endpoint, .. } | Self::Malformed(endpoint) => Some(endpoint.status()),
        }
    }

    /// Graph's own error code.
    #[cfg(feature = "_diesel")]
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Status { code, .. } => code.as_deref(),
            _ => None,
        }
    }

    /// How long Graph asks to wait.
    #[cfg(feature = "_diesel")]
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { endpoint, .. } => endpoint.retry_after(),
            _ => None,
        }
    }

    /// Whether nobody answered, so that the next question waits as long.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(self, Self::Unreachable(error) if error.is_silence())
    }

    /// How long Graph asks to wait, where it throttles or is out of order for a short time.
    pub(crate) fn short_wait(&self) -> Option<Duration> {
        match self {
            Self::Status { endpoint, .. } => {
                endpoint.retry_after().filter(|wait| *wait <= SHORT_WAIT)
            }
            _ => None,
        }
    }

    /// Whether a second try fails as well, so that somebody has to change something.
    pub(crate) fn is_lasting(&self) -> bool {
        matches!(self, Self::Status { endpoint, .. } if endpoint.is_lasting_refusal())
    }
}

/// `error.code` of Graph's error document (Microsoft Graph, "Error responses and resource types").
/// The message beside it is kept out: it may name people.
fn error_code(body: &[u8]) -> Option<String> {
    let document: Value = serde_json::from_slice(body).ok()?;
    let code = document.get("error")?.get("code")?.as_str()?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let fits = !code.is_empty() && code.len() <= 100 && code.bytes().all(is_plain);
    fits.then(|| code.to_owned())
}

/// Parses a response of status 200.
pub(crate) fn json<T: DeserializeOwned>(
    response: &Response,
    forbidden_hint: &'static str,
) -> Result<T, GraphError> {
    if response.status() == StatusCode::OK {
        let parsed = serde_json::from_slice(&response.body);
        return parsed.map_err(|_| GraphError::Malformed(response.source.clone()));
    }
    Err(GraphError::new(response, forbidden_hint))
}
