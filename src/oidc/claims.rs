//! The claims of Entra's ID token: as they come, and as they are once verified.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::entra_values::{is_guest, is_true, strings};
use crate::util::lenient;

/// The claims that are read (Microsoft identity platform, "ID token claims reference"), but for those
/// that openidconnect checks. Types are strict where a check depends on them: a `nbf` that is text is
/// refused, not treated as absent. Everything else is read leniently, and refuses nobody.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct EntraClaims {
    pub(super) sub: String,
    pub(super) oid: String,
    #[serde(default)]
    pub(super) nbf: Option<i64>,
    #[serde(default)]
    pub(super) azp: Option<String>,
    #[serde(default)]
    pub(super) at_hash: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) email: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    preferred_username: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    given_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    family_name: Option<String>,
    /// Its JSON type varies, so it is read leniently; anything odd is "no".
    #[serde(default)]
    xms_edov: Option<Value>,
    #[serde(default, deserialize_with = "lenient::text")]
    sid: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    login_hint: Option<String>,
    #[serde(default)]
    auth_time: Option<Value>,
    #[serde(default)]
    acrs: Option<Value>,
    // A claim that grants something grants nothing when its type is odd.
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
    #[serde(default)]
    idp: Option<Value>,
}

/// The claims of a verified ID token. Only [`super::verify`] makes those that sign somebody in.
#[derive(Clone, Debug)]
pub(crate) struct VerifiedClaims {
    tenant_id: Uuid,
    object_id: String,
    subject: String,
    email: Option<String>,
    is_email_domain_owner_verified: bool,
    preferred_username: Option<String>,
    name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    session_id: Option<String>,
    login_hint: Option<String>,
    authenticated_at: Option<DateTime<Utc>>,
    auth_contexts: Vec<String>,
    app_roles: Vec<String>,
    groups: GroupsClaim,
    is_guest: Option<bool>,
    all: Arc<Map<String, Value>>,
}

/// What the ID token says of groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GroupsClaim {
    /// These object ids; none without the claim.
    Listed(Vec<String>),
    /// More than fit into a token (over 200): ask Graph.
    Overage,
}

impl GroupsClaim {
    /// Microsoft identity platform, "Configure group claims": on overage, `groups` is left out,
    /// and `_claim_names` or `hasgroups` says so. The URL in `_claim_sources` is never called.
    fn from_claims(
        groups: Option<&Value>,
        claim_names: Option<&Value>,
        hasgroups: Option<&Value>,
    ) -> Self {
        let is_elsewhere = claim_names.is_some_and(|names| names.get("groups").is_some());
        let listed = strings(groups);
        if listed.is_empty() && (is_elsewhere || hasgroups.is_some_and(is_true)) {
            return Self::Overage;
        }
        Self::Listed(listed)
    }
}

impl VerifiedClaims {
    /// Claims that an operator wrote, to see what would come of them. They sign nobody in.
    #[cfg(feature = "cli")]
    pub(crate) fn of_simulation(claims: Map<String, Value>) -> Result<Self, String> {
        let own = EntraClaims::deserialize(&claims);
        let own = own.map_err(|error| format!("`claims`: {error}"))?;
        let tenant = claims.get("tid").and_then(Value::as_str);
        let tenant = tenant.and_then(|tenant| Uuid::try_parse(tenant).ok());
        let tenant = tenant.ok_or("`claims`: there is no `tid` that is a UUID")?;
        Ok(Self::new(tenant, &own, Arc::new(claims)))
    }

    pub(super) fn new(tenant_id: Uuid, own: &EntraClaims, all: Arc<Map<String, Value>>) -> Self {
        Self {
            tenant_id,
            object_id: own.oid.clone(),
            subject: own.sub.clone(),
            email: own.email.clone(),
            is_email_domain_owner_verified: own.xms_edov.as_ref().is_some_and(is_true),
            preferred_username: own.preferred_username.clone(),
            name: own.name.clone(),
            given_name: own.given_name.clone(),
            family_name: own.family_name.clone(),
            session_id: opaque(&own.sid, 255),
            login_hint: opaque(&own.login_hint, 1024),
            authenticated_at: own
                .auth_time
                .as_ref()
                .and_then(Value::as_i64)
                .and_then(|at| DateTime::from_timestamp(at, 0)),
            auth_contexts: strings(own.acrs.as_ref()),
            app_roles: strings(own.roles.as_ref()),
            groups: GroupsClaim::from_claims(
                own.groups.as_ref(),
                own.claim_names.as_ref(),
                own.hasgroups.as_ref(),
            ),
            is_guest: is_guest(own.acct.as_ref(), own.idp.as_ref(), tenant_id),
            all,
        }
    }

    /// `tid`: the tenant signed in to.
    pub(crate) fn tenant_id(&self) -> Uuid {
        self.tenant_id
    }

    /// `oid`: the immutable id of the account in that tenant.
    pub(crate) fn object_id(&self) -> &str {
        &self.object_id
    }

