//! The authorization code flow: the URL that the browser is sent to, and the code's exchange.

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

use super::{
    claims::EntraClaims,
    http::{HttpClient, HttpError},
    keys::EntraKey,
    metadata::Metadata,
};
use crate::{aadsts::EntraRefusal, prompt::Prompt, secret::Secret, settings::ResponseMode};

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

/// The openidconnect client with our claims and keys. The one alias for its many parameters.
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

/// The client for one set of metadata. It holds no keys: tokens are verified with those that may
/// speak for the token's tenant, in [`super::verify`].
pub(crate) fn client(metadata: &Metadata, application_id: &str, client_secret: &Secret) -> Client {
    // The template isn't a URL to the letter; the issuer of the client is never compared.
    let issuer = IssuerUrl::from_url(metadata.token_endpoint.clone());
    let id = ClientId::new(application_id.to_owned());
    Client::<EndpointNotSet, EndpointNotSet>::new(id, issuer, JsonWebKeySet::new(Vec::new()))
        .set_client_secret(ClientSecret::new(client_secret.expose().to_owned()))
        .set_auth_type(AuthType::RequestBody)
        .set_auth_uri(AuthUrl::from_url(metadata.authorization_endpoint.clone()))
        .set_token_uri(TokenUrl::from_url(metadata.token_endpoint.clone()))
}

/// What one authorization request is made of.
pub(crate) struct AuthorizeRequest<'a> {
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
    pub(crate) redirect_uri: &'a RedirectUrl,
    pub(crate) scopes: &'a [Scope],
    pub(crate) response_mode: ResponseMode,
    pub(crate) prompt: Option<Prompt>,
    pub(crate) login_hint: Option<String>,
    pub(crate) domain_hint: Option<String>,
}

/// The URL that the browser is sent to: `response_type=code`, PKCE S256 always (RFC 7636; never
/// gated on metadata, which doesn't name it).
pub(crate) fn authorize_url(client: &Client, request: AuthorizeRequest<'_>) -> Url {
    let verifier = PkceCodeVerifier::new(request.verifier);
    let mut asked = client
        .authorize_url(
            AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
            || CsrfToken::new(request.state),
            || Nonce::new(request.nonce),
        )
        .set_redirect_uri(Cow::Borrowed(request.redirect_uri))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .add_scopes(request.scopes.iter().cloned())
        .add_extra_param("response_mode", request.response_mode.as_str());
    if let Some(prompt) = request.prompt {
        asked = asked.add_prompt(prompt.into());
    }
    // Entra refuses a hint together with the account picker.
    if let Some(hint) = request
        .login_hint
        .filter(|_| request.prompt != Some(Prompt::SelectAccount))
    {
        asked = asked.set_login_hint(LoginHint::new(hint));
    }
    if let Some(hint) = request.domain_hint {
        asked = asked.add_extra_param("domain_hint", hint);
    }
    let (url, _, _) = asked.url();
    url
}

/// What the token endpoint gave, not verified.
pub(crate) struct Tokens {
    pub(crate) id_token: EntraIdToken,
    pub(crate) access_token: Secret,
}

/// A token response in which everything is there, so that what couldn't be read is the ID token.
#[derive(Deserialize)]
struct Strings {
    #[serde(rename = "access_token")]
    _access_token: String,
    #[serde(rename = "id_token")]
    _id_token: String,
}

/// Why the code could not be exchanged.
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
    #[error("a claim of the ID token is missing or of a wrong type, or its header can't be read")]
    IdToken,
}

/// Exchanges the code (OpenID Connect Core 1.0, section 3.1.3).
pub(crate) async fn exchange(
    client: &Client,
    http: &HttpClient,
    code: &str,
    verifier: String,
    redirect_uri: &RedirectUrl,
    within: Duration,
) -> Result<Tokens, ExchangeError> {
    let send = |request| http.send(request, within);
    let response = client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier))
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
                Ok(Strings { .. }) => ExchangeError::IdToken,
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
