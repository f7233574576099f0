//! Microsoft Graph for the application's handlers, in the name of the signed-in user.

use std::{rc::Rc, time::Duration};

use actix_web::{
    Error, FromRequest, HttpRequest, HttpResponse, ResponseError,
    dev::Payload,
    http::{StatusCode, header},
};
use futures_util::future::{Ready, ready};
use serde::Serialize;
use serde_json::Value;
use tokio::time::sleep;
use url::Url;

use super::{
    access_token::{AccessToken, AccessTokenError, TokenUser},
    extract::WorkerClient,
    login_required::LoginRequired,
};
use crate::{
    graph::response::GraphError,
    http_client::{HttpClient, JSON_LIMIT, response::Response},
    session::tokens::LiveToken,
    util::log::chain,
};

/// The longest wait that Graph may ask for (`Retry-After`) before a request is sent again.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// Microsoft Graph in the name of the signed-in user, with a live [`AccessToken`]. Requests are bounded by
/// `graph_timeout` and 1 MB. As an extractor it answers 401 when nobody is signed in.
///
/// ```
/// use actix_web::{Responder, web::Json};
/// use microsoft_sso::{GraphClient, GraphClientError};
///
/// async fn unread(graph: GraphClient) -> Result<impl Responder, GraphClientError> {
///     let graph = graph.with_scopes(["Mail.ReadBasic"]);
///     let mails = graph.list("/me/messages?$filter=isRead eq false&$select=subject", 100).await?;
///     Ok(Json(mails))
/// }
/// ```
///
/// It needs the setting `recheck`, which keeps refresh tokens; with `save_access_token` alone, the user has
/// to sign in again when the token ends, and there are the scopes of the settings.
///
/// The user hasn't consented to the scopes yet, or Graph asks for more of them (a claims challenge): as a
/// response, the error redirects a browser to a sign-in that asks for it and comes back; an API client gets
/// 401 with the URL.
#[derive(Clone)]
pub struct GraphClient {
    user: TokenUser,
    request: HttpRequest,
    http: Rc<HttpClient>,
    scopes: Vec<String>,
}

impl std::fmt::Debug for GraphClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GraphClient")
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

impl GraphClient {
    /// Of a request, as the extractor makes it.
    ///
    /// # Errors
    /// Nobody is signed in, or the application lacks a part of the plugin.
    pub fn for_request(req: &HttpRequest) -> Result<Self, AccessTokenError> {
        let user = TokenUser::for_request(req)?;
        Ok(Self {
            http: WorkerClient::for_request(req, &user.sso),
            user,
            request: req.clone(),
            scopes: Vec::new(),
        })
    }

    /// With a token for these scopes, instead of those of the settings.
    #[must_use]
    pub fn with_scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// The token.
    ///
    /// # Errors
    /// As of [`AccessToken::for_scopes`].
    pub async fn access_token(&self) -> Result<AccessToken, AccessTokenError> {
        AccessToken::for_scopes(&self.request, self.scopes.clone()).await
    }

    /// `GET` of a path below the setting `graph_url`, such as `/me/calendar`; the JSON of the answer. Where
    /// Graph asks to wait for 5 seconds or less, it is sent once more.
    ///
    /// # Errors
    /// There is no token; Graph is unavailable, challenges, or answers with a status other than 2xx, or
    /// without JSON.
    pub async fn get(&self, path: &str) -> Result<Value, GraphClientError> {
        self.get_url(&self.url(path)?).await
    }

    /// All entries of a list, page by page (`@odata.nextLink`), up to a number of them.
    ///
    /// # Errors
    /// As of [`Self::get`], or the answer is no list.
    pub async fn list(&self, path: &str, max: usize) -> Result<Vec<Value>, GraphClientError> {
        let (mut entries, mut url) = (Vec::new(), self.url(path)?);
        loop {
            let mut page = self.get_url(&url).await?;
            let Some(Value::Array(more)) = page.get_mut("value").map(Value::take) else {
                return Err(GraphClientError::NoList);
            };
            entries.extend(more);
            let next = page.get("@odata.nextLink").and_then(Value::as_str);
            match next {
                Some(next) if entries.len() < max => {
                    let next = self.below_graph(next)?;
                    if next == url {
                        return Err(GraphClientError::NoList);
                    }
                    url = next;
                }
                _ => break,
            }
        }
        entries.truncate(max);
        Ok(entries)
    }