    /// `sub`: the id of the account for this application alone.
    pub(crate) fn subject(&self) -> &str {
        &self.subject
    }

    pub(crate) fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// `xms_edov`: Entra vouches that the account's tenant owns the domain of `email`.
    pub(crate) fn is_email_domain_owner_verified(&self) -> bool {
        self.is_email_domain_owner_verified
    }

    pub(crate) fn preferred_username(&self) -> Option<&str> {
        self.preferred_username.as_deref()
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(crate) fn given_name(&self) -> Option<&str> {
        self.given_name.as_deref()
    }

    pub(crate) fn family_name(&self) -> Option<&str> {
        self.family_name.as_deref()
    }

    /// `sid`: Entra's session, as front-channel logout names it.
    pub(crate) fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }

    /// Names the account to Entra at single sign-out.
    pub(crate) fn login_hint(&self) -> Option<&str> {
        self.login_hint.as_deref()
    }

    /// `auth_time`: when the person last entered their credentials at Entra, if the token says so.
    pub(crate) fn authenticated_at(&self) -> Option<DateTime<Utc>> {
        self.authenticated_at
    }

    /// `acrs`: the authentication contexts that the sign-in satisfies.
    pub(crate) fn auth_contexts(&self) -> &[String] {
        &self.auth_contexts
    }

    /// All claims, as they came.
    pub(crate) fn all(&self) -> &Arc<Map<String, Value>> {
        &self.all
    }

    /// `roles`: the app roles assigned to the account, or to a group of it.
    pub(crate) fn app_roles(&self) -> &[String] {
        &self.app_roles
    }

    pub(crate) fn groups(&self) -> &GroupsClaim {
        &self.groups
    }

    /// Whether the account is a guest in the tenant; `None` if the token doesn't say.
    pub(crate) fn is_guest(&self) -> Option<bool> {
        self.is_guest
    }

    /// Nothing but ids.
    #[cfg(any(fuzzing, test))]
    pub(crate) fn bare(tenant_id: Uuid) -> Self {
        Self {
            tenant_id,
            object_id: "oid".to_owned(),
            subject: "sub".to_owned(),
            email: None,
            is_email_domain_owner_verified: false,
            preferred_username: None,
            name: None,
            given_name: None,
            family_name: None,
            session_id: None,
            login_hint: None,
            authenticated_at: None,
            auth_contexts: Vec::new(),
            app_roles: Vec::new(),
            groups: GroupsClaim::Listed(Vec::new()),
            is_guest: None,
            all: Arc::default(),
        }
    }

    #[cfg(test)]
    pub(crate) fn with_guest(mut self, is_guest: Option<bool>) -> Self {
        self.is_guest = is_guest;
        self
    }

    #[cfg(test)]
    pub(crate) fn with_email(mut self, email: &str, xms_edov: bool) -> Self {
        self.email = Some(email.to_owned());
        self.is_email_domain_owner_verified = xms_edov;
        self
    }

    #[cfg(test)]
    pub(crate) fn with_preferred_username(mut self, name: &str) -> Self {
        self.preferred_username = Some(name.to_owned());
        self
    }

    #[cfg(test)]
    pub(crate) fn with_name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }
}

/// A value that is only compared or sent back, if it is short and plain.
fn opaque(value: &Option<String>, max_len: usize) -> Option<String> {
    let fits =
        |value: &&String| value.len() <= max_len && value.bytes().all(|b| b.is_ascii_graphic());
    value.as_ref().filter(fits).cloned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn too_many_groups_are_told_from_none() {
        let of = |claims: Value| {
            GroupsClaim::from_claims(
                claims.get("groups"),
                claims.get("_claim_names"),
                claims.get("hasgroups"),
            )
        };
        let listed = |groups: &[&str]| {
            GroupsClaim::Listed(groups.iter().map(|group| (*group).to_owned()).collect())
        };
        assert_eq!(of(json!({})), listed(&[]));
        assert_eq!(of(json!({ "groups": ["a", "b"] })), listed(&["a", "b"]));
        assert_eq!(of(json!({ "groups": "a" })), listed(&["a"]), "one text");
        assert_eq!(of(json!({ "groups": { "a": "b" } })), listed(&[]));
        assert_eq!(of(json!({ "groups": ["a", 3, null] })), listed(&["a"]));
        assert_eq!(of(json!({ "_claim_names": {} })), listed(&[]));
        assert_eq!(
            of(json!({ "_claim_names": { "groups": "src1" } })),
            GroupsClaim::Overage
        );
        assert_eq!(of(json!({ "hasgroups": true })), GroupsClaim::Overage);
        assert_eq!(of(json!({ "hasgroups": "true" })), GroupsClaim::Overage);
        assert_eq!(of(json!({ "hasgroups": 1 })), GroupsClaim::Overage);
        assert_eq!(of(json!({ "hasgroups": false })), listed(&[]));
    }
}
