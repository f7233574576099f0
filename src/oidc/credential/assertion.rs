//! The assertion that we sign ourselves (RFC 7523, section 3; "Microsoft identity platform application
//! authentication certificate credentials").

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Builder;

use crate::util::{
    client_certificate::ClientCertificate,
    crypto::{CryptoError, random},
    secret::Secret,
};

/// In seconds.
const LIFETIME: i64 = 600;

/// A new assertion for a token endpoint.
pub(super) fn sign(
    certificate: &ClientCertificate,
    application_id: &str,
    token_endpoint: &str,
    now: DateTime<Utc>,
) -> Result<Secret, CryptoError> {
    let id = Builder::from_random_bytes(random()?).into_uuid();
    let header = json!({
        "alg": "PS256",
        "typ": "JWT",
        "x5t#S256": certificate.thumbprint,
    });
    let claims = json!({
        "aud": token_endpoint,
        "iss": application_id,
        "sub": application_id,
        "jti": id.to_string(),
        "iat": now.timestamp(),
        "nbf": now.timestamp(),
        "exp": now.timestamp() + LIFETIME,
    });
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = certificate.sign(message.as_bytes())?;
    let signature = URL_SAFE_NO_PAD.encode(signature);
    Ok(Secret::new(format!("{message}.{signature}")))
}
