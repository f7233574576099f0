//! Tokens of a managed identity: from Azure's Instance Metadata Service, or from App Service's endpoint
//! ("How to use managed identities for Azure resources on an Azure VM to acquire an access token", "How
//! to use managed identities for App Service and Azure Functions").

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use awc::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use url::Url;

use super::{error::CredentialError, request::TokenRequest};
use crate::{
    http_client::{JSON_LIMIT, response::Response},
    util::{
        environment::variable,
        log::{chain, printable},
        secret::Secret,
        single_flight::{Flight, SingleFlight},
    },
};

/// How long before its end a token is replaced.
const MARGIN: TimeDelta = TimeDelta::minutes(5);

/// Pauses before the tries after the first, as documented.
const PAUSES: [Duration; 4] = [
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
];

/// A user-assigned managed identity, and its last token.
pub(crate) struct ManagedIdentity {
    client_id: String,
    /// What the token is for.
    audience: &'static str,
    last: Mutex<Option<Token>>,
    fetches: SingleFlight<(), Fetched>,
}

/// A token and its end.
type Token = (Secret, DateTime<Utc>);

type Fetched = Result<Token, CredentialError>;

/// Where tokens are asked for: URL and one header.
struct Endpoint {
    url: Url,
    header: (&'static str, String),
}

#[derive(Deserialize)]
struct TokenDocument {
    access_token: String,
    /// Seconds since 1970, as text or as a number.
    expires_on: Value,
}

impl ManagedIdentity {
    pub(super) fn new(client_id: String, audience: &'static str) -> Self {
        Self {
            client_id,
            audience,
            last: Mutex::default(),
            fetches: SingleFlight::new(TimeDelta::zero()),
        }
    }

    /// A token, good for five minutes at least; less, while no other can be had. Who comes while one is
    /// fetched shares it, or its failure.
    pub(super) async fn token(
        &self,
        request: &TokenRequest<'_>,
    ) -> Result<Secret, CredentialError> {
        if let Some(token) = self.kept(request.now + MARGIN) {
            return Ok(token);
        }
        let stopped = CredentialError::IdentityUnsupported("the worker that asked stopped");
        let fetched = match self.fetches.join((), request.now) {
            Flight::Leader(leader, _) => {
                let fetched = self.fetch(request).await;
                if let Ok(token) = &fetched {
                    *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
                }
                leader.finish(fetched.clone(), request.now);
                fetched
            }
            Flight::Follower(waiter) => waiter.result().await.unwrap_or(Err(stopped)),
            // Nothing is remembered of a finished fetch.
            Flight::Finished => Err(stopped),
        };
        match (fetched, self.kept(request.now)) {
            (Ok((token, _)), _) => Ok(token),
            (Err(error), Some(token)) => {
                tracing::warn!(error = %chain(&error), "the managed identity's last token is used as long as it lasts");
                Ok(token)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// The last token, if it is good until then.
    fn kept(&self, until: DateTime<Utc>) -> Option<Secret> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, end) = last.as_ref()?;
        (*end > until).then(|| token.clone())
    }

    async fn fetch(&self, request: &TokenRequest<'_>) -> Fetched {
        let endpoint = self.endpoint(variable)?;
        let deadline = Instant::now() + request.timeout;
        let mut pauses = PAUSES.into_iter();
        loop {
            let (name, value) = &endpoint.header;
            let left = deadline.saturating_duration_since(Instant::now());
            let asked =
                request
                    .http
                    .get_directly(endpoint.url.as_str(), (name, value), JSON_LIMIT, left);
            let failure = match asked.await {
                Ok(response) if response.status() == StatusCode::OK => return parse(&response),
                Ok(response) if is_temporary(response.status()) => refused(&response),
                Ok(response) => return Err(refused(&response)),
                Err(error) => CredentialError::IdentityUnreachable(error),
            };
            match pauses.next() {
                Some(pause) if Instant::now() + pause < deadline => sleep(pause).await,
                _ => return Err(failure),
            }
        }
    }

    /// The endpoint of the place where this process runs. Its variables change, so they are read anew.
    fn endpoint(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Endpoint, CredentialError> {
        let unsupported = |what| Err(CredentialError::IdentityUnsupported(what));
        let (url, header, version) = match (
            variable("IDENTITY_ENDPOINT"),
            variable("IDENTITY_HEADER"),
        ) {
            (Some(_), Some(_)) if variable("IDENTITY_SERVER_THUMBPRINT").is_some() => {
                return unsupported("managed identities of Service Fabric are not supported");
            }
            (Some(url), Some(header)) => (url, ("x-identity-header", header), "2019-08-01"),
            (Some(_), None) => {
                return unsupported("managed identities of Azure Arc are not supported");
            }
            (None, _) if variable("MSI_ENDPOINT").is_some() => {
                return unsupported(
                    "managed identities by MSI_ENDPOINT (Azure Machine Learning, Cloud Shell) are not supported",
                );
            }
            (None, _) => {
                // The variable that Azure's own libraries read, too.
                let host = variable("AZURE_POD_IDENTITY_AUTHORITY_HOST");
                let host = host.as_deref().unwrap_or("http://169.254.169.254");
                let url = format!(
                    "{}/metadata/identity/oauth2/token",
                    host.trim_end_matches('/')
                );
                (url, ("metadata", "true".to_owned()), "2018-02-01")
            }
        };
        let Ok(mut url) = Url::parse(&url) else {
            return unsupported("IDENTITY_ENDPOINT is not a URL");
        };
        url.query_pairs_mut()
            .append_pair("api-version", version)
            .append_pair("resource", self.audience)
            .append_pair("client_id", &self.client_id);
        Ok(Endpoint { url, header })
    }
}

/// The statuses after which the documentation asks to try again.
fn is_temporary(status: StatusCode) -> bool {
    status.is_server_error()
        || [
            StatusCode::NOT_FOUND,
            StatusCode::GONE,
            StatusCode::TOO_MANY_REQUESTS,
        ]
        .contains(&status)
}

fn refused(response: &Response) -> CredentialError {
    let document: Option<Value> = serde_json::from_slice(&response.body).ok();
    let detail = document.and_then(|document| {
        let of = |name| document.get(name)?.as_str().map(printable);
        of("error_description").or_else(|| of("message"))
    });
    CredentialError::IdentityRefused {
        endpoint: response.source.clone(),
        detail: detail.map_or_else(String::new, |detail| format!(", {detail}")),
    }
}

fn parse(response: &Response) -> Result<(Secret, DateTime<Utc>), CredentialError> {
    let malformed = || CredentialError::IdentityRefused {
        endpoint: response.source.clone(),
        detail: ", which is no token response".to_owned(),
    };
    let document: TokenDocument =
        serde_json::from_slice(&response.body).map_err(|_| malformed())?;
    let seconds = match &document.expires_on {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    let expires = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    Ok((
        Secret::new(document.access_token),
        expires.ok_or_else(malformed)?,
    ))
}
