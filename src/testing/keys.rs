//! The emulated Entra's signing keys. **They are public**: this crate's source contains them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{
        KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
    },
};
use serde_json::{Value, json};

/// An RSA key and the id it is published under.
pub(super) struct SigningKey {
    pair: RsaKeyPair,
    pub(super) kid: String,
}

impl SigningKey {
    fn new(pkcs8: &[u8], generation: u32) -> Result<Self, String> {
        let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|error| error.to_string())?;
        let mut seed = pkcs8.to_vec();
        seed.extend(generation.to_be_bytes());
        let kid = URL_SAFE_NO_PAD.encode(&digest(&SHA256, &seed).as_ref()[..20]);
        Ok(Self { pair, kid })
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let random = SystemRandom::new();
        match self
            .pair
            .sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
        {
            Ok(()) => signature,
            // Without random bytes the signature is empty, and the application refuses the token.
            Err(_) => Vec::new(),
        }
    }

    /// The public key as a member of the key document.
    fn published(&self, issuer: &str) -> Value {
        let key = PublicKeyComponents::<Vec<u8>>::from(self.pair.public_key());
        json!({
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "x5t": self.kid,
            "n": URL_SAFE_NO_PAD.encode(&key.n),
            "e": URL_SAFE_NO_PAD.encode(&key.e),
            "issuer": issuer,
        })
    }
}

/// The keys of one emulated Entra.
pub(super) struct Keys {
    generation: u32,
    pub(super) signing: SigningKey,
    /// Published, and signs nothing, like Entra's next key.
    standby: SigningKey,
    pub(super) personal: SigningKey,
}

impl Keys {
    pub(super) fn new() -> Result<Self, String> {
        Ok(Self {
            generation: 0,
            signing: SigningKey::new(include_bytes!("keys/signing.pk8"), 0)?,
            standby: SigningKey::new(include_bytes!("keys/standby.pk8"), 0)?,
            personal: SigningKey::new(include_bytes!("keys/personal.pk8"), 0)?,
        })
    }

    /// Replaces the signing key by another under a new id.
    pub(super) fn rotate(&mut self) {
        self.generation += 1;
        let pkcs8: &[u8] = match self.generation % 2 {
            0 => include_bytes!("keys/signing.pk8"),
            _ => include_bytes!("keys/rotated.pk8"),
        };
        if let Ok(key) = SigningKey::new(pkcs8, self.generation) {
            self.signing = key;
        }
    }

    /// The key document; each key names the issuer it may sign for: `work` or `personal`.
    pub(super) fn document(&self, work: &str, personal: &str, with_signing: bool) -> Value {
        let mut keys = vec![
            self.standby.published(work),
            self.personal.published(personal),
        ];
        if with_signing {
            keys.insert(0, self.signing.published(work));
        }
        json!({ "keys": keys })
    }

    /// Signs as the issuer of federated credentials.
    pub(super) fn sign_federated(&self, message: &[u8]) -> Vec<u8> {
        self.standby.sign(message)
    }

    pub(super) fn federation_verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let public = self.standby.pair.public_key().as_ref();
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public);
        key.verify(message, signature).is_ok()
    }

    /// A key that isn't published now: the previous or next of the rotation.
    pub(super) fn unpublished(&self) -> Option<SigningKey> {
        let pkcs8: &[u8] = match self.generation % 2 {
            0 => include_bytes!("keys/rotated.pk8"),
            _ => include_bytes!("keys/signing.pk8"),
        };
        SigningKey::new(pkcs8, u32::MAX).ok()
    }
}
