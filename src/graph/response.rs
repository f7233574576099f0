//! Graph's responses, and why one can't be used.

use awc::http::StatusCode;
use serde::de::DeserializeOwned;

use crate::http_client::{HttpError, Response};

/// Why Graph's response can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum GraphError {
    #[error("Graph gave no response")]
    Unreachable(#[from] HttpError),
    #[error("Graph answered {status} (request-id {request_id}){hint}")]
    Status {
        status: u16,
        request_id: String,
        hint: &'static str,
    },
    #[error("Graph's response is not the expected JSON")]
    Malformed,
}

/// Parses a response of status 200. `forbidden_hint` tells the operator what a 403 means here.
pub(crate) fn json<T: DeserializeOwned>(
    response: &Response,
    forbidden_hint: &'static str,
) -> Result<T, GraphError> {
    if response.status == StatusCode::OK {
        return serde_json::from_slice(&response.body).map_err(|_| GraphError::Malformed);
    }
    let request_id = response.request_id.clone();
    Err(GraphError::Status {
        status: response.status.as_u16(),
        request_id: request_id.unwrap_or_else(|| "unknown".to_owned()),
        hint: match response.status {
            StatusCode::UNAUTHORIZED => "; is `graph_url` of the same cloud as `authority`?",
            StatusCode::FORBIDDEN => forbidden_hint,
            _ => "",
        },
    })
}
