//! Access tokens that Entra issued for the application's own API (Microsoft identity platform, "Access token
//! claims reference").

use std::{rc::Rc, sync::Arc};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    entra_values::strings,
    id_token::{RawIdToken, Unverified},
    provider::{Provider, Snapshot},
    token_error::TokenError,
    verify::{Expected, with_key},
};
use crate::{http_client::HttpClient, settings::config::Settings};

/// The claims of a verified access token. Only [`verify`] makes them.
#[derive(Clone, Debug)]
pub(crate) struct ApiClaims {
    pub(crate) tenant_id: Uuid,
    pub(crate) object_id: String,
    /// `azp`: the application that asked for the token.
    pub(crate) client_id: String,
    /// `scp`: what a person lets the client do; none in a token of an application's own.
    pub(crate) scopes: Option<Vec<String>>,
    /// `roles`: the app roles of the person, or the permissions of the application.
    pub(crate) roles: Vec<String>,
    pub(crate) all: Arc<Map<String, Value>>,
}

/// Verifies an access token, by the same keys and issuers as ID tokens.
pub(crate) async fn verify(
    provider: &Arc<Provider>,
    http: &Rc<HttpClient>,
    snapshot: Arc<Snapshot>,
    token: &str,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<ApiClaims, TokenError> {
    let unverified = Unverified::read(&RawIdToken::new(token))?;
    // Before the signature, since the issuer of version 1 has other keys; it decides nothing but a refusal.
    check_version(&unverified.all)?;
    let snapshot = with_key(provider, http, snapshot, &unverified, settings).await?;
    let expected = Expected {
        settings,
        nonce: None,
        now,
    };
    expected.check(&snapshot, &unverified, audience(&unverified.all, settings))?;
    claims(&unverified)
}

fn check_version(claims: &Map<String, Value>) -> Result<(), TokenError> {
    match claims.get("ver").and_then(Value::as_str) {
        Some("2.0") => Ok(()),
        Some("1.0") => Err(TokenError::Version("1".to_owned())),
        _ => Err(TokenError::NoAccessToken("ver")),
    }
}

/// The application's id; or its URI, if the token names that one alone.
fn audience<'a>(claims: &Map<String, Value>, settings: &'a Settings) -> &'a str {
    let uri = settings.application_id_uri.as_str();
    let named = claims.get("aud").and_then(Value::as_str);
    if !uri.is_empty() && named == Some(uri) {
        uri
    } else {
        &settings.application_id
    }
}

/// Tells a person's token from an application's, and both from an ID token, which has the same issuer and
/// audience, and perhaps `roles`.
fn claims(unverified: &Unverified) -> Result<ApiClaims, TokenError> {
    let all = &unverified.all;
    let text = |name: &str| all.get(name).and_then(Value::as_str);
    if all.contains_key("nonce") {
        return Err(TokenError::NoAccessToken("nonce"));
    }
    let client_id = text("azp").filter(|azp| Uuid::try_parse(azp).is_ok());
    let client_id = client_id.ok_or(TokenError::NoAccessToken("azp"))?;
    // How the client authenticated itself: 0 not at all, 1 by a secret, 2 by a certificate.
    let authentication = text("azpacr").filter(|how| ["0", "1", "2"].contains(how));
    let authentication = authentication.ok_or(TokenError::NoAccessToken("azpacr"))?;
    let scopes = match all.get("scp") {
        None => None,
        Some(Value::String(scopes)) if !scopes.trim().is_empty() => {
            Some(scopes.split_ascii_whitespace().map(str::to_owned).collect())
        }
        Some(_) => return Err(TokenError::NoAccessToken("scp")),
    };
    let is_of_application = scopes.is_none();
    let names_kind = match text("idtyp") {
        None => true,
        Some("app") => is_of_application,
        Some("user") => !is_of_application,
        Some(_) => false,
    };
    if !names_kind {
        return Err(TokenError::NoAccessToken("idtyp"));
    }
    if is_of_application && authentication == "0" {
        return Err(TokenError::NoAccessToken("azpacr"));
    }
    Ok(ApiClaims {
        tenant_id: unverified.tenant_id,
        object_id: unverified.claims.oid.clone(),
        client_id: client_id.to_owned(),
        scopes,
        roles: strings(all.get("roles")),
        all: Arc::clone(all),
    })
}
