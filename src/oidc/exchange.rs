//! Token requests: a code or a refresh token becomes tokens. Each is authenticated, sent and read the
//! same way.

use std::{borrow::Cow, cell::Cell, time::Duration};

use awc::http::StatusCode;
#[cfg(feature = "_diesel")]
use openidconnect::Scope;
use openidconnect::{
    AuthorizationCode, HttpResponse, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, StandardErrorResponse, core::CoreErrorResponseType,
};
use serde_json::{Map, Value};

use super::{
    aadsts::Remedy,
    client_capability,
    credential::{ClientAuthentication, Credential, error::CredentialError, request::TokenRequest},
    flow::Client,
    id_token::RawIdToken,
    refusal::EntraRefusal,
    token_response::TokenDocument,
};
use crate::{
    http_client::response::{HttpError, Response, Source},
    util::secret::Secret,
};

/// How long an access token is taken to be good where the response doesn't say: the shortest of
/// Entra's own times is longer (Microsoft identity platform, "Access tokens").
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

/// The tokens of the response, not verified.
pub(crate) struct Tokens {
    /// A refresh may have none (OpenID Connect Core 1.0, section 12.2).
    pub(crate) id_token: Option<RawIdToken>,
    pub(crate) access_token: Secret,
    pub(crate) lifetime: Duration,
    pub(crate) refresh_token: Option<Secret>,
    source: Source,
}

impl Tokens {
    fn new(document: TokenDocument, source: Source) -> Self {
        let refresh_token = document.refresh_token.map(RefreshToken::into_secret);
        Self {
            id_token: document.id_token,
            access_token: Secret::new(document.access_token.into_secret()),
            lifetime: document
                .expires_in
                .map_or(DEFAULT_LIFETIME, Duration::from_secs),
            refresh_token: refresh_token.map(Secret::new),
            source,
        }
    }

    /// The ID token, where there has to be one.
    pub(crate) fn id_token(&self) -> Result<&RawIdToken, ExchangeError> {
        let missing = || ExchangeError::NoIdToken(self.source.clone());
        self.id_token.as_ref().ok_or_else(missing)
    }
}

/// Why there are no tokens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ExchangeError {
    #[error("the application can't authenticate itself to Entra")]
    Credential(#[source] CredentialError),
    #[error("Entra's token endpoint gave no answer")]
    Unreachable(#[source] HttpError),
    #[error("Entra refused it: {0}; {1}")]
    Refused(EntraRefusal, Source),
    #[error("{0}, without an error document: did Entra answer, or a proxy on the way?")]
    Status(Source),
    #[error("{endpoint}, which is no token response (at `{at}`)")]
    Malformed { endpoint: Source, at: String },
    #[error("{0}, without an ID token")]
    NoIdToken(Source),
    #[error("the HTTP client failed: {0}")]
    Client(String),
}

impl ExchangeError {
    /// Of a response that has another status than 200.
    fn of_status(response: Response) -> Self {
        match EntraRefusal::from_document(&response.body) {
            Some(refusal) => Self::Refused(refusal, response.source),
            None => Self::Status(response.source),
        }
    }

    /// Who can do something about it.
    pub(crate) fn remedy(&self) -> Remedy {
        match self {
            Self::Refused(_, endpoint) if endpoint.is_outage() => Remedy::Wait,
            Self::Refused(refusal, _) => refusal.remedy(),
            Self::Credential(error) if !error.is_temporary() => Remedy::FixSetup,
            Self::Status(endpoint) if endpoint.is_lasting_refusal() => Remedy::FixSetup,
            _ => Remedy::Wait,
        }
    }

    /// The time that Entra asks to wait.
    #[cfg(feature = "_diesel")]
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(_, endpoint) | Self::Status(endpoint) => endpoint.retry_after(),
            _ => None,
        }
    }

    /// Entra's word that the grant is over, so that the user has to sign in again; it says so by `error`
    /// alone (Microsoft identity platform, "Handling error codes in your application"). All else may be
    /// the application's or Microsoft's trouble.
    #[cfg(feature = "_diesel")]
    pub(crate) fn ended_grant(&self) -> Option<&EntraRefusal> {
        match self {
            Self::Refused(refusal, endpoint) if !endpoint.is_outage() => {
                Some(refusal).filter(|refusal| refusal.ends_grant())
            }
            _ => None,
        }
    }
}

/// What becomes tokens.
pub(crate) enum Grant<'a> {
    /// OpenID Connect Core 1.0, section 3.1.3.
    Code {
        code: AuthorizationCode,
        /// The PKCE verifier.
        verifier: Secret,
        redirect_uri: &'a RedirectUrl,
    },
    /// RFC 6749, section 6. The scopes are sent, since Entra has been seen to refuse a request without.
    #[cfg(feature = "_diesel")]
    Refresh {
        token: RefreshToken,
        scopes: &'a [Scope],
    },
    /// RFC 6749, section 4.4: to try the credential.
    #[cfg(feature = "cli")]
    ClientCredentials { scope: String },
}

