//! Microsoft Graph for the application's handlers, in the name of the signed-in user.

use std::{rc::Rc, time::Duration};

use actix_web::{Error, FromRequest, HttpRequest, dev::Payload, http::StatusCode};
use futures_util::future::{Ready, ready};
use serde::Serialize;
use serde_json::Value;
use tokio::time::sleep;
use url::Url;

use super::{
    access_token::{AccessToken, AccessTokenError, TokenUser},
    extract::WorkerClient,
    graph_client_error::GraphClientError,
};
use crate::{
    graph::response::GraphError,
    http_client::{HttpClient, JSON_LIMIT, response::Response},
    session::tokens::LiveToken,
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
