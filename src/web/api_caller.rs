//! Callers of the application's own API: who brings an access token that Entra issued for it.

use std::{fmt, sync::Arc};

use actix_web::{
    Error, FromRequest, HttpRequest, HttpResponse, ResponseError,
    dev::Payload,
    http::{StatusCode, header},
};
use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::extract::{Sso, WorkerClient};
use crate::{
    oidc::{
        api_token::{self, ApiClaims},
        token_error::TokenError,
    },
    settings::codes::Code,
    util::log::chain,
};

/// Who calls the application's own API with an access token of Entra's: a person through a client, or an
/// application by itself. It needs no session: single-page apps, daemons and scripts call routes beside those
/// of the web sign-in.
///
/// The token is verified as an ID token is: RS256 by a key that Entra publishes for the tenant's issuer, issuer,
/// tenant (`tenants`), times, and the audience, which is `application_id` or `application_id_uri`. Tokens of
/// version 2 alone are taken (`requestedAccessTokenVersion` of the app registration), and no ID tokens.
///
/// A token alone lets nobody in: ask for what it has to allow.
///
/// ```
/// use microsoft_sso::{ApiCaller, ApiRefusal};
///
/// async fn my_reports(caller: ApiCaller) -> Result<String, ApiRefusal> {
///     let person = caller.require_scope("Reports.Read")?;
///     Ok(format!("of {} in {}", person.object_id, person.tenant_id))
/// }
///
/// async fn all_reports(caller: ApiCaller) -> Result<String, ApiRefusal> {
///     let application = caller.require_app_role("Reports.Read.All")?;
///     Ok(format!("for {}", application.client_id))
/// }
/// ```
///
/// As an extractor it answers 401 with `WWW-Authenticate: Bearer` (RFC 6750, section 3), and 503 while Entra's
/// keys can't be had. `Option<ApiCaller>` is `None` then: a handler may serve a session or a token.
#[derive(Clone, Debug)]
pub struct ApiCaller(Caller);

#[derive(Clone, Debug)]
enum Caller {
    Person(ApiPerson),
    Application(ApiApplication),
}

/// A person who calls through a client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApiPerson {
    /// The tenant of the account: the claim `tid`.
    pub tenant_id: Uuid,
    /// The immutable id of the account in that tenant: the claim `oid`. With `tenant_id`,
    /// [`MicrosoftSso::user_by_account`](crate::MicrosoftSso::user_by_account) finds the user.
    pub object_id: String,
    /// The client: the claim `azp`.
    pub client_id: String,
    /// What the client may do in the person's name: the claim `scp`.
    pub scopes: Vec<String>,
    /// The person's app roles: the claim `roles`.
    pub app_roles: Vec<String>,
    claims: Arc<Map<String, Value>>,
}

/// An application that calls by itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApiApplication {
    /// The tenant of the service principal: the claim `tid`.
    pub tenant_id: Uuid,
    /// The object id of the service principal: the claim `oid`. It is no person's.
    pub object_id: String,
    /// The application: the claim `azp`.
    pub client_id: String,
    /// What the application was permitted: the claim `roles`.
    pub app_roles: Vec<String>,
    claims: Arc<Map<String, Value>>,
}

impl ApiPerson {
    /// A claim of the token, as it came.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }
}

impl ApiApplication {
    /// A claim of the token, as it came.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }
}

impl ApiCaller {
    /// The person, if it is one.
    pub fn person(&self) -> Option<&ApiPerson> {
        match &self.0 {
            Caller::Person(person) => Some(person),
            Caller::Application(_) => None,
        }
    }

    /// The application, if it calls by itself.
    pub fn application(&self) -> Option<&ApiApplication> {
        match &self.0 {
            Caller::Application(application) => Some(application),
            Caller::Person(_) => None,
        }
    }

    /// The person, whose client has the scope, given without the API's URI: `Reports.Read`. Never an
    /// application.
    ///
    /// # Errors
    /// 403 (`insufficient_scope`).
    pub fn require_scope(&self, scope: &str) -> Result<&ApiPerson, ApiRefusal> {
        let person = self.person();
        let person = person.filter(|person| person.scopes.iter().any(|has| has == scope));
        person.ok_or_else(|| ApiRefusal(Refusal::Scope(scope.to_owned())))
    }

    /// The application, which has the permission. Never a person.
    ///
    /// # Errors
    /// 403 (`insufficient_scope`).
    pub fn require_app_role(&self, role: &str) -> Result<&ApiApplication, ApiRefusal> {
        let application = self.application();
        let application = application.filter(|it| it.app_roles.iter().any(|has| has == role));
        application.ok_or_else(|| ApiRefusal(Refusal::Scope(role.to_owned())))
    }

