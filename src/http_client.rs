//! The HTTP client: awc, one per worker, with kept-alive connections and bounds on time and size.

use std::{cell::RefCell, fmt::Display, pin::pin, rc::Rc, sync::Arc, time::Duration};

use actix_web::web::Bytes;
use awc::{
    Client, ClientResponse, Connector,
    error::{ConnectError, PayloadError, SendRequestError},
    http::{
        Method,
        header::{self, HeaderName, HeaderValue},
    },
};
use futures_util::{Stream, StreamExt};
use openidconnect::HttpRequest;
use tokio::time::timeout;

use self::{
    connect::{ConnectFailure, HANDSHAKE_LIMIT, NetworkConnector},
    exchange::Exchange,
    named_issuer::explained,
    network::Network,
    request::Request,
    response::{HttpError, HttpProblem, Response, Source, Was, without_query},
};

mod challenge;
mod connect;
mod dial;
mod exchange;
mod named_issuer;
pub(crate) mod network;
mod no_proxy;
pub(crate) mod proxy;
mod request;
pub(crate) mod response;
mod stream;
mod tunnel;

/// Largest JSON response that is read, in bytes.
pub(crate) const JSON_LIMIT: usize = 1024 * 1024;

/// Most memory that is taken before a body comes, in bytes.
const USUAL_LEN: usize = 64 * 1024;

const MINUTE: Duration = Duration::from_secs(60);

/// How long an idle connection is kept: less than the firewalls and proxies that forget them soonest.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Longest life of a connection, so that a DNS change is followed.
const LIFETIME: Duration = Duration::from_secs(600);

/// How long a connection must have been idle to be taken for a forgotten one when it is silent.
const IDLE: Duration = Duration::from_secs(5);

/// How long it may be silent then, at most; it is also no longer than a third of the time limit.
const SILENCE: Duration = Duration::from_secs(3);

/// One worker's client.
pub(crate) struct HttpClient {
    network: Arc<Network>,
    /// Replaced when a connection turns out to be forgotten: what forgot it forgot its siblings.
    client: RefCell<Client>,
}

impl HttpClient {
    pub(crate) fn new(network: Arc<Network>) -> Self {
        let client = RefCell::new(client(&network));
        Self { network, client }
    }

    /// `GET`, with a bearer token where there is one.
    pub(crate) async fn get(
        &self,
        url: &str,
        bearer: Option<&str>,
        limit: usize,
        time_limit: Duration,
    ) -> Result<Response, HttpError> {
        let mut request = Request::new(url, Method::GET, limit, time_limit);
        if let Some(token) = bearer {
            request.bearer(token)?;
        }
        self.answer(request).await
    }

