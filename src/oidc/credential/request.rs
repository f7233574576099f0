//! A token request, as far as its authentication needs to know it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use crate::http_client::HttpClient;

/// The token request that is authenticated.
pub(crate) struct TokenRequest<'a> {
    pub(crate) http: &'a HttpClient,
    pub(crate) token_endpoint: &'a Url,
    pub(crate) application_id: &'a str,
    pub(crate) now: DateTime<Utc>,
    pub(crate) timeout: Duration,
}
