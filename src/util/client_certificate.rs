//! A certificate with its private key, which signs as PS256.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{KeyPair, RSA_PSS_SHA256, RsaKeyPair},
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use x509_cert::{Certificate, der::Decode};

use super::crypto::CryptoError;

/// A certificate that ends in fewer days is worth a warning.
pub(crate) const WARN_BELOW_DAYS: i64 = 30;

/// A certificate and the RSA key that belongs to it.
pub(crate) struct ClientCertificate {
    key: RsaKeyPair,
    /// SHA-256 of the certificate's DER, in base64url: the JOSE header `x5t#S256` (RFC 7515,
    /// section 4.1.8).
    pub(crate) thumbprint: String,
    /// When the certificate ends.
    pub(crate) not_after: DateTime<Utc>,
}

/// Why a PEM file gives no certificate with its key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CertificateProblem {
    #[error("it holds no private key in PEM that isn't encrypted")]
    NoKey,
    #[error("its private key is not an RSA key of 2048 to 4096 bits")]
    KeyKind,
    #[error("it holds no certificate in PEM")]
    NoCertificate,
    #[error("none of its certificates belongs to its private key")]
    OtherKey,
}

impl ClientCertificate {
    /// Reads a PEM file: a private key (PKCS#8 or PKCS#1) and certificates, in any order. The one that
    /// belongs to the key is taken.
    pub(crate) fn from_pem(pem: &[u8]) -> Result<Self, CertificateProblem> {
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| CertificateProblem::NoKey)?;
        let key = match &key {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(CertificateProblem::KeyKind),
        };
        let key = key.map_err(|_| CertificateProblem::KeyKind)?;
        let mut problem = CertificateProblem::NoCertificate;
        for der in CertificateDer::pem_slice_iter(pem) {
            let Ok(der) = der else { continue };
            let Ok(certificate) = Certificate::from_der(&der) else {
                continue;
            };
            let certificate = certificate.tbs_certificate;
            let public = certificate.subject_public_key_info.subject_public_key;
            if public.raw_bytes() != key.public_key().as_ref() {
                problem = CertificateProblem::OtherKey;
                continue;
            }
            let not_after = certificate.validity.not_after.to_unix_duration().as_secs();
            let not_after = i64::try_from(not_after).ok();
            let not_after = not_after.and_then(|secs| DateTime::from_timestamp(secs, 0));
            return Ok(Self {
                key,
                thumbprint: URL_SAFE_NO_PAD.encode(digest(&SHA256, &der)),
                not_after: not_after.unwrap_or(DateTime::<Utc>::MAX_UTC),
            });
        }
        Err(problem)
    }

    /// Whole days until the certificate ends; negative once it has.
    pub(crate) fn days_left(&self, now: DateTime<Utc>) -> i64 {
        (self.not_after - now).num_seconds().div_euclid(24 * 3600)
    }

    /// Signs as PS256 (RFC 7518, section 3.5).
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(
                &RSA_PSS_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(|_| CryptoError)?;
        Ok(signature)
    }
}
