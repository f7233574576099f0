//! The ID token before it is verified: its parts, its claims, and those of them that openidconnect
//! checks.
//!
//! openidconnect's type of the claims refuses a whole token for the type of one claim that nobody
//! reads (`email_verified: "true"`). So it is given the claims that it checks, and no others; the
//! signature is verified over the token as it came.

use std::{collections::BTreeMap, fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use openidconnect::{
    EmptyAdditionalClaims, IdToken, IssuerUrl, JsonWebKey,
    core::{CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, MapAccess, Visitor},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{claims::EntraClaims, keys::EntraKey, token_error::TokenError};

/// An ID token with the claims that openidconnect checks alone.
pub(super) type CheckedIdToken = IdToken<
    EmptyAdditionalClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// The claims that openidconnect checks.
const CHECKED: [&str; 6] = ["iss", "aud", "sub", "exp", "iat", "nonce"];

/// All claims that decide whether a token is good, and whose. None of them may stand twice.
const DECIDING: [&str; 11] = [
    "iss", "aud", "sub", "exp", "iat", "nonce", "nbf", "azp", "at_hash", "oid", "tid",
];

/// An ID token as it came (JWS compact serialization, RFC 7515, section 3.1).
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct RawIdToken(String);

impl RawIdToken {
    pub(crate) fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }
}

impl fmt::Debug for RawIdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What is read from a token before it is verified. Until then it only chooses the keys and the
/// issuer that the token is verified with: **nothing else may depend on it**.
pub(crate) struct Unverified {
    /// Header and payload as they came, which is what is signed.
    message: String,
    signature: Vec<u8>,
    pub(super) kid: Option<String>,
    pub(super) tid: String,
    pub(super) tenant_id: Uuid,
    pub(super) claims: EntraClaims,
    /// All claims, as they came.
    pub(super) all: Arc<Map<String, Value>>,
    pub(super) checked: CheckedIdToken,
}

impl Unverified {
    /// Takes a token apart. What decides must have its type, and what else there is may have any.
    pub(crate) fn read(token: &RawIdToken) -> Result<Self, TokenError> {
        #[derive(Deserialize)]
        struct Header {
            alg: String,
            kid: Option<String>,
        }
        let RawIdToken(token) = token;
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Malformed);
        };
        let Header { alg, kid } = json_part(header)?;
        if alg != "RS256" {
            return Err(TokenError::Algorithm(crate::util::log::printable(&alg)));
        }
        let Payload { claims, repeated } = json_part(payload)?;
        if let Some(name) = repeated {
            return Err(TokenError::Claim(name));
        }
        let tid = claims.get("tid").and_then(Value::as_str);
        let tid = tid.ok_or(TokenError::Tenant)?.to_owned();
        check_types(&claims)?;
        Ok(Self {
            message: format!("{header}.{payload}"),
            signature: bytes(signature)?,
            kid,
            tenant_id: Uuid::try_parse(&tid).map_err(|_| TokenError::Tenant)?,
            tid,
            checked: checked(header, &claims)?,
            claims: EntraClaims::deserialize(Value::Object(claims.clone()))
                .map_err(|_| TokenError::Malformed)?,
            all: Arc::new(claims),
        })
    }

    /// `iat`, which was found to be a time.
    pub(super) fn issued_at(&self) -> Option<DateTime<Utc>> {
        let seconds = self.all.get("iat")?;
        let seconds = seconds
            .as_i64()
            .or_else(|| Some(seconds.as_f64()?.floor() as i64));
        DateTime::from_timestamp(seconds?, 0)
    }

    /// Whether the key signed the token as it came.
    pub(super) fn check_signature(&self, key: &EntraKey) -> Result<(), TokenError> {
        let rs256 = CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
        key.verify_signature(&rs256, self.message.as_bytes(), &self.signature)
            .map_err(TokenError::from)
    }
}

/// The token with the claims that openidconnect checks. The signature isn't of these bytes, and is
/// not part of it.
fn checked(header: &str, claims: &Map<String, Value>) -> Result<CheckedIdToken, TokenError> {
    let kept = BTreeMap::from(CHECKED.map(|name| (name, claims.get(name))));
    let kept = serde_json::to_string(&kept).map_err(|_| TokenError::Malformed)?;
    let token = format!("{header}.{}.", URL_SAFE_NO_PAD.encode(kept));
    serde_json::from_value(Value::String(token)).map_err(|_| TokenError::Malformed)
}

