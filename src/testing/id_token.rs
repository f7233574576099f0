//! ID tokens, valid and tampered with.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{keys::Keys, person::Person, registration::APPLICATION_ID};

/// How a token is signed.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Signature {
    /// By the key that its header names.
    #[default]
    Valid,
    /// By an unpublished key, under the id of the published one.
    WrongKey,
    /// By the right key, then one byte is changed.
    Corrupt,
    /// Unsigned: `alg` is `none`.
    None,
    /// With HMAC-SHA256 and this secret.
    Hs256(Vec<u8>),
}

/// An ID token before it is signed, for [`FakeEntra::tamper`](super::FakeEntra::tamper).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenParts {
    /// The header.
    pub header: Map<String, Value>,
    /// The claims.
    pub claims: Map<String, Value>,
    /// How it will be signed.
    pub signature: Signature,
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// With more, Entra refers to Graph.
const MAX_GROUPS: usize = 200;

/// The claims instead of `groups` where they are too many. Like Entra's, the endpoint is that of
/// the old Azure AD Graph.
fn groups_overage(base_url: &str, oid: &str) -> Map<String, Value> {
    object(json!({
        "_claim_names": { "groups": "src1" },
        "_claim_sources": {
            "src1": { "endpoint": format!("{base_url}/graph.windows.net/users/{oid}/getMemberObjects") },
        },
    }))
}

/// The sign-in that an ID token is for.
pub(super) struct TokenContext<'a> {
    pub(super) base_url: &'a str,
    pub(super) issuer: &'a str,
    /// None for a refresh.
    pub(super) nonce: Option<&'a str>,
    pub(super) has_email_scope: bool,
    /// Seconds since 1970.
    pub(super) now: i64,
}

impl TokenParts {
    /// The header and claims of Entra's v2.0 token for a person.
    pub(super) fn new(person: &Person, keys: &Keys, context: &TokenContext<'_>) -> Self {
        let key = if person.is_personal() {
            &keys.personal
        } else {
            &keys.signing
        };
        // Entra backdates tokens by five minutes, for clocks that are behind.
        let issued = context.now - 300;
        let mut claims = object(json!({
            "aud": APPLICATION_ID,
            "iss": context.issuer,
            "iat": issued,
            "nbf": issued,
            "exp": context.now + 3600,
            "name": person.display_name,
            "oid": person.oid,
            "preferred_username": person.user_principal_name,
            "rh": "1.AXQA.",
            "sub": person.sub,
            "tid": person.tenant,
            "uti": Uuid::new_v4().simple().to_string(),
            "ver": "2.0",
        }));
        if let Some(nonce) = context.nonce {
            claims.insert("nonce".to_owned(), json!(nonce));
        }
        let email = person.email_claim.as_ref().or(person.mail.as_ref());
        if let Some(email) = email.filter(|_| context.has_email_scope) {
            claims.insert("email".to_owned(), json!(email));
            if let Some(verified) = &person.xms_edov {
                claims.insert("xms_edov".to_owned(), verified.clone());
            }
        }
        if let Some(sid) = &person.session_id {
            claims.insert("sid".to_owned(), json!(sid));
        }
        for (name, list) in [("roles", &person.roles), ("groups", &person.groups)] {
            if name == "groups" && list.len() > MAX_GROUPS {
                claims.extend(groups_overage(context.base_url, &person.oid));
            } else if !list.is_empty() {
                claims.insert(name.to_owned(), json!(list));
            }
        }
        claims.extend(person.extra_claims.clone());
        Self::of_claims(claims, &key.kid)
    }

    /// A token with these claims, signed by the key of this id.
    pub(super) fn of_claims(claims: Map<String, Value>, kid: &str) -> Self {
        Self {
            header: object(json!({ "typ": "JWT", "alg": "RS256", "kid": kid })),
            claims,
            signature: Signature::Valid,
        }
    }

    /// The compact serialization, signed as [`Self::signature`] says.
    pub(super) fn sign(mut self, keys: &Keys) -> String {
        let is_personal = self.header.get("kid") == Some(&json!(keys.personal.kid));
        let key = if is_personal {
            &keys.personal
        } else {
            &keys.signing
        };
        match self.signature {
            Signature::None => {
                self.header.entry("alg").and_modify(|alg| {
                    if alg == "RS256" {
                        *alg = json!("none");
                    }
                });
            }
            Signature::Hs256(_) => drop(self.header.insert("alg".to_owned(), json!("HS256"))),
            _ => {}
        }
        let part = |map: Map<String, Value>| URL_SAFE_NO_PAD.encode(Value::Object(map).to_string());
        let message = format!("{}.{}", part(self.header), part(self.claims));
        let signature = match self.signature {
            Signature::Valid => key.sign(message.as_bytes()),
            Signature::WrongKey => keys
                .unpublished()
                .map_or_else(Vec::new, |key| key.sign(message.as_bytes())),
            Signature::Corrupt => {
                let mut signature = key.sign(message.as_bytes());
                if let Some(byte) = signature.last_mut() {
                    *byte ^= 1;
                }
                signature
            }
            Signature::None => Vec::new(),
            Signature::Hs256(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
                hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
            }
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
