//! Entra's signing keys: RS256 alone, each bound to the issuer it may sign for.

use openidconnect::{
    JsonWebKey, JsonWebKeyAlgorithm, JsonWebKeyId, SignatureVerificationError,
    core::{CoreJsonWebKeyType, CoreJsonWebKeyUse, CoreJwsSigningAlgorithm},
};
use ring::{
    digest::{SHA256, digest},
    signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents},
};
use serde::{Deserialize, Serialize};

/// One RSA key of the key document (RFC 7517), with Entra's own member `issuer`.
///
/// It implements openidconnect's trait, because openidconnect's own type drops `issuer`, and ring
/// checks a signature in a seventh of the time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct EntraKey {
    kty: CoreJsonWebKeyType,
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    key_use: Option<CoreJsonWebKeyUse>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<JsonWebKeyId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    #[serde(with = "base64url")]
    n: Vec<u8>,
    #[serde(with = "base64url")]
    e: Vec<u8>,
}

impl EntraKey {
    /// Whether the key may sign for this issuer: Entra's rule that a key's own `issuer`, with the
    /// tenant filled in, must be the token's (Microsoft identity platform, "Access tokens",
    /// "Validate the signing key issuer"). A key without one is bound by the document alone.
    pub(crate) fn may_sign_for(&self, issuer: &str, tenant: &str) -> bool {
        self.issuer
            .as_ref()
            .is_none_or(|own| fill_tenant(own, tenant) == issuer)
    }

    pub(crate) fn has_id(&self, kid: &str) -> bool {
        self.kid.as_ref().is_some_and(|own| own.as_str() == kid)
    }
}

/// Replaces Entra's placeholder, whose letter case varies, with a tenant id.
pub(crate) fn fill_tenant(template: &str, tenant: &str) -> String {
    const PLACEHOLDER: &str = "{tenantid}";
    let lower = template.to_ascii_lowercase();
    let mut filled = String::with_capacity(template.len() + tenant.len());
    let mut from = 0;
    for (at, _) in lower.match_indices(PLACEHOLDER) {
        filled += &template[from..at];
        filled += tenant;
        from = at + PLACEHOLDER.len();
    }
    filled + &template[from..]
}

impl JsonWebKey for EntraKey {
    type KeyUse = CoreJsonWebKeyUse;
    type SigningAlgorithm = CoreJwsSigningAlgorithm;

    fn key_id(&self) -> Option<&JsonWebKeyId> {
        self.kid.as_ref()
    }

    fn key_type(&self) -> &CoreJsonWebKeyType {
        &self.kty
    }

    fn key_use(&self) -> Option<&CoreJsonWebKeyUse> {
        self.key_use.as_ref()
    }

    fn signing_alg(&self) -> JsonWebKeyAlgorithm<&CoreJwsSigningAlgorithm> {
        JsonWebKeyAlgorithm::Algorithm(&CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256)
    }

    /// A key that verifies nothing: this flow has no symmetric signatures.
    fn new_symmetric(_: Vec<u8>) -> Self {
        Self {
            kty: CoreJsonWebKeyType::Symmetric,
            key_use: None,
            kid: None,
            issuer: None,
            n: Vec::new(),
            e: Vec::new(),
        }
    }

    fn verify_signature(
        &self,
        alg: &CoreJwsSigningAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureVerificationError> {
        if *alg != CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256 {
            let problem = "only RS256 is accepted".to_owned();
            return Err(SignatureVerificationError::DisallowedAlg(problem));
        }
        RsaPublicKeyComponents {
            n: &self.n,
            e: &self.e,
        }
        .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
        .map_err(|_| SignatureVerificationError::CryptoError("bad signature".to_owned()))
    }

    fn hash_bytes(&self, bytes: &[u8], alg: &CoreJwsSigningAlgorithm) -> Result<Vec<u8>, String> {
        match alg {
            CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256 => {
                Ok(digest(&SHA256, bytes).as_ref().to_vec())
            }
            _ => Err("only RS256 is accepted".to_owned()),
        }
    }
}

mod base64url {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim_end_matches('='))
            .map_err(D::Error::custom)?;
        // ring refuses leading zeros, which RFC 7518 forbids and some issuers write.
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Ok(bytes[zeros..].to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_placeholder_is_filled_in_any_letter_case() {
        assert_eq!(
            fill_tenant("https://h/{tenantid}/v2.0", "T"),
            "https://h/T/v2.0"
        );
        assert_eq!(
            fill_tenant("https://h/{TenantId}/v2.0", "T"),
            "https://h/T/v2.0"
        );
        assert_eq!(fill_tenant("https://h/x/v2.0", "T"), "https://h/x/v2.0");
        assert_eq!(
            fill_tenant("https://{tenantid}.h/{tenantid}", "T"),
            "https://T.h/T"
        );
    }

    #[test]
    fn a_key_may_sign_for_its_own_issuer_alone() {
        let key = |issuer: &str| -> EntraKey {
            serde_json::from_str(&format!(
                r#"{{"kty":"RSA","n":"AQAB","e":"AQAB","issuer":"{issuer}"}}"#
            ))
            .unwrap()
        };
        assert!(key("https://h/{tenantid}/v2.0").may_sign_for("https://h/t/v2.0", "t"));
        assert!(!key("https://h/p/v2.0").may_sign_for("https://h/t/v2.0", "t"));
        assert!(key("https://h/p/v2.0").may_sign_for("https://h/p/v2.0", "p"));
    }
}