    /// `GET` with one header more, past any proxy: what answers is of this machine's own network.
    pub(crate) async fn get_directly(
        &self,
        url: &str,
        (name, value): (&'static str, &str),
        limit: usize,
        time_limit: Duration,
    ) -> Result<Response, HttpError> {
        let mut request = Request::new(url, Method::GET, limit, time_limit);
        request.header(HeaderName::from_static(name), value)?;
        request.is_direct = true;
        self.answer(request).await
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
        let mut request = Request::new(url, Method::POST, limit, time_limit);
        request.bearer(bearer)?;
        request.header(header::CONTENT_TYPE, "application/json")?;
        request.body = body.to_string().into();
        self.answer(request).await
    }

    /// `POST` of JSON that may change something there: it is never sent twice.
    #[cfg(feature = "_diesel")]
    pub(crate) async fn post_once(
        &self,
        url: &str,
        bearer: &str,
        body: Vec<u8>,
        limit: usize,
        time_limit: Duration,
    ) -> Result<Response, HttpError> {
        let mut request = Request::new(url, Method::POST, limit, time_limit);
        request.bearer(bearer)?;
        request.header(header::CONTENT_TYPE, "application/json")?;
        request.body = body.into();
        request.is_repeatable = false;
        self.answer(request).await
    }

    /// Sends a request of the openidconnect client, which uses `http` 1; awc uses `http` 0.2.
    pub(crate) async fn send(
        &self,
        request: HttpRequest,
        time_limit: Duration,
    ) -> Result<Response, HttpError> {
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string();
        let broken =
            |error: &dyn Display| HttpError::new(&url, HttpProblem::Broken(error.to_string()));
        let method = Method::from_bytes(parts.method.as_str().as_bytes());
        let method = method.map_err(|error| broken(&error))?;
        let mut sent = Request::new(&url, method, JSON_LIMIT, time_limit);
        for (name, value) in &parts.headers {
            let name = HeaderName::from_bytes(name.as_ref());
            let name = name.map_err(|error| broken(&error))?;
            let value = HeaderValue::from_bytes(value.as_bytes());
            let value = value.map_err(|error| broken(&error))?;
            sent.headers.push((name, value));
        }
        sent.body = body.into();
        self.answer(sent).await
    }

    /// The answer to a request, asked once more where an idle connection turns out to be gone.
    async fn answer(&self, request: Request<'_>) -> Result<Response, HttpError> {
        let (url, time_limit) = (request.url, request.time_limit);
        let exchange = RefCell::new(Rc::new(Exchange::new(request.is_direct)));
        let whole = async {
            let first = Rc::clone(&exchange.borrow());
            let client = self.client.borrow().clone();
            let silence = SILENCE.min(time_limit / 3);
            let problem = match first.scope(head(&client, &request, &first, silence)).await {
                Ok(response) => return body(&request, response).await,
                Err(problem) => problem,
            };
            // A connection of its own never served anything, and one that answers is there.
            if first.idle().is_none() || first.has_answer() || !request.is_repeatable {
                return Err(problem);
            }
            tracing::info!(reason = %problem, url = %without_query(url), "an idle connection was gone; asking again on a new one");
            let fresh = self::client(&self.network);
            self.client.replace(fresh.clone());
            let second = Rc::new(Exchange::new(request.is_direct));
            exchange.replace(Rc::clone(&second));
            let asked = head(&fresh, &request, &second, time_limit);
            body(&request, second.scope(asked).await?).await
        };
        let answer = timeout(time_limit, whole).await;
        let answer = answer.unwrap_or_else(|_| {
            let waited_for = exchange.borrow().waits_for();
            Err(HttpProblem::Timeout(time_limit, waited_for))
        });
        answer.map_err(|problem| {
            let proxy = self.network.proxy_of(url).filter(|_| !request.is_direct);
            HttpError::through(url, proxy, problem)
        })
    }
}

fn client(network: &Arc<Network>) -> Client {
    let connector = Connector::new()
        .rustls_0_23(Arc::clone(&network.tls))
        .connector(NetworkConnector(Arc::clone(network)))
        // Its parts are bounded one by one, so that the error can tell which.
        .timeout(MINUTE)
        .handshake_timeout(HANDSHAKE_LIMIT)
        // `max_sign_ins` bounds them; awc's own limit of 100 would make a slow Microsoft slower.
        .limit(0)
        .conn_keep_alive(KEEP_ALIVE)
        .conn_lifetime(LIFETIME);
    Client::builder()
        .connector(connector)
        // A redirect could carry a token elsewhere.
        .disable_redirects()
        // `answer` bounds the whole response.
        .disable_timeout()
        .add_default_header((
            header::USER_AGENT,
            concat!("microsoft_sso/", env!("CARGO_PKG_VERSION")),
        ))
        .finish()
}

/// What awc reads a body from.
trait Body: Stream<Item = Result<Bytes, PayloadError>> + Unpin {}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Body for S {}

/// Sends a request, up to the head of its response. `silence` bounds the wait for it on a connection
/// that had been idle.
async fn head(
    client: &Client,
    request: &Request<'_>,
    exchange: &Exchange,
    silence: Duration,
) -> Result<ClientResponse<impl Body>, HttpProblem> {
    let mut sent = client.request(request.method.clone(), request.url);
    for header in &request.headers {
        sent = sent.append_header(header.clone());
    }
    let mut sending = pin!(sent.send_body(request.body.clone()));
    let response = match timeout(silence, sending.as_mut()).await {
        Ok(response) => response,
        Err(_)
            if request.is_repeatable
                && exchange.idle().is_some_and(|idle| idle >= IDLE)
                && !exchange.has_answer() =>
        {
            return Err(HttpProblem::Timeout(silence, exchange.waits_for()));
        }
        Err(_) => sending.await,
    };
    let response = response.map_err(unanswered)?;
    exchange.head_came();
    Ok(response)
}

/// The body of a response, whole.
async fn body(
    request: &Request<'_>,
    mut response: ClientResponse<impl Body>,
) -> Result<Response, HttpProblem> {
    let limit = request.limit;
    let source = Source::new(request.url, response.status(), response.headers());
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
}

/// Why no head of a response came.
fn unanswered(error: SendRequestError) -> HttpProblem {
    match error {
        SendRequestError::Connect(ConnectError::Timeout) => HttpProblem::Connect(
            format!("no TLS session within {HANDSHAKE_LIMIT:?}"),
            Was::Silent,
        ),
        SendRequestError::Connect(ConnectError::Disconnected) => {
            HttpProblem::Broken("it was closed before a response came".to_owned())
        }
        SendRequestError::Connect(ConnectError::Io(error)) => {
            let failure = error.get_ref();
            let failure = failure.and_then(|error| error.downcast_ref::<ConnectFailure>());
            let was = match failure {
                Some(failure) if failure.is_timeout() => Was::Silent,
                _ => Was::Answered,
            };
            HttpProblem::Connect(explained(&error), was)
        }
        SendRequestError::Connect(error) => HttpProblem::Connect(error.to_string(), Was::Answered),
        other => HttpProblem::Broken(other.to_string()),
    }
}
