//! What a page of the application asks of a sign-in beyond the settings: scopes, an authentication
//! context, a fresh sign-in, the answer to a claims challenge. It travels sealed in a link to `login/`,
//! for the signed-in user
//! and a short time, so that no link of somebody else's asks a person to consent to anything.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    account::user::UserId, oidc::claims::VerifiedClaims, site::Site, util::crypto::Sealer,
};

/// Longest claims challenge that is passed on, in bytes. Microsoft's samples have about 100.
#[cfg(feature = "_diesel")]
const MAX_CHALLENGE: usize = 1000;

/// Wishes of the application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ask {
    /// Beside those of the settings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) scopes: Vec<String>,
    /// The JSON object of a claims challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
    #[serde(default)]
    pub(crate) demand: Demand,
}

/// As it is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed<A> {
    ask: A,
    /// The user who is signed in: nobody else is asked.
    user: UserId,
    at: DateTime<Utc>,
}

/// What the ID token has to show for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Demand {
    /// An authentication context of the tenant, such as `c1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) auth_context: Option<String>,
    /// Whether the person has to enter their credentials again.
    #[serde(default)]
    pub(crate) fresh: bool,
}

/// Why a sign-in doesn't meet its demand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unmet {
    #[error(
        "the ID token's `acrs` lacks the authentication context `{0}` that the page asked for: is it published in the tenant, does a Conditional Access policy use it, and does the app registration have the optional claim `acrs` for ID tokens?"
    )]
    AuthContext(String),
    #[error(
        "the page asked for a fresh sign-in, and by `auth_time` the person signed in at {0}, before it began"
    )]
    NotFresh(DateTime<Utc>),
}

impl Ask {
    pub(crate) fn demand(demand: Demand) -> Self {
        Self {
            demand,
            ..Self::default()
        }
    }

    /// The answer to a claims challenge of an API, given as the API sent it, decoded. `None` if it is no
    /// small JSON object.
    #[cfg(feature = "_diesel")]
    pub(crate) fn challenge(claims: &[u8]) -> Option<Self> {
        if claims.len() > MAX_CHALLENGE {
            return None;
        }
        let claims: Map<String, Value> = serde_json::from_slice(claims).ok()?;
        Some(Self {
            challenge: Some(Value::Object(claims).to_string()),
            ..Self::default()
        })
    }

    /// For a user who is signed in, at this time.
    pub(crate) fn seal(
        &self,
        sealer: &Sealer,
        site: &Site,
        user: &UserId,
        at: DateTime<Utc>,
    ) -> Option<String> {
        let user = user.clone();
        let plain = serde_json::to_vec(&Sealed {
            ask: self,
            user,
            at,
        })
        .ok()?;
        sealer.seal(&site.purpose("ask"), &plain).ok()
    }

    /// Opens what [`Self::seal`] made for the same site and user, within the setting `timeout`; `None` for
    /// anything else.
    pub(crate) fn open(
        sealer: &Sealer,
        site: &Site,
        user: &UserId,
        now: DateTime<Utc>,
        sealed: &str,
    ) -> Option<Self> {
        let plain = sealer.open(&site.purpose("ask"), sealed)?;
        let sealed: Sealed<Self> = serde_json::from_slice(&plain).ok()?;
        let timeout = TimeDelta::from_std(site.config.timeout).unwrap_or(TimeDelta::MAX);
        let is_recent = (now - sealed.at).abs() < timeout;
        (is_recent && sealed.user == *user).then_some(sealed.ask)
    }

    /// The parameter `claims` (OpenID Connect Core 1.0, section 5.5): the challenge's, and the
    /// authentication context in the ID token (Microsoft identity platform, "Developer guide to
    /// Conditional Access authentication context").
    pub(crate) fn claims(&self) -> Map<String, Value> {
        let challenge = self.challenge.as_deref();
        let challenge = challenge.and_then(|claims| serde_json::from_str(claims).ok());
        let mut claims: Map<String, Value> = challenge.unwrap_or_default();
        if let Some(context) = &self.demand.auth_context {
            let acrs = json!({ "essential": true, "value": context });
            let id_token = claims.entry("id_token").or_insert_with(|| json!({}));
            if let Some(id_token) = id_token.as_object_mut() {
                id_token.insert("acrs".to_owned(), acrs);
            }
        }
        claims
    }
}

impl Demand {
    /// Checks what the ID token shows. Without `auth_time` a fresh sign-in is taken on trust: the optional
    /// claim proves it.
    pub(crate) fn check(
        &self,
        claims: &VerifiedClaims,
        began_at: DateTime<Utc>,
        leeway: TimeDelta,
    ) -> Result<(), Unmet> {
        if let Some(context) = &self.auth_context
            && !claims.auth_contexts().contains(context)
        {
            return Err(Unmet::AuthContext(context.clone()));
        }
        match claims.authenticated_at() {
            Some(at) if self.fresh && at < began_at - leeway => Err(Unmet::NotFresh(at)),
            _ => Ok(()),
        }
    }
}

/// Whether a text can be an authentication context.
pub(crate) fn is_auth_context(context: &str) -> bool {
    !context.is_empty() && context.len() <= 16 && context.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::config::Config;

    fn site(name: &str) -> Site {
        let config = Config::builder().enabled(false).build().unwrap();
        Site::new(name, config).unwrap()
    }

    #[test]
    fn what_is_asked_is_sealed_for_its_site_and_user_and_a_short_time() {
        let sealer = Sealer::new(&[1; 64], &[]).unwrap();
        let ask = Ask {
            scopes: vec!["Mail.Read".to_owned()],
            challenge: Some("{}".to_owned()),
            demand: Demand {
                auth_context: Some("c1".to_owned()),
                fresh: true,
            },
        };
        let (ada, eve) = (UserId::from(1), UserId::from(2));
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let sealed = ask.seal(&sealer, &site("a"), &ada, at).unwrap();
        let open = |name: &str, user: &UserId, minutes: i64, sealed: &str| {
            let now = at + TimeDelta::minutes(minutes);
            Ask::open(&sealer, &site(name), user, now, sealed)
        };
        assert_eq!(open("a", &ada, 9, &sealed), Some(ask));
        assert_eq!(open("a", &ada, 10, &sealed), None);
        assert_eq!(open("a", &eve, 0, &sealed), None);
        assert_eq!(open("b", &ada, 0, &sealed), None);
        assert_eq!(open("a", &ada, 0, "x"), None);
    }

    #[test]
    fn a_challenge_is_a_small_object_and_goes_together_with_the_context() {
        let sample = br#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;
        let mut ask = Ask::challenge(sample).unwrap();
        ask.demand.auth_context = Some("c1".to_owned());
        assert_eq!(
            Value::Object(ask.claims()),
            json!({
                "access_token": { "nbf": { "essential": true, "value": "1604106651" } },
                "id_token": { "acrs": { "essential": true, "value": "c1" } },
            })
        );
        assert!(Ask::default().claims().is_empty());
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_CHALLENGE));
        for bad in [&b"[]"[..], b"", b"\"x\"", b"{", long.as_bytes()] {
            assert_eq!(Ask::challenge(bad), None);
        }
    }
}
