//! Authenticated encryption of the values that the browser carries, key derivation, random bytes.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf,
    rand::{SecureRandom, SystemRandom},
};

use super::{log::readable_debug, secret::Secret};

/// The system has no random bytes, or a key can't be made.
#[derive(Clone, thiserror::Error)]
#[error("the system's source of random bytes or its cipher failed")]
pub struct CryptoError;

readable_debug!(CryptoError);

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let mut hex = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        hex.extend([byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]));
    }
    hex
}

/// Fills a fresh array with random bytes from the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], CryptoError> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| CryptoError)?;
    Ok(bytes)
}

/// Derives a key of `N` bytes for one purpose from the setting `secret_key` (RFC 5869).
pub(crate) fn derive_key<const N: usize>(
    secret: &[u8],
    purpose: &str,
) -> Result<[u8; N], CryptoError> {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut key = [0; N];
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"microsoft_sso")
        .extract(secret)
        .expand(&[purpose.as_bytes()], Length(N))
        .and_then(|okm| okm.fill(&mut key))
        .map_err(|_| CryptoError)?;
    Ok(key)
}

/// Length of the id of a key, in bytes.
const KEY_ID_LEN: usize = 4;

/// Seals bytes with AES-256-GCM, bound to a purpose: a value sealed for one purpose can't be opened
/// for another, so that an attempt's cookie is never taken for a message.
pub(crate) struct Sealer {
    /// The one that seals, and those that still open.
    keys: Vec<SealingKey>,
}

struct SealingKey {
    /// What sealed values begin with.
    id: [u8; KEY_ID_LEN],
    key: LessSafeKey,
}

impl SealingKey {
    fn new(secret: &[u8]) -> Result<Self, CryptoError> {
        let key = derive_key::<32>(secret, "seal")?;
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| CryptoError)?;
        Ok(Self {
            id: derive_key(secret, "seal id")?,
            key: LessSafeKey::new(key),
        })
    }

    fn open(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut body = body.to_vec();
        let plain = self
            .key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(purpose.as_bytes()),
                &mut body,
            )
            .ok()?
            .len();
        body.truncate(plain);
        Some(body)
    }
}

impl Sealer {
    /// Seals with a key of `secret`, and opens with it and with keys of `previous`.
    pub(crate) fn new(secret: &[u8], previous: &[Secret]) -> Result<Self, CryptoError> {
        let previous = previous.iter().map(|secret| secret.expose().as_bytes());
        let keys = [secret].into_iter().chain(previous).map(SealingKey::new);
        Ok(Self {
            keys: keys.collect::<Result<_, _>>()?,
        })
    }

    /// Seals raw bytes: key id, nonce, ciphertext and tag.
    pub(crate) fn seal_bytes(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        const HEAD: usize = KEY_ID_LEN + NONCE_LEN;
        let SealingKey { id, key } = self.keys.first().ok_or(CryptoError)?;
        let nonce = random::<NONCE_LEN>()?;
        let mut sealed = Vec::with_capacity(HEAD + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(id);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(purpose.as_bytes()),
                &mut sealed[HEAD..],
            )
            .map_err(|_| CryptoError)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what [`Self::seal_bytes`] made for the same purpose; `None` for anything else.
    pub(crate) fn open_bytes(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (id, body) = sealed.split_first_chunk::<KEY_ID_LEN>()?;
        let named = self.keys.iter().find(|key| key.id == *id);
        if let Some(plain) = named.and_then(|key| key.open(purpose, body)) {
            return Some(plain);
        }
        // Versions before key ids wrote none.
        self.keys.iter().find_map(|key| key.open(purpose, sealed))
    }

    /// Seals into base64url without padding, for a cookie or a query.
    pub(crate) fn seal(&self, purpose: &str, plain: &[u8]) -> Result<String, CryptoError> {
        Ok(URL_SAFE_NO_PAD.encode(self.seal_bytes(purpose, plain)?))
    }

    /// Opens what [`Self::seal`] made for the same purpose; `None` for anything else.
    pub(crate) fn open(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        self.open_bytes(purpose, &URL_SAFE_NO_PAD.decode(sealed).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_purpose_and_key_alone() {
        let sealer = Sealer::new(&[7; 64], &[]).unwrap();
        let other = Sealer::new(&[8; 64], &[]).unwrap();
        let sealed = sealer.seal("a", b"hello").unwrap();
        assert_eq!(sealer.open("a", &sealed).as_deref(), Some(&b"hello"[..]));
        assert_eq!(sealer.open("b", &sealed), None);
        assert_eq!(other.open("a", &sealed), None);
        assert_eq!(sealer.open("a", &sealed[1..]), None);
        assert_eq!(sealer.open("a", ""), None);
        assert_ne!(sealed, sealer.seal("a", b"hello").unwrap());
    }

    #[test]
    fn a_previous_key_opens_and_never_seals() {
        let (old, new) = ("o".repeat(64), "n".repeat(64));
        let before = Sealer::new(old.as_bytes(), &[]).unwrap();
        let after = Sealer::new(new.as_bytes(), &[Secret::new(old)]).unwrap();
        let sealed = before.seal_bytes("a", b"hello").unwrap();
        assert_eq!(
            after.open_bytes("a", &sealed).as_deref(),
            Some(&b"hello"[..])
        );
        assert_eq!(after.open_bytes("b", &sealed), None);
        let anew = after.seal_bytes("a", b"hello").unwrap();
        assert_ne!(anew[..KEY_ID_LEN], sealed[..KEY_ID_LEN]);
        assert_eq!(before.open_bytes("a", &anew), None);
        // What a version before key ids sealed is the same without the id.
        assert!(after.open_bytes("a", &sealed[KEY_ID_LEN..]).is_some());
        assert_eq!(after.open_bytes("a", &sealed[KEY_ID_LEN + 1..]), None);
    }
}
