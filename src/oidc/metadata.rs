//! Entra's discovery document and key document, as far as a sign-in uses them.

use std::time::Duration;

use openidconnect::JsonWebKeySet;
use serde::Deserialize;
use url::Url;

use super::{aadsts::Remedy, keys::EntraKey, refusal::EntraRefusal};
use crate::{
    http_client::{
        HttpClient, JSON_LIMIT,
        response::{HttpError, Response, Source},
    },
    settings::authority::Authority,
    util::{lenient, log::printable},
};

/// Why Entra's metadata can't be fetched or used.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum MetadataError {
    /// The document could not be fetched.
    #[error("Entra gave no answer")]
    Fetch(#[source] HttpError),
    /// It was answered with another status than 200.
    #[error("{endpoint}{}; is the authority right?", .refusal.as_ref().map(|refusal| format!(": {refusal}")).unwrap_or_default())]
    Status {
        /// Which document, and how it was answered.
        endpoint: Source,
        /// Entra's error document, if it is one.
        refusal: Option<EntraRefusal>,
    },
    /// It isn't the JSON document that it should be.
    #[error("{endpoint}, which is not the document it should be (line {line}, column {column})")]
    Malformed {
        /// Which document, and how it was answered.
        endpoint: Source,
        /// Where the reader stopped.
        line: usize,
        /// Where the reader stopped.
        column: usize,
    },
    /// The document is of another issuer (OpenID Connect Discovery 1.0, section 4.3).
    #[error(
        "the metadata's issuer `{issuer}` is not that of the authority {authority}; if it is meant to be, set `issuer`"
    )]
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
    #[error("{0}, and holds no RSA key that can be used")]
    NoKeys(Source),
}

impl MetadataError {
    /// Whether a second try fails as well, so that somebody has to change something.
    pub(crate) fn is_lasting(&self) -> bool {
        match self {
            Self::Status { endpoint, refusal } => {
                let is_temporary = |refusal: &EntraRefusal| refusal.remedy() == Remedy::Wait;
                endpoint.is_lasting_refusal() && !refusal.as_ref().is_some_and(is_temporary)
            }
            Self::Issuer { .. } | Self::Endpoint(_) => true,
            Self::Fetch(_) | Self::Malformed { .. } | Self::NoKeys(_) => false,
        }
    }
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
    /// No sign-in needs it.
    #[serde(default, deserialize_with = "lenient::parsed")]
    pub(crate) end_session_endpoint: Option<Url>,
}

/// Fetches both documents and checks them.
pub(crate) async fn fetch(
    http: &HttpClient,
    authority: &Authority,
    application_id: &str,
    timeout: Duration,
) -> Result<(Metadata, JsonWebKeySet<EntraKey>), MetadataError> {
    let response = get(http, &authority.metadata_url(application_id), timeout).await?;
    let metadata = metadata(&response, authority)?;
    let response = get(http, metadata.jwks_uri.as_str(), timeout).await?;
    let keys = keys(&response)?;
    Ok((metadata, keys))
}

/// Parses and checks the discovery document.
pub(crate) fn metadata(
    response: &Response,
    authority: &Authority,
) -> Result<Metadata, MetadataError> {
    let metadata: Metadata = json(response)?;
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
pub(crate) fn keys(response: &Response) -> Result<JsonWebKeySet<EntraKey>, MetadataError> {
    let keys: JsonWebKeySet<EntraKey> = json(response)?;
    if keys.keys().is_empty() {
        return Err(MetadataError::NoKeys(response.source.clone()));
    }
    Ok(keys)
}

async fn get(http: &HttpClient, url: &str, timeout: Duration) -> Result<Response, MetadataError> {
    let response = http.get(url, None, JSON_LIMIT, timeout).await;
    let response = response.map_err(MetadataError::Fetch)?;
    if response.status() == awc::http::StatusCode::OK {
        return Ok(response);
    }
    Err(MetadataError::Status {
        refusal: EntraRefusal::from_document(&response.body),
        endpoint: response.source,
    })
}

fn json<T: serde::de::DeserializeOwned>(response: &Response) -> Result<T, MetadataError> {
    serde_json::from_slice(&response.body).map_err(|error| MetadataError::Malformed {
        endpoint: response.source.clone(),
        line: error.line(),
        column: error.column(),
    })
}
