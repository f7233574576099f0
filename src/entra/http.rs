//! The HTTP client: awc, one per worker, kept alive, bounded in time and size.

use std::{sync::Arc, time::Duration};

use awc::{
    Client, ClientRequest, Connector,
    error::{PayloadError, SendRequestError},
    http::{StatusCode, header},
};
use openidconnect::{HttpRequest, HttpResponse, http};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::time::timeout;

/// Largest answer of Entra that is read, in bytes. A key document holds tens of keys.
pub(crate) const JSON_LIMIT: usize = 1024 * 1024;

/// How long an unused connection is kept. Entra's front doors close theirs later than this.
const KEEP_ALIVE: Duration = Duration::from_secs(90);

/// How long any connection lives, so that a change of address is followed.
const LIFETIME: Duration = Duration::from_secs(600);

/// What went wrong between here and Microsoft. It never holds a header or a body.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum HttpError {
    /// The whole answer didn't come in time.
    #[error("no full answer within {0:?}")]
    Timeout(Duration),
    /// No connection, or no TLS session, could be made.
    #[error("no connection: {0}")]
    Connect(String),
    /// The answer is larger than is read.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The connection broke, or what came isn't HTTP.
    #[error("the connection broke: {0}")]
    Broken(String),
}

/// The TLS settings that all workers share. Nothing is taken from process-wide defaults.
///
/// The roots are the system's; `SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured, for companies
/// that inspect TLS. Returns how many roots were read, too.
pub(crate) fn tls() -> Result<(Arc<ClientConfig>, usize), rustls::Error> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a certificate of the system could not be read");
    }
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((Arc::new(config), added))
}

/// One worker's client.
pub(crate) struct HttpClient {
    client: Client,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
    /// What Graph and Entra call this request in their own logs.
    pub(crate) request_id: Option<String>,
}

impl HttpClient {
    pub(crate) fn new(tls: Arc<ClientConfig>) -> Self {
        let connector = Connector::new()
            .rustls_0_23(tls)
            .timeout(Duration::from_secs(5))
            .handshake_timeout(Duration::from_secs(5))
            // How many there are follows from `max_sign_ins`; awc's own limit of 100 would make a
            // slow Microsoft slower.
            .limit(0)
            .conn_keep_alive(KEEP_ALIVE)
            .conn_lifetime(LIFETIME);
        let client = Client::builder()
            .connector(connector)
            // awc follows ten by default; a redirect could carry a token elsewhere.
            .disable_redirects()
            // Bounded below, together with the body.
            .disable_timeout()
            .add_default_header((
                header::USER_AGENT,
                concat!("microsoft_sso/", env!("CARGO_PKG_VERSION")),
            ))
            .finish();
        Self { client }
    }

    /// `GET`, with a bearer token where there is one.
    pub(crate) async fn get(
        &self,
        url: &str,
        bearer: Option<&str>,
        limit: usize,
        within: Duration,
    ) -> Result<Answer, HttpError> {
        let mut request = self.client.get(url);
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        read(request, Vec::new(), limit, within).await
    }

    /// `POST` of JSON, with a bearer token.
    pub(crate) async fn post_json(
        &self,
        url: &str,
        bearer: &str,
        body: &serde_json::Value,
        limit: usize,
        within: Duration,
    ) -> Result<Answer, HttpError> {
        let request = self.client.post(url).bearer_auth(bearer);
        let request = request.content_type("application/json");
        read(request, body.to_string().into_bytes(), limit, within).await
    }

    /// What the openidconnect client asks to be sent. It speaks `http` 1, awc `http` 0.2.
    pub(crate) async fn send(
        &self,
        request: HttpRequest,
        within: Duration,
    ) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let broken = |error: &dyn std::fmt::Display| HttpError::Broken(error.to_string());
        let method = awc::http::Method::from_bytes(parts.method.as_str().as_bytes())
            .map_err(|error| broken(&error))?;
        let mut sent = self.client.request(method, parts.uri.to_string());
        for (name, value) in &parts.headers {
            sent = sent.insert_header((name.as_str(), value.as_bytes()));
        }
        let answer = read(sent, body, JSON_LIMIT, within).await?;
        http::Response::builder()
            .status(answer.status.as_u16())
            .body(answer.body)
            .map_err(|error| broken(&error))
    }
}

async fn read(
    request: ClientRequest,
    body: Vec<u8>,
    limit: usize,
    within: Duration,
) -> Result<Answer, HttpError> {
    let whole = async {
        let mut response = request.send_body(body).await.map_err(sent)?;
        let request_id = ["request-id", "x-ms-request-id"]
            .iter()
            .find_map(|name| response.headers().get(*name)?.to_str().ok())
            .map(crate::error::printable);
        let status = response.status();
        let length = response.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        let body = response.body().limit(limit).await;
        let body = body.map_err(|error| match error {
            PayloadError::Overflow => HttpError::TooLarge(limit),
            other => HttpError::Broken(other.to_string()),
        })?;
        // awc takes a connection that closes in the middle for the end of the body.
        if length.is_some_and(|length| length != body.len()) {
            return Err(HttpError::Broken("the answer was cut short".to_owned()));
        }
        Ok(Answer {
            status,
            body: body.to_vec(),
            request_id,
        })
    };
    timeout(within, whole)
        .await
        .unwrap_or(Err(HttpError::Timeout(within)))
}

fn sent(error: SendRequestError) -> HttpError {
    match error {
        SendRequestError::Connect(error) => HttpError::Connect(error.to_string()),
        other => HttpError::Broken(other.to_string()),
    }
}