/// The application at a token endpoint.
pub(crate) struct TokenClient<'a> {
    pub(crate) client: &'a Client,
    pub(crate) credential: &'a Credential,
    /// Whether the application handles claims challenges.
    pub(crate) declares_capability: bool,
    pub(crate) request: TokenRequest<'a>,
}

impl TokenClient<'_> {
    /// Redeems a grant. Entra authenticates the client before it looks at the grant, so another
    /// credential may be tried after a refusal of the first.
    pub(crate) async fn redeem(&self, grant: &Grant<'_>) -> Result<Tokens, ExchangeError> {
        let first = self.credential.authenticate(&self.request).await;
        let first = first.map_err(ExchangeError::Credential)?;
        match self.redeem_as(&first, grant).await {
            Err(ExchangeError::Refused(refusal, endpoint)) => {
                match self.credential.after_refusal(&first, &refusal).await {
                    Some(other) => {
                        let redeemed = self.redeem_as(&other, grant).await;
                        let is_refused = |error: &ExchangeError| matches!(error, ExchangeError::Refused(refusal, _) if refusal.is_wrong_secret());
                        if !redeemed.as_ref().is_err_and(is_refused) {
                            self.credential.is_taken(&other);
                        }
                        redeemed
                    }
                    None => Err(ExchangeError::Refused(refusal, endpoint)),
                }
            }
            redeemed => redeemed,
        }
    }

    async fn redeem_as(
        &self,
        authentication: &ClientAuthentication,
        grant: &Grant<'_>,
    ) -> Result<Tokens, ExchangeError> {
        // openidconnect's errors know neither endpoint nor request id, so a refusal is read here.
        let answered = Cell::new(None);
        let TokenRequest { http, timeout, .. } = self.request;
        let send = async |request| {
            let response = http.send(request, timeout).await;
            let response = response.map_err(ExchangeError::Unreachable)?;
            if response.status() != StatusCode::OK {
                return Err(ExchangeError::of_status(response));
            }
            answered.set(Some(response.source));
            Ok(HttpResponse::new(response.body))
        };
        let send = |request| send(request);
        let mut fields = authentication.fields();
        if self.declares_capability {
            let claims = Value::Object(client_capability::declare(Map::new()));
            fields.push(("claims", claims.to_string()));
        }
        let sent = match grant {
            Grant::Code {
                code,
                verifier,
                redirect_uri,
            } => {
                let verifier = PkceCodeVerifier::new(verifier.expose().to_owned());
                let mut request = self
                    .client
                    .exchange_code(code.clone())
                    .set_pkce_verifier(verifier)
                    .set_redirect_uri(Cow::Borrowed(*redirect_uri));
                for (name, value) in fields {
                    request = request.add_extra_param(name, value);
                }
                request.request_async(&send).await
            }
            #[cfg(feature = "cli")]
            Grant::ClientCredentials { scope } => {
                let mut request = self.client.exchange_client_credentials();
                request = request.add_scope(Scope::new(scope.clone()));
                for (name, value) in fields {
                    request = request.add_extra_param(name, value);
                }
                request.request_async(&send).await
            }
            #[cfg(feature = "_diesel")]
            Grant::Refresh { token, scopes } => {
                let mut request = self.client.exchange_refresh_token(token);
                request = request.add_scopes(scopes.iter().cloned());
                for (name, value) in fields {
                    request = request.add_extra_param(name, value);
                }
                request.request_async(&send).await
            }
        };
        read(sent, answered.take())
    }
}

/// What openidconnect's error is, of a request whose failures are ours.
type Failed = RequestTokenError<ExchangeError, StandardErrorResponse<CoreErrorResponseType>>;

fn read(
    sent: Result<TokenDocument, Failed>,
    answered: Option<Source>,
) -> Result<Tokens, ExchangeError> {
    match (sent, answered) {
        (Ok(document), Some(endpoint)) => Ok(Tokens::new(document, endpoint)),
        (Err(RequestTokenError::Request(error)), _) => Err(error),
        // The body is kept out of the error: it may hold tokens.
        (Err(RequestTokenError::Parse(error, _)), Some(endpoint)) => {
            let at = error.path().to_string();
            Err(ExchangeError::Malformed { endpoint, at })
        }
        (Err(_), Some(endpoint)) => {
            let at = "its body".to_owned();
            Err(ExchangeError::Malformed { endpoint, at })
        }
        (_, None) => Err(ExchangeError::Client("no request was sent".to_owned())),
    }
}
