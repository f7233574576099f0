//! The authorization code flow: the authorization request, and the redemption of the code.

use std::{borrow::Cow, time::Duration};

use openidconnect::{
    AuthType, AuthUrl, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointNotSet, EndpointSet, IdToken, IdTokenFields, IssuerUrl,
    JsonWebKeySet, LoginHint, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, StandardErrorResponse, StandardTokenResponse,
    TokenResponse, TokenUrl,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreResponseType,
        CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
        CoreTokenType,
    },
};
use serde::Deserialize;
use url::Url;

use super::{claims::EntraClaims, keys::EntraKey, metadata::Metadata, refusal::EntraRefusal};
use crate::{
    http_client::{HttpClient, HttpError},
    settings::{choices::ResponseMode, hint::Hint},
    util::secret::Secret,
};

pub(crate) type EntraIdToken = IdToken<
    EntraClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

type Fields = IdTokenFields<
    EntraClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// The openidconnect client with our claims and keys: the one alias for its many parameters.
pub(crate) type Client<Authorize = EndpointSet, Token = EndpointSet> = openidconnect::Client<
    EntraClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    EntraKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
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
/// sign for the token's tenant.
pub(crate) fn client(metadata: &Metadata, application_id: &str, client_secret: &Secret) -> Client {
    // The client's issuer is never compared, and Entra's template is no URL.
    let issuer = IssuerUrl::from_url(metadata.token_endpoint.clone());
    let id = ClientId::new(application_id.to_owned());
    Client::<EndpointNotSet, EndpointNotSet>::new(id, issuer, JsonWebKeySet::new(Vec::new()))
        .set_client_secret(ClientSecret::new(client_secret.expose().to_owned()))
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

/// The token response, not verified.
pub(crate) struct Tokens {
    pub(crate) id_token: EntraIdToken,
    pub(crate) access_token: Secret,
}

/// A token response that is complete: if it failed to parse, the ID token is at fault.
#[derive(Deserialize)]
struct CompleteResponse {
    #[serde(rename = "access_token")]
    _access_token: String,
    #[serde(rename = "id_token")]
    _id_token: String,
}

/// Why the code could not be redeemed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ExchangeError {
    #[error("Entra's token endpoint gave no answer")]
    Unreachable(#[source] HttpError),
    #[error("Entra refused the code: {0}")]
    Refused(EntraRefusal),
    #[error("Entra's answer is no token response (at `{0}`)")]
    Malformed(String),
    #[error("Entra gave no ID token")]
    NoIdToken,
    #[error("a claim of the ID token is missing or of a wrong type, or its header can't be parsed")]
    IdToken,
}

/// Redeems the code (OpenID Connect Core 1.0, section 3.1.3).
pub(crate) async fn redeem_code(
    client: &Client,
    http: &HttpClient,
    code: AuthorizationCode,
    verifier: PkceCodeVerifier,
    redirect_uri: &RedirectUrl,
    timeout: Duration,
) -> Result<Tokens, ExchangeError> {
    let send = |request| http.send(request, timeout);
    let response = client
        .exchange_code(code)
        .set_pkce_verifier(verifier)
        .set_redirect_uri(Cow::Borrowed(redirect_uri))
        .request_async(&send)
        .await
        .map_err(|error| match error {
            RequestTokenError::Request(error) => ExchangeError::Unreachable(error),
            RequestTokenError::ServerResponse(refusal) => {
                let description = refusal.error_description().map_or("", String::as_str);
                let error = refusal.error().to_string();
                ExchangeError::Refused(EntraRefusal::new(&error, description))
            }
            // The body is kept out of the error: it may hold tokens.
            RequestTokenError::Parse(error, body) => match serde_json::from_slice(&body) {
                Ok(CompleteResponse { .. }) => ExchangeError::IdToken,
                Err(_) => ExchangeError::Malformed(error.path().to_string()),
            },
            RequestTokenError::Other(_) => ExchangeError::Malformed("the content type".to_owned()),
        })?;
    let id_token = response.id_token().ok_or(ExchangeError::NoIdToken)?;
    Ok(Tokens {
        id_token: id_token.clone(),
        access_token: Secret::new(response.access_token().secret().clone()),
    })
}
