//! Why a handler's request to Graph failed.

use std::time::Duration;

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};

use super::{access_token::AccessTokenError, login_required::LoginRequired};
use crate::{graph::response::GraphError, settings::codes::Code, util::log::chain};

/// A request to Graph failed. As a response: a redirect or 401 where the user has to sign in for it; 503
/// where Entra is unavailable or Graph throttles; else 502. `Display` is for the log, and holds no token.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum GraphClientError {
    /// There is no token for it.
    #[error(transparent)]
    Token(#[from] AccessTokenError),
    /// Graph wants more of the user first (a claims challenge): they have to sign in for it.
    #[error("Graph challenges: the user has to sign in again")]
    Challenge(LoginRequired),
    /// Graph is unavailable, or refuses.
    #[error(transparent)]
    Graph(GraphRefusal),
    /// The path, or the next page of a list, isn't below `graph_url`.
    #[error("the path, or the next page of a list, leads out of `graph_url`")]
    Path,
    /// The answer is no list.
    #[error("Graph's answer is no list")]
    NoList,
    /// The body can't be written as JSON.
    #[error("the body can't be written as JSON")]
    Body(#[source] serde_json::Error),
}

crate::util::log::readable_debug!(GraphClientError);

/// Why Graph gave no answer that can be used.
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct GraphRefusal(GraphError);

crate::util::log::readable_debug!(GraphRefusal);

impl GraphRefusal {
    /// The status of Graph's answer, if there is one.
    pub fn status(&self) -> Option<u16> {
        self.0.status().map(|status| status.as_u16())
    }

    /// Graph's own error code, such as `ErrorItemNotFound`.
    pub fn code(&self) -> Option<&str> {
        self.0.code()
    }

    /// How long Graph asks to wait before the next request.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after()
    }
}

impl From<GraphError> for GraphClientError {
    fn from(error: GraphError) -> Self {
        Self::Graph(GraphRefusal(error))
    }
}

impl ResponseError for GraphClientError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Token(error) => error.status_code(),
            Self::Challenge(required) => required.status_code(),
            Self::Graph(refusal) if refusal.retry_after().is_some() => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Body(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Graph(_) | Self::NoList | Self::Path => StatusCode::BAD_GATEWAY,
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Token(error) => return error.error_response(),
            Self::Challenge(required) => return required.error_response(),
            _ => {}
        }
        tracing::warn!(code = Code::GraphFailed.as_str(), reason = %chain(self), "a handler's request to Graph failed");
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Self::Graph(refusal) = self
            && let Some(wait) = refusal.retry_after()
        {
            response.insert_header((header::RETRY_AFTER, wait.as_secs().to_string()));
        }
        let message = "Microsoft did not answer as expected. Please try again in a moment.";
        response
            .json(serde_json::json!({ "error": Code::GraphFailed.as_str(), "message": message }))
    }
}
