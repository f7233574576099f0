//! Authenticated encryption of the values that the browser carries, key derivation, random bytes.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf,
    rand::{SecureRandom, SystemRandom},
};

use super::log::readable_debug;

/// The system has no random bytes, or a key can't be made.
#[derive(thiserror::Error)]
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

/// Seals bytes with AES-256-GCM, bound to a purpose: a value sealed for one purpose can't be opened
/// for another, so that an attempt's cookie is never taken for a message.
pub(crate) struct Sealer {
    key: LessSafeKey,
}

impl Sealer {
    pub(crate) fn new(secret: &[u8]) -> Result<Self, CryptoError> {
        let key = derive_key::<32>(secret, "seal")?;
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| CryptoError)?;
        Ok(Self {
            key: LessSafeKey::new(key),
        })
    }

    /// Seals raw bytes: nonce, ciphertext and tag.
    pub(crate) fn seal_bytes(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let nonce = random::<NONCE_LEN>()?;
        let len = NONCE_LEN + plain.len() + AES_256_GCM.tag_len();
        let mut sealed = Vec::with_capacity(len);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = self
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(purpose.as_bytes()),
                &mut sealed[NONCE_LEN..],
            )
            .map_err(|_| CryptoError)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what [`Self::seal_bytes`] made for the same purpose; `None` for anything else.
    pub(crate) fn open_bytes(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
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
        let sealer = Sealer::new(&[7; 64]).unwrap();
        let other = Sealer::new(&[8; 64]).unwrap();
        let sealed = sealer.seal("a", b"hello").unwrap();
        assert_eq!(sealer.open("a", &sealed).as_deref(), Some(&b"hello"[..]));
        assert_eq!(sealer.open("b", &sealed), None);
        assert_eq!(other.open("a", &sealed), None);
        assert_eq!(sealer.open("a", &sealed[1..]), None);
        assert_eq!(sealer.open("a", ""), None);
        assert_ne!(sealed, sealer.seal("a", b"hello").unwrap());
    }
}
