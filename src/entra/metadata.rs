//! Entra's discovery document and key document, as far as a sign-in needs them.

use std::time::Duration;

use openidconnect::JsonWebKeySet;
use serde::Deserialize;
use url::Url;

use super::{
    http::{HttpClient, HttpError, JSON_LIMIT},
    keys::EntraKey,
};
use crate::settings::Authority;

/// Why Entra's metadata can't be had or used.
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
    /// The document speaks for another issuer (OpenID Connect Discovery 1.0, section 4.3).
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
/// openidconnect's own type isn't used: it wants the issuer to be a URL equal to the one asked
/// for, and Entra's shared tenants answer with the template `{tenantid}`.
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
    within: Duration,
) -> Result<(Metadata, JsonWebKeySet<EntraKey>), MetadataError> {
    let metadata: Metadata = json(http, &authority.metadata_url(), within).await?;
    if !authority.may_have_issuer(&metadata.issuer) {
        return Err(MetadataError::Issuer {
            issuer: crate::error::printable(&metadata.issuer),
            authority: authority.to_string(),
        });
    }
    let endpoints = [
        &metadata.authorization_endpoint,
        &metadata.token_endpoint,
        &metadata.jwks_uri,
    ];
    if let Some(endpoint) = endpoints
        .into_iter()
        .chain(&metadata.end_session_endpoint)
        .find(|url| !authority.may_call(url))
    {
        return Err(MetadataError::Endpoint(endpoint.to_string()));
    }
    let keys: JsonWebKeySet<EntraKey> = json(http, metadata.jwks_uri.as_str(), within).await?;
    if keys.keys().is_empty() {
        return Err(MetadataError::NoKeys(metadata.jwks_uri.to_string()));
    }
    Ok((metadata, keys))
}

async fn json<T: serde::de::DeserializeOwned>(
    http: &HttpClient,
    url: &str,
    within: Duration,
) -> Result<T, MetadataError> {
    let url = url.to_owned();
    let answer = match http.get(&url, None, JSON_LIMIT, within).await {
        Ok(answer) => answer,
        Err(source) => return Err(MetadataError::Fetch { url, source }),
    };
    if answer.status != awc::http::StatusCode::OK {
        let status = answer.status.as_u16();
        return Err(MetadataError::Status { url, status });
    }
    serde_json::from_slice(&answer.body).map_err(|error| MetadataError::Malformed {
        url,
        line: error.line(),
        column: error.column(),
    })
}
