//! Entra's discovery document and key document, as far as a sign-in uses them.

use std::time::Duration;

use openidconnect::JsonWebKeySet;
use serde::Deserialize;
use url::Url;

use super::keys::EntraKey;
use crate::{
    http_client::{HttpClient, HttpError, JSON_LIMIT},
    settings::authority::Authority,
    util::log::printable,
};

/// Why Entra's metadata can't be fetched or used.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum MetadataError {
    /// The document could not be fetched.
    #[error("{url} could not be fetched")]
    Fetch {
        /// Which document.
        url: String,
        /// Why.
        source: HttpError,
    },
    /// It was answered with another status than 200.
    #[error("{url} answered {status}; is the authority right?")]
    Status {
        /// Which document.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// It isn't the JSON document that it should be.
    #[error("{url} is not the document it should be (line {line}, column {column})")]
    Malformed {
        /// Which document.
        url: String,
        /// Where the reader stopped.
        line: usize,
        /// Where the reader stopped.
        column: usize,
    },
    /// The document is of another issuer (OpenID Connect Discovery 1.0, section 4.3).
    #[error("the metadata's issuer `{issuer}` is not that of the authority {authority}")]
    Issuer {
        /// The issuer of the document.
        issuer: String,
        /// The setting.
        authority: String,
    },
    /// An endpoint of the document isn't https.
    #[error("the metadata names an endpoint that is not https: {0}")]
    Endpoint(String),
    /// No key in the key document can be used.
    #[error("{0} holds no RSA key that can be used")]
    NoKeys(String),
}

/// The discovery document (OpenID Connect Discovery 1.0, section 3).
///
/// openidconnect's own type requires the issuer to equal the requested URL, but Entra's multi-tenant
/// endpoints answer with the template `{tenantid}`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) issuer: String,
    pub(crate) authorization_endpoint: Url,
    pub(crate) token_endpoint: Url,
    pub(crate) jwks_uri: Url,
    #[serde(default)]
    pub(crate) end_session_endpoint: Option<Url>,
}

/// Fetches both documents and checks them.
pub(crate) async fn fetch(
    http: &HttpClient,
    authority: &Authority,
    timeout: Duration,
) -> Result<(Metadata, JsonWebKeySet<EntraKey>), MetadataError> {
    let url = authority.metadata_url();
    let metadata = metadata(&url, &get(http, &url, timeout).await?, authority)?;
    let url = metadata.jwks_uri.as_str();
    let keys = keys(url, &get(http, url, timeout).await?)?;
    Ok((metadata, keys))
}

/// Parses and checks the discovery document.
pub(crate) fn metadata(
    url: &str,
    body: &[u8],
    authority: &Authority,
) -> Result<Metadata, MetadataError> {
    let metadata: Metadata = json(url, body)?;
    if !authority.accepts_issuer(&metadata.issuer) {
        return Err(MetadataError::Issuer {
            issuer: printable(&metadata.issuer),
            authority: authority.to_string(),
        });
    }
    let endpoints = [
        &metadata.authorization_endpoint,
        &metadata.token_endpoint,
        &metadata.jwks_uri,
    ];
    let foreign = endpoints
        .into_iter()
        .chain(&metadata.end_session_endpoint)
        .find(|url| !authority.may_call(url));
    match foreign.map(Url::to_string) {
        Some(endpoint) => Err(MetadataError::Endpoint(endpoint)),
        None => Ok(metadata),
    }
}

/// Parses the key document.
pub(crate) fn keys(url: &str, body: &[u8]) -> Result<JsonWebKeySet<EntraKey>, MetadataError> {
    let keys: JsonWebKeySet<EntraKey> = json(url, body)?;
    if keys.keys().is_empty() {
        return Err(MetadataError::NoKeys(url.to_owned()));
    }
    Ok(keys)
}

async fn get(http: &HttpClient, url: &str, timeout: Duration) -> Result<Vec<u8>, MetadataError> {
    let answer = http.get(url, None, JSON_LIMIT, timeout).await;
    let answer = answer.map_err(|source| MetadataError::Fetch {
        url: url.to_owned(),
        source,
    })?;
    match answer.status {
        awc::http::StatusCode::OK => Ok(answer.body),
        status => Err(MetadataError::Status {
            url: url.to_owned(),
            status: status.as_u16(),
        }),
    }
}

fn json<T: serde::de::DeserializeOwned>(url: &str, body: &[u8]) -> Result<T, MetadataError> {
    serde_json::from_slice(body).map_err(|error| MetadataError::Malformed {
        url: url.to_owned(),
        line: error.line(),
        column: error.column(),
    })
}