/// Names the first claim that decides something and can't be read.
fn check_types(claims: &Map<String, Value>) -> Result<(), TokenError> {
    let text = |name| claims.get(name).and_then(Value::as_str);
    let is_time = |value: &Value| {
        let float = || value.as_f64().map(|seconds| seconds.floor() as i64);
        let seconds = value.as_i64().or_else(float);
        seconds.is_some_and(|seconds| DateTime::from_timestamp(seconds, 0).is_some())
    };
    let are_texts = |value: &Value| match value {
        Value::String(_) => true,
        Value::Array(entries) => entries.iter().all(Value::is_string),
        _ => false,
    };
    for name in DECIDING {
        let value = claims.get(name).unwrap_or(&Value::Null);
        let is_good = match name {
            "iss" => text(name).is_some_and(|issuer| IssuerUrl::new(issuer.to_owned()).is_ok()),
            "aud" => are_texts(value),
            "exp" | "iat" => is_time(value),
            "nbf" => value.is_null() || value.is_i64(),
            // The token of a refresh has none; where there has to be one, openidconnect looks for it.
            "nonce" | "azp" | "at_hash" => value.is_null() || value.is_string(),
            _ => value.is_string(),
        };
        if !is_good {
            return Err(TokenError::Claim(name));
        }
    }
    Ok(())
}

fn bytes(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| TokenError::Malformed)
}

fn json_part<T: DeserializeOwned>(part: &str) -> Result<T, TokenError> {
    serde_json::from_slice(&bytes(part)?).map_err(|_| TokenError::Malformed)
}

/// The claims, and one of [`DECIDING`] that stands twice.
struct Payload {
    claims: Map<String, Value>,
    repeated: Option<&'static str>,
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Payload;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Payload, A::Error> {
                let (mut claims, mut repeated) = (Map::new(), None);
                while let Some((name, value)) = from.next_entry::<String, Value>()? {
                    let deciding = DECIDING.into_iter().find(|deciding| *deciding == name);
                    let earlier = claims.insert(name, value);
                    repeated = repeated.or(deciding.filter(|_| earlier.is_some()));
                }
                Ok(Payload { claims, repeated })
            }
        }
        from.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str, payload: &str) -> Result<Unverified, TokenError> {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let token = format!("{}.{}.{}", part(header), part(payload), part("signature"));
        Unverified::read(&RawIdToken::new(token))
    }

    const HEADER: &str = r#"{"alg":"RS256"}"#;

    fn payload(more: &str) -> String {
        format!(
            r#"{{"iss":"https://h/v2.0","aud":"a","sub":"s","exp":1,"iat":1,"nonce":"n","oid":"o",
            "tid":"9188040d-6c67-4c5b-b112-36a304b66dad"{more}}}"#
        )
    }

    #[test]
    fn a_claim_that_decides_stands_once_and_any_other_as_often_as_it_likes() {
        assert!(read(HEADER, &payload("")).is_ok());
        let name = r#","name":"a","name":7,"email":"x","email":[]"#;
        let twice = read(HEADER, &payload(name)).unwrap();
        assert_eq!(twice.claims.email, None, "the last one counts");
        for name in DECIDING {
            let again = format!(r#","{name}":null,"{name}":null"#);
            match read(HEADER, &payload(&again)) {
                Err(TokenError::Claim(refused)) => assert_eq!(refused, name),
                _ => panic!("{name}"),
            }
        }
    }

    #[test]
    fn the_header_names_rs256_once() {
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"rs256"}"#,
            r#"{"alg":"RS256","alg":"none"}"#,
            r#"{"alg":"none","alg":"RS256"}"#,
            r#"{"alg":["RS256"]}"#,
            r#"{"kid":"k"}"#,
            r#"{"alg":"RS256","kid":7}"#,
            "7",
        ] {
            assert!(read(header, &payload("")).is_err(), "{header}");
        }
        for token in ["", ".", "..", "...", "a.b.c.d", "e30.e30.", "e30.e30"] {
            assert!(
                Unverified::read(&RawIdToken::new(token)).is_err(),
                "{token}"
            );
        }
    }

    #[test]
    fn debug_never_shows_the_token() {
        assert_eq!(format!("{:?}", RawIdToken::new("ey.J0")), "[redacted]");
    }
}
