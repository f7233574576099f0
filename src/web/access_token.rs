//! Access tokens for the application's handlers.

use std::{fmt, sync::Arc};

use actix_session::SessionExt;
use actix_web::{
    Error, FromRequest, HttpRequest, HttpResponse, ResponseError,
    dev::Payload,
    http::{StatusCode, header},
};
use chrono::{DateTime, Utc};
use futures_util::future::LocalBoxFuture;
use openidconnect::Scope;

use super::{
    extract::{Sso, signed_in_account},
    login_required::LoginRequired,
    wiring::check_sessions,
};
use crate::{
    session::{
        identity::Identity,
        tokens::{self, LiveToken, TokenId},
    },
    settings::codes::Code,
    sign_in::{ask::Ask, error::SignInError},
    tokens::access_tokens::{AccessTokens, NoToken},
    util::{log::chain, secret::Secret},
};

/// The scopes of OpenID Connect that bring a refresh token, beside those that are asked for.
const OF_OPENID: [&str; 3] = ["openid", "profile", "offline_access"];

/// An access token for the signed-in user, which lasts two minutes or more: for Graph, or any API of the
/// tenant. As an extractor it has the scopes of the settings; [`AccessToken::for_scopes`] takes others.
///
/// With the setting `recheck` it is refreshed when it nears its end, and concurrent requests share it.
/// Without, it is the one that `save_access_token` keeps, and when that ends, the user has to sign in again.
///
/// It answers as [`Identity`] when nobody is signed in. Where the scopes lack the user's consent, a browser
/// is redirected to sign in for them and comes back, and an API client gets 401 with the URL to do so.
///
/// ```
/// use actix_web::{Error, HttpRequest};
/// use microsoft_sso::AccessToken;
///
/// async fn report(req: HttpRequest) -> Result<String, Error> {
///     let scopes = ["api://00001111-aaaa-2222-bbbb-3333cccc9999/Reports.Read"];
///     let token = AccessToken::for_scopes(&req, scopes).await?;
///     let authorization = format!("Bearer {}", token.secret().expose());
///     # Ok(authorization)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct AccessToken(LiveToken);

impl AccessToken {
    /// A token with these scopes, all of one API. Graph's need no prefix.
    ///
    /// # Errors
    /// Nobody is signed in, or the user has to sign in for it ([`AccessTokenError::LoginRequired`]); Entra
    /// is unavailable; or the settings keep no tokens.
    pub async fn for_scopes(
        req: &HttpRequest,
        scopes: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, AccessTokenError> {
        let scopes = scopes.into_iter().map(Into::into).collect();
        let user = TokenUser::for_request(req)?;
        user.token(req, scopes).await.map(Self)
    }

    /// The token. Never log it.
    pub fn secret(&self) -> &Secret {
        &self.0.secret
    }

    /// When it ends, in UTC.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }
}

impl FromRequest for AccessToken {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let none: [String; 0] = [];
            Ok(Self::for_scopes(&req, none).await?)
        })
    }
}

/// Why there is no access token. As a response: a redirect or 401, 503, or 500.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum AccessTokenError {
    /// The user has to sign in.
    #[error(transparent)]
    LoginRequired(LoginRequired),
    /// Entra or the database can't say at the moment.
    #[error("Entra gave no access token: {0}")]
    Unavailable(String),
    /// The settings keep no tokens, or the application lacks a part of the plugin.
    #[error("there are no access tokens: {0}")]
    NotSetUp(String),
}

crate::util::log::readable_debug!(AccessTokenError);

impl ResponseError for AccessTokenError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::LoginRequired(required) => required.status_code(),
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotSetUp(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        let (code, message) = match self {
            Self::LoginRequired(required) => return required.error_response(),
            Self::Unavailable(_) => {
                response.insert_header((header::RETRY_AFTER, "30"));
                (Code::TokenUnavailable, "Please try again in a moment.")
            }
            Self::NotSetUp(_) => (
                Code::NotSetUp,
                "Please ask the application's administrator.",
            ),
        };
        response.json(serde_json::json!({ "error": code.as_str(), "message": message }))
    }
}

impl AccessTokenError {
    fn not_set_up(error: impl fmt::Display) -> Self {
        Self::NotSetUp(error.to_string())
    }
}

/// The signed-in user of a request, whose tokens are asked for.
#[derive(Clone)]
pub(super) struct TokenUser {
    pub(super) sso: Sso,
    identity: Identity,
    id: Option<TokenId>,
}

