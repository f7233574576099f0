//! A certificate of the app registration.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use x509_cert::{Certificate, der::Decode};

pub(super) struct RegisteredCertificate {
    pub(super) thumbprint: String,
    /// PKCS#1.
    pub(super) public_key: Vec<u8>,
}

impl RegisteredCertificate {
    /// From DER.
    pub(super) fn new(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?.tbs_certificate;
        let public_key = certificate.subject_public_key_info.subject_public_key;
        Some(Self {
            thumbprint: URL_SAFE_NO_PAD.encode(digest(&SHA256, der)),
            public_key: public_key.raw_bytes().to_vec(),
        })
    }
}
