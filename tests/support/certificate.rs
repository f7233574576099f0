//! Client certificates of the tests.

use std::{fs, path::Path};

use chrono::{Datelike, TimeDelta};
use microsoft_sso::{Clock, testing::TestClock};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, date_time_ymd};
use rustls::pki_types::PrivatePkcs8KeyDer;

/// RSA keys, which rcgen can't make with ring. They are public.
pub(crate) const KEYS: [&[u8]; 2] = [
    include_bytes!("../../src/testing/keys/rotated.pk8"),
    include_bytes!("../../src/testing/keys/personal.pk8"),
];

/// A certificate of an RSA key that ends after some days, in DER; with its key it is in the PEM file.
pub(crate) fn write_certificate(file: &Path, key: &[u8], days: i64) -> Vec<u8> {
    let key = PrivatePkcs8KeyDer::from(key.to_vec());
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_RSA_SHA256).unwrap();
    let mut params = CertificateParams::new(vec!["app.contoso.example".to_owned()]).unwrap();
    let end = TestClock::new().now() + TimeDelta::days(days + 1);
    let (month, day) = (end.month(), end.day());
    let (month, day) = (u8::try_from(month).unwrap(), u8::try_from(day).unwrap());
    params.not_after = date_time_ymd(end.year(), month, day);
    let certificate = params.self_signed(&key).unwrap();
    fs::write(
        file,
        format!("{}{}", key.serialize_pem(), certificate.pem()),
    )
    .unwrap();
    certificate.der().to_vec()
}