impl TokenUser {
    pub(super) fn for_request(req: &HttpRequest) -> Result<Self, AccessTokenError> {
        let sso = Sso::for_request(req).map_err(AccessTokenError::not_set_up)?;
        check_sessions(req).map_err(AccessTokenError::not_set_up)?;
        let session = req.get_session();
        match sso.identity(&session) {
            Some(identity) => Ok(Self {
                id: tokens::token_id(&session),
                identity,
                sso,
            }),
            None => Err(AccessTokenError::LoginRequired(LoginRequired::new(req))),
        }
    }

    /// A live token; without scopes, one with those of the settings.
    pub(super) async fn token(
        &self,
        req: &HttpRequest,
        scopes: Vec<String>,
    ) -> Result<LiveToken, AccessTokenError> {
        let (Some(id), Some(tokens)) = (self.id, self.access_tokens()) else {
            return self.saved_token(req, scopes);
        };
        let account = signed_in_account(req, &self.sso, &self.sso.site, self.identity.clone());
        let got = tokens.get(id, self.token_scopes(&scopes), account).await;
        got.map_err(|error| match error {
            NoToken::SignIn { reason, claims } => {
                tracing::info!(
                    user = %self.identity.user_id,
                    scopes = scopes.join(" "),
                    %reason,
                    "the user has to sign in for an access token"
                );
                let challenge = claims.and_then(|claims| Ask::challenge(claims.as_bytes()));
                self.login_for(req, challenge.unwrap_or_default(), scopes)
            }
            NoToken::Trouble(error) => {
                let reason = chain(&*error);
                log_trouble(&error, &reason);
                AccessTokenError::Unavailable(reason)
            }
        })
    }

    fn access_tokens(&self) -> Option<&Arc<AccessTokens>> {
        // Tokens from when the setting was on aren't used.
        self.sso.site.config.recheck?;
        let checks = self.sso.session_checks.as_ref();
        checks.map(|checks| &checks.state.access_tokens)
    }

    /// The token that `save_access_token` keeps.
    fn saved_token(
        &self,
        req: &HttpRequest,
        scopes: Vec<String>,
    ) -> Result<LiveToken, AccessTokenError> {
        let settings = &self.sso.site.config;
        if settings.recheck.is_none() && !settings.save_access_token {
            let help = "set `recheck`, which keeps refresh tokens, or `save_access_token`";
            tracing::error!(code = Code::NoTokens.as_str(), "{help}");
            return Err(AccessTokenError::not_set_up(help));
        }
        let has = |scope: &String| settings.scopes.contains(scope);
        let saved = tokens::saved_access_token(&req.get_session());
        let live = saved.filter(|token| token.expires_at > self.sso.clock.now());
        match live.filter(|_| scopes.iter().all(has)) {
            Some(token) => Ok(token),
            None => Err(self.login_for(req, Ask::default(), scopes)),
        }
    }

    fn login_for(&self, req: &HttpRequest, ask: Ask, scopes: Vec<String>) -> AccessTokenError {
        AccessTokenError::LoginRequired(self.asking(req, ask, scopes))
    }

    fn asking(&self, req: &HttpRequest, mut ask: Ask, scopes: Vec<String>) -> LoginRequired {
        ask.scopes = scopes;
        LoginRequired::asking(req, &self.sso, &self.identity.user_id, &ask)
    }

    /// Sends the user to answer a claims challenge.
    pub(super) fn answer_challenge(
        &self,
        req: &HttpRequest,
        claims: &[u8],
        scopes: &[String],
    ) -> Option<LoginRequired> {
        Some(self.asking(req, Ask::challenge(claims)?, scopes.to_vec()))
    }

    /// Forgets a token that its resource refuses.
    pub(super) fn forget(&self, scopes: &[String]) {
        if let (Some(id), Some(tokens)) = (self.id, self.access_tokens()) {
            tokens.forget(id, &self.token_scopes(scopes));
        }
    }

    /// The scopes of the token request.
    fn token_scopes(&self, scopes: &[String]) -> Vec<Scope> {
        if scopes.is_empty() {
            return self.sso.site.scopes.clone();
        }
        let mut scopes: Vec<_> = scopes.iter().map(String::as_str).chain(OF_OPENID).collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes
            .into_iter()
            .map(|scope| Scope::new(scope.to_owned()))
            .collect()
    }
}

fn log_trouble(error: &SignInError, reason: &str) {
    if error.needs_operator() {
        tracing::error!(
            code = error.code().as_str(),
            reason,
            "there is no access token for a handler"
        );
    } else {
        tracing::warn!(
            code = error.code().as_str(),
            reason,
            "there is no access token for a handler"
        );
    }
}