    /// `POST` of JSON to a path below `graph_url`; the JSON of the answer, `Null` where it has no body. It is
    /// never sent twice.
    ///
    /// # Errors
    /// As of [`Self::get`], or the body can't be written as JSON.
    pub async fn post(
        &self,
        path: &str,
        body: &(impl Serialize + ?Sized),
    ) -> Result<Value, GraphClientError> {
        let body = serde_json::to_vec(body).map_err(GraphClientError::Body)?;
        let token = self.token().await?;
        let (url, limit) = (self.url(path)?, self.time_limit());
        let secret = token.secret.expose();
        let sent = self
            .http
            .post_once(&url, secret, body, JSON_LIMIT, limit)
            .await;
        self.read(sent.map_err(GraphError::from)?)
    }

    async fn get_url(&self, url: &str) -> Result<Value, GraphClientError> {
        let response = self.send_get(url).await?;
        let wait = response.source.retry_after();
        let response = match wait.filter(|wait| *wait <= MAX_WAIT) {
            Some(wait) => {
                sleep(wait).await;
                self.send_get(url).await?
            }
            None => response,
        };
        self.read(response)
    }

    async fn send_get(&self, url: &str) -> Result<Response, GraphClientError> {
        let token = self.token().await?;
        let secret = Some(token.secret.expose());
        let sent = self
            .http
            .get(url, secret, JSON_LIMIT, self.time_limit())
            .await;
        Ok(sent.map_err(GraphError::from)?)
    }

    async fn token(&self) -> Result<LiveToken, AccessTokenError> {
        self.user.token(&self.request, self.scopes.clone()).await
    }

    fn read(&self, response: Response) -> Result<Value, GraphClientError> {
        if response.status().is_success() {
            if response.body.is_empty() {
                return Ok(Value::Null);
            }
            let json = serde_json::from_slice(&response.body);
            return json.map_err(|_| GraphError::Malformed(response.source).into());
        }
        if response.status() == StatusCode::UNAUTHORIZED {
            self.user.forget(&self.scopes);
        }
        if let Some(claims) = response.source.claims_challenge() {
            let required = self
                .user
                .answer_challenge(&self.request, claims, &self.scopes);
            if let Some(required) = required {
                return Err(GraphClientError::Challenge(required));
            }
        }
        Err(GraphError::of_query(&response).into())
    }

    fn graph_url(&self) -> &str {
        let graph = self.user.sso.site.config.graph_url.as_str();
        graph.trim_end_matches('/')
    }

    fn url(&self, path: &str) -> Result<String, GraphClientError> {
        // A path is a path: a whole URL would send the token elsewhere.
        let url = format!("{}/{}", self.graph_url(), path.trim_start_matches('/'));
        self.below_graph(&url)
    }

    /// A URL as it is sent, with the spaces of a filter percent-encoded. What leads out of `graph_url`, as
    /// `..` in an id does, is refused: the token goes nowhere else.
    fn below_graph(&self, url: &str) -> Result<String, GraphClientError> {
        let url = Url::parse(url).map_err(|_| GraphClientError::Path)?;
        let rest = url.as_str().strip_prefix(self.graph_url());
        if rest.is_some_and(|rest| rest.starts_with('/')) && url.fragment().is_none() {
            return Ok(url.into());
        }
        Err(GraphClientError::Path)
    }

    fn time_limit(&self) -> Duration {
        self.user.sso.site.config.graph_timeout
    }
}

impl FromRequest for GraphClient {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::for_request(req).map_err(Error::from))
    }
}

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
        tracing::warn!(code = "graph_failed", reason = %chain(self), "a handler's request to Graph failed");
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Self::Graph(refusal) = self
            && let Some(wait) = refusal.retry_after()
        {
            response.insert_header((header::RETRY_AFTER, wait.as_secs().to_string()));
        }
        let message = "Microsoft did not answer as expected. Please try again in a moment.";
        response.json(serde_json::json!({ "error": "graph_failed", "message": message }))
    }
}
