//! The claims of Entra's ID token: as they come, and as they are once verified.

use openidconnect::{AdditionalClaims, IdTokenClaims, core::CoreGenderClaim};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Entra's claims beside the standard ones (Microsoft identity platform, "ID token claims
/// reference"). Types are strict where a check rests on them: a `nbf` that is text is refused,
/// not taken for absent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct EntraClaims {
    #[serde(default)]
    pub(super) tid: Option<String>,
    #[serde(default)]
    pub(super) oid: Option<String>,
    #[serde(default)]
    pub(super) nbf: Option<i64>,
    /// The JSON type varies in the wild, so it is read leniently and anything odd is "no".
    #[serde(default)]
    xms_edov: Option<serde_json::Value>,
    #[serde(default)]
    sid: Option<String>,
    #[serde(default)]
    login_hint: Option<String>,
}

impl AdditionalClaims for EntraClaims {}

pub(crate) type TokenClaims = IdTokenClaims<EntraClaims, CoreGenderClaim>;

/// What a verified ID token says of the person. Only [`super::verify`] makes it.
#[derive(Clone, Debug)]
pub(crate) struct Claims {
    pub(crate) tenant_id: Uuid,
    pub(crate) object_id: String,
    pub(crate) subject: String,
    pub(crate) email: Option<String>,
    /// Entra vouches that the user's tenant owns the domain of `email`.
    pub(crate) email_domain_verified: bool,
    pub(crate) preferred_username: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) given_name: Option<String>,
    pub(crate) family_name: Option<String>,
    /// Entra's session, as front-channel logout names it.
    pub(crate) session_id: Option<String>,
    /// Names the account to Entra at single sign-out.
    pub(crate) login_hint: Option<String>,
}

impl Claims {
    pub(super) fn new(tenant_id: Uuid, object_id: String, claims: &TokenClaims) -> Self {
        let own = claims.additional_claims();
        let text = |text: Option<&str>| text.map(str::to_owned);
        Self {
            tenant_id,
            object_id,
            subject: claims.subject().to_string(),
            email: text(claims.email().map(|email| email.as_str())),
            email_domain_verified: own.xms_edov.as_ref().is_some_and(is_true),
            preferred_username: text(claims.preferred_username().map(|name| name.as_str())),
            name: text(
                claims
                    .name()
                    .and_then(|name| name.get(None))
                    .map(|name| name.as_str()),
            ),
            given_name: text(
                claims
                    .given_name()
                    .and_then(|name| name.get(None))
                    .map(|name| name.as_str()),
            ),
            family_name: text(
                claims
                    .family_name()
                    .and_then(|name| name.get(None))
                    .map(|name| name.as_str()),
            ),
            session_id: opaque(&own.sid, 255),
            login_hint: opaque(&own.login_hint, 1024),
        }
    }
}

/// A value that is only ever compared or sent back, if it is one that can be kept.
fn opaque(value: &Option<String>, most: usize) -> Option<String> {
    let fits = |value: &&String| value.len() <= most && value.bytes().all(|b| b.is_ascii_graphic());
    value.as_ref().filter(fits).cloned()
}

fn is_true(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Bool(value) => *value,
        serde_json::Value::Number(value) => value.as_i64() == Some(1),
        serde_json::Value::String(value) => value == "1" || value.eq_ignore_ascii_case("true"),
        _ => false,
    }
}
