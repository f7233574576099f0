//! The claims of Entra's ID token: as they come, and as they are once verified.

use openidconnect::{AdditionalClaims, IdTokenClaims, core::CoreGenderClaim};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::groups::{Groups, strings};

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
    xms_edov: Option<Value>,
    #[serde(default)]
    sid: Option<String>,
    #[serde(default)]
    login_hint: Option<String>,
    // What gives a right and is of an odd type gives none.
    #[serde(default)]
    roles: Option<Value>,
    #[serde(default)]
    groups: Option<Value>,
    #[serde(default, rename = "_claim_names")]
    claim_names: Option<Value>,
    #[serde(default)]
    hasgroups: Option<Value>,
    #[serde(default)]
    acct: Option<Value>,
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
    /// The app roles that are assigned to the person, or to a group of theirs.
    pub(crate) app_roles: Vec<String>,
    pub(crate) groups: Groups,
    /// Entra says that the person is a guest in the tenant (the optional claim `acct`).
    pub(crate) is_guest: bool,
}

impl Claims {
    /// A person of whom nothing but the ids is known.
    #[cfg(any(fuzzing, test))]
    pub(crate) fn bare(tenant_id: Uuid) -> Self {
        Self {
            tenant_id,
            object_id: "oid".to_owned(),
            subject: "sub".to_owned(),
            email: None,
            email_domain_verified: false,
            preferred_username: None,
            name: None,
            given_name: None,
            family_name: None,
            session_id: None,
            login_hint: None,
            app_roles: Vec::new(),
            groups: Groups::Listed(Vec::new()),
            is_guest: false,
        }
    }

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
            app_roles: strings(own.roles.as_ref()),
            groups: Groups::of(
                own.groups.as_ref(),
                own.claim_names.as_ref(),
                own.hasgroups.as_ref(),
            ),
            is_guest: own.acct.as_ref().is_some_and(is_true),
        }
    }
}

/// A value that is only ever compared or sent back, if it is one that can be kept.
fn opaque(value: &Option<String>, most: usize) -> Option<String> {
    let fits = |value: &&String| value.len() <= most && value.bytes().all(|b| b.is_ascii_graphic());
    value.as_ref().filter(fits).cloned()
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::Number(value) => value.as_i64() == Some(1),
        Value::String(value) => value == "1" || value.eq_ignore_ascii_case("true"),
        _ => false,
    }
}
