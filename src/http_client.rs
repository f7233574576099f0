//! The HTTP client: awc, one per worker, with kept-alive connections and bounds on time and size.

use std::{sync::Arc, time::Duration};

use awc::{Client, ClientRequest, Connector, error::SendRequestError, http::header};
use futures_util::StreamExt;
use openidconnect::HttpRequest;
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::time::timeout;

use self::response::{HttpError, HttpProblem, Response, Source};

pub(crate) mod response;

/// Largest JSON response that is read, in bytes.
pub(crate) const JSON_LIMIT: usize = 1024 * 1024;

/// Most memory that is taken before a body comes, in bytes.
const USUAL_LEN: usize = 64 * 1024;

/// How long an idle connection is kept; Entra's front doors keep theirs longer.
const KEEP_ALIVE: Duration = Duration::from_secs(90);

/// Longest life of a connection, so that a DNS change is followed.
const LIFETIME: Duration = Duration::from_secs(600);

/// TLS settings, and how many root certificates they trust.
pub(crate) struct Tls {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) roots: usize,
}

/// The TLS settings that all workers share, independent of process-wide defaults. The roots are the
/// system's, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
pub(crate) fn tls() -> Result<Tls, rustls::Error> {
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
    Ok(Tls {
        config: Arc::new(config),
        roots: added,
    })
}

/// One worker's client.
pub(crate) struct HttpClient {
    client: Client,
}

impl HttpClient {
    pub(crate) fn new(tls: Arc<ClientConfig>) -> Self {
        let connector = Connector::new()
            .rustls_0_23(tls)
            .timeout(Duration::from_secs(5))
            .handshake_timeout(Duration::from_secs(5))
            // `max_sign_ins` bounds them; awc's own limit of 100 would make a slow Microsoft slower.
            .limit(0)
            .conn_keep_alive(KEEP_ALIVE)
            .conn_lifetime(LIFETIME);
        let client = Client::builder()
            .connector(connector)
            // A redirect could carry a token elsewhere.
            .disable_redirects()
            // `read` bounds the whole response.
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
        time_limit: Duration,
    ) -> Result<Response, HttpError> {
        let mut request = self.client.get(url);
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        read(url, request, Vec::new(), limit, time_limit).await
    }

    /// `POST` of JSON, with a bearer token.
    pub(crate) async fn post_json(
        &self,
        url: &str,
        bearer: &str,
        body: &serde_json::Value,
        limit: usize,
        time_limit: Duration,
    ) -> Result<Response, HttpError> {
        let request = self.client.post(url).bearer_auth(bearer);
        let request = request.content_type("application/json");
        let body = body.to_string().into_bytes();
        read(url, request, body, limit, time_limit).await
    }

    /// Sends a request of the openidconnect client, which uses `http` 1; awc uses `http` 0.2.
    pub(crate) async fn send(
        &self,
        request: HttpRequest,
        time_limit: Duration,
    ) -> Result<Response, HttpError> {
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string();
        let method = awc::http::Method::from_bytes(parts.method.as_str().as_bytes())
            .map_err(|error| HttpError::new(&url, HttpProblem::Broken(error.to_string())))?;
        let mut sent = self.client.request(method, &url);
        for (name, value) in &parts.headers {
            sent = sent.insert_header((name.as_str(), value.as_bytes()));
        }
        read(&url, sent, body, JSON_LIMIT, time_limit).await
    }
}

async fn read(
    url: &str,
    request: ClientRequest,
    body: Vec<u8>,
    limit: usize,
    time_limit: Duration,
) -> Result<Response, HttpError> {
    let whole = async {
        let mut response = request.send_body(body).await.map_err(sent)?;
        let source = Source::new(url, response.status(), response.headers());
        let length = response.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if length.is_some_and(|length| length > limit) {
            return Err(HttpProblem::TooLarge(limit));
        }
        // What a server announces costs it nothing, so only the usual size is taken beforehand.
        let mut body = Vec::with_capacity(length.unwrap_or_default().min(USUAL_LEN));
        while let Some(chunk) = response.next().await {
            let chunk = chunk.map_err(|error| HttpProblem::Broken(error.to_string()))?;
            if body.len() + chunk.len() > limit {
                return Err(HttpProblem::TooLarge(limit));
            }
            body.extend_from_slice(&chunk);
        }
        // awc takes a connection that closes mid-body for the end of the body.
        if length.is_some_and(|length| length != body.len()) {
            return Err(HttpProblem::Broken("the response was cut short".to_owned()));
        }
        Ok(Response { source, body })
    };
    let answer = timeout(time_limit, whole).await;
    let answer = answer.unwrap_or(Err(HttpProblem::Timeout(time_limit)));
    answer.map_err(|problem| HttpError::new(url, problem))
}

fn sent(error: SendRequestError) -> HttpProblem {
    match error {
        SendRequestError::Connect(error) => HttpProblem::Connect(error.to_string()),
        other => HttpProblem::Broken(other.to_string()),
    }
}
