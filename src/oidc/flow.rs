//! The authorization code flow: the client, and the authorization request.

use std::borrow::Cow;

use openidconnect::{
    AuthType, AuthUrl, AuthenticationFlow, ClientId, CsrfToken, EmptyAdditionalClaims,
    EndpointNotSet, EndpointSet, IssuerUrl, JsonWebKeySet, LoginHint, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse, TokenUrl,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm, CoreResponseType, CoreRevocableToken,
        CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
    },
};
use serde_json::{Map, Value};
use url::Url;

use super::{keys::EntraKey, metadata::Metadata, token_response::TokenDocument};
use crate::settings::{choices::ResponseMode, hint::Hint};

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
/// sign for the token's tenant; and no credential, which is
/// [`Credential`](super::credential::Credential)'s.
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
    pub(crate) scopes: Vec<Scope>,
    /// The parameter `claims` (OpenID Connect Core 1.0, section 5.5); empty for none.
    pub(crate) claims: Map<String, Value>,
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
        .add_scopes(request.scopes)
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
    if !request.claims.is_empty() {
        let claims = Value::Object(request.claims).to_string();
        asked = asked.add_extra_param("claims", claims);
    }
    let (url, _, _) = asked.url();
    url
}
