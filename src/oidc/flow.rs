//! The authorization code flow: the authorization request, and the redemption of the code.

use std::{borrow::Cow, cell::Cell};

use awc::http::StatusCode;
use openidconnect::{
    AuthType, AuthUrl, AuthenticationFlow, AuthorizationCode, ClientId, CsrfToken,
    EmptyAdditionalClaims, EndpointNotSet, EndpointSet, HttpResponse, IssuerUrl, JsonWebKeySet,
    LoginHint, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    StandardErrorResponse, TokenUrl,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm, CoreResponseType, CoreRevocableToken,
        CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
    },
};
use url::Url;

use super::{
    aadsts::Remedy,
    credential::{ClientAuthentication, Credential, error::CredentialError, request::TokenRequest},
    id_token::RawIdToken,
    keys::EntraKey,
    metadata::Metadata,
    refusal::EntraRefusal,
    token_response::TokenDocument,
};
use crate::{
    http_client::response::{HttpError, Response, Source},
    settings::{choices::ResponseMode, hint::Hint},
    util::secret::Secret,
};

/// The openidconnect client with our keys and token response: the one alias for its many parameters.
pub(crate) type Client<Authorize = EndpointSet, Token = EndpointSet> = openidconnect::Client<
    EmptyAdditionalClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    EntraKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    TokenDocument,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    Authorize,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    Token,
    EndpointNotSet,
>;

/// The client for one set of metadata. It holds no keys: [`super::verify`] chooses those that may
/// sign for the token's tenant; and no credential, which is [`Credential`]'s.
pub(crate) fn client(metadata: &Metadata, application_id: &str) -> Client {
    // The client's issuer is never compared, and Entra's template is no URL.
    let issuer = IssuerUrl::from_url(metadata.token_endpoint.clone());
    let id = ClientId::new(application_id.to_owned());
    Client::<EndpointNotSet, EndpointNotSet>::new(id, issuer, JsonWebKeySet::new(Vec::new()))
        .set_auth_type(AuthType::RequestBody)
        .set_auth_uri(AuthUrl::from_url(metadata.authorization_endpoint.clone()))
        .set_token_uri(TokenUrl::from_url(metadata.token_endpoint.clone()))
}

/// One authorization request.
pub(crate) struct AuthorizeRequest<'a> {
    pub(crate) state: CsrfToken,
    pub(crate) nonce: Nonce,
    pub(crate) verifier: PkceCodeVerifier,
    pub(crate) redirect_uri: &'a RedirectUrl,
    pub(crate) scopes: &'a [Scope],
    pub(crate) response_mode: ResponseMode,
    pub(crate) prompt: Option<CoreAuthPrompt>,
    pub(crate) login_hint: Option<Hint>,
    pub(crate) domain_hint: Option<Hint>,
}

/// The URL of the authorization request: `response_type=code`, always with PKCE S256 (RFC 7636),
/// though Entra's metadata doesn't advertise it.
pub(crate) fn authorize_url(client: &Client, request: AuthorizeRequest<'_>) -> Url {
    let mut asked = client
        .authorize_url(
            AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
            || request.state,
            || request.nonce,
        )
        .set_redirect_uri(Cow::Borrowed(request.redirect_uri))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(
            &request.verifier,
        ))
        .add_scopes(request.scopes.iter().cloned())
        .add_extra_param("response_mode", request.response_mode.as_str());
    // Entra refuses a hint together with the account picker.
    let is_picker = request.prompt == Some(CoreAuthPrompt::SelectAccount);
    if let Some(prompt) = request.prompt {
        asked = asked.add_prompt(prompt);
    }
    if let Some(hint) = request.login_hint.filter(|_| !is_picker) {
        asked = asked.set_login_hint(LoginHint::new(hint.into()));
    }
    if let Some(hint) = request.domain_hint {
        asked = asked.add_extra_param("domain_hint", String::from(hint));
    }
    let (url, _, _) = asked.url();
    url
}

/// The tokens of the response, not verified.
pub(crate) struct Tokens {
    pub(crate) id_token: RawIdToken,
    pub(crate) access_token: Secret,
}

/// Why the code could not be redeemed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ExchangeError {
    #[error("the application can't authenticate itself to Entra")]
    Credential(#[source] CredentialError),
    #[error("Entra's token endpoint gave no answer")]
    Unreachable(#[source] HttpError),
    #[error("Entra refused the code: {0}; {1}")]
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
}

/// What becomes tokens.
pub(crate) struct CodeExchange<'a> {
    pub(crate) client: &'a Client,
    pub(crate) credential: &'a Credential,
    pub(crate) request: TokenRequest<'a>,
    pub(crate) code: AuthorizationCode,
    /// The PKCE verifier.
    pub(crate) verifier: Secret,
    pub(crate) redirect_uri: &'a RedirectUrl,
}

impl CodeExchange<'_> {
    /// Redeems the code (OpenID Connect Core 1.0, section 3.1.3). Entra authenticates the client before
    /// it looks at the code, so another credential may be tried after a refusal of the first.
    pub(crate) async fn redeem(&self) -> Result<Tokens, ExchangeError> {
        let first = self.credential.authenticate(&self.request).await;
        let first = first.map_err(ExchangeError::Credential)?;
        match self.redeem_as(&first).await {
            Err(ExchangeError::Refused(refusal, endpoint)) => {
                match self.credential.after_refusal(&first, &refusal).await {
                    Some(other) => {
                        let redeemed = self.redeem_as(&other).await;
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
        let verifier = PkceCodeVerifier::new(self.verifier.expose().to_owned());
        let mut request = self
            .client
            .exchange_code(self.code.clone())
            .set_pkce_verifier(verifier)
            .set_redirect_uri(Cow::Borrowed(self.redirect_uri));
        for (name, value) in authentication.fields() {
            request = request.add_extra_param(name, value);
        }
        let document = match (request.request_async(&send).await, answered.take()) {
            (Ok(document), Some(endpoint)) => (document, endpoint),
            (Err(RequestTokenError::Request(error)), _) => return Err(error),
            // The body is kept out of the error: it may hold tokens.
            (Err(RequestTokenError::Parse(error, _)), Some(endpoint)) => {
                let at = error.path().to_string();
                return Err(ExchangeError::Malformed { endpoint, at });
            }
            (Err(_), Some(endpoint)) => {
                let at = "its body".to_owned();
                return Err(ExchangeError::Malformed { endpoint, at });
            }
            (_, None) => return Err(ExchangeError::Client("no request was sent".to_owned())),
        };
        let (
            TokenDocument {
                access_token,
                id_token,
            },
            endpoint,
        ) = document;
        Ok(Tokens {
            id_token: id_token.ok_or(ExchangeError::NoIdToken(endpoint))?,
            access_token: Secret::new(access_token.into_secret()),
        })
    }
}