    /// The caller of a request, as the extractor finds it.
    ///
    /// # Errors
    /// There is no token, or none that is good for this API.
    pub async fn for_request(req: &HttpRequest) -> Result<Self, Error> {
        let sso = Sso::for_request(req)?;
        let token = bearer(req)?;
        let http = WorkerClient::for_request(req, &sso);
        let settings = &sso.site.config;
        if !settings.enabled {
            return Err(ApiRefusal(Refusal::Token).into());
        }
        let verified = match sso.snapshot(&http).await {
            Ok(snapshot) => {
                let provider = sso.site.provider(&sso.providers);
                let now = sso.clock.now();
                api_token::verify(provider, &http, snapshot, token, settings, now).await
            }
            Err(error) => Err(TokenError::Keys(error)),
        };
        match verified {
            Ok(claims) => Ok(claims.into()),
            Err(error @ TokenError::Keys(_)) => {
                tracing::warn!(code = Code::MetadataUnavailable.as_str(), reason = %chain(&error), "a caller of the API can't be verified");
                Err(ApiRefusal(Refusal::Unavailable).into())
            }
            Err(error) => {
                tracing::info!(code = Code::ApiTokenRefused.as_str(), reason = %chain(&error), "an access token for the API was refused");
                Err(ApiRefusal(Refusal::Token).into())
            }
        }
    }
}

impl From<ApiClaims> for ApiCaller {
    fn from(claims: ApiClaims) -> Self {
        let ApiClaims {
            tenant_id,
            object_id,
            client_id,
            scopes,
            roles: app_roles,
            all: claims,
        } = claims;
        Self(match scopes {
            Some(scopes) => Caller::Person(ApiPerson {
                tenant_id,
                object_id,
                client_id,
                scopes,
                app_roles,
                claims,
            }),
            None => Caller::Application(ApiApplication {
                tenant_id,
                object_id,
                client_id,
                app_roles,
                claims,
            }),
        })
    }
}

impl FromRequest for ApiCaller {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { Self::for_request(&req).await })
    }
}

/// The token in the header `Authorization` (RFC 6750, section 2.1), the only place that is looked at.
fn bearer(req: &HttpRequest) -> Result<&str, ApiRefusal> {
    let mut values = req.headers().get_all(header::AUTHORIZATION);
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(ApiRefusal(Refusal::NoToken));
    };
    let value = value.to_str().map_err(|_| ApiRefusal(Refusal::Token))?;
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(ApiRefusal(Refusal::NoToken)),
    }
}

/// Why a caller of the API is refused. As a response: 401 or 403 by RFC 6750, section 3, or 503.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRefusal(Refusal);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Refusal {
    NoToken,
    Token,
    Scope(String),
    Unavailable,
}

impl fmt::Display for ApiRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Refusal::NoToken => f.write_str("there is no access token"),
            Refusal::Token => f.write_str("the access token isn't good for this API"),
            Refusal::Scope(scope) => write!(f, "the access token lacks `{scope}`"),
            Refusal::Unavailable => f.write_str("Entra's keys can't be had"),
        }
    }
}

impl std::error::Error for ApiRefusal {}

impl ResponseError for ApiRefusal {
    fn status_code(&self) -> StatusCode {
        match self.0 {
            Refusal::NoToken | Refusal::Token => StatusCode::UNAUTHORIZED,
            Refusal::Scope(_) => StatusCode::FORBIDDEN,
            Refusal::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let (code, message) = match self.0 {
            Refusal::NoToken => (Code::TokenRequired, "This needs an access token."),
            Refusal::Token => (Code::InvalidToken, "The access token isn't good for this."),
            Refusal::Scope(_) => (
                Code::InsufficientScope,
                "The access token doesn't allow this.",
            ),
            Refusal::Unavailable => (Code::Unavailable, "Please try again in a moment."),
        };
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        match &self.0 {
            // Without a token, there is no error (RFC 6750, section 3.1).
            Refusal::NoToken => response.insert_header((header::WWW_AUTHENTICATE, "Bearer")),
            Refusal::Token => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""))
            }
            Refusal::Scope(scope) => {
                let scope = scope.replace(['"', '\\'], "");
                let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
                response.insert_header((header::WWW_AUTHENTICATE, challenge))
            }
            Refusal::Unavailable => response.insert_header((header::RETRY_AFTER, "30")),
        };
        response.json(serde_json::json!({ "error": code.as_str(), "message": message }))
    }
}
