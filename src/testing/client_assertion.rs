//! What authenticates a client without a secret: an assertion that it signed with its certificate, or a
//! token of an issuer that a federated credential of the app registration names (RFC 7523).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    registration::{APPLICATION_ID, FEDERATED_SUBJECT, MANAGED_IDENTITY_PRINCIPAL},
    state::State,
    tenants::CONTOSO,
};

/// The audience of tokens that are exchanged for the application's.
pub(super) const EXCHANGE_AUDIENCE: &str = "api://AzureADTokenExchange";

/// In seconds.
const CLOCK_SKEW: i64 = 300;

/// The AADSTS number and text of a refusal.
pub(super) type Refusal = (u32, &'static str);

const MALFORMED: Refusal = (50027, "JWT token is invalid or malformed.");
const BAD_SIGNATURE: Refusal = (
    700027,
    "The certificate with identifier used to sign the client assertion is not registered on application, or the signature is wrong.",
);
const NO_CREDENTIAL: Refusal = (
    7002138,
    "No matching federated identity record found for presented assertion.",
);

/// Checks a client assertion that is sent to a token endpoint.
pub(super) fn check(
    assertion: &str,
    token_endpoint: &str,
    state: &mut State,
) -> Result<(), Refusal> {
    let (message, signature) = assertion.rsplit_once('.').ok_or(MALFORMED)?;
    let (header, claims) = message.split_once('.').ok_or(MALFORMED)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| MALFORMED)?;
    let (header, claims) = (object(header)?, object(claims)?);
    let now = state.now();
    let time = |name: &str| claims.get(name).and_then(Value::as_i64);
    let is_over = time("exp").is_none_or(|exp| exp + CLOCK_SKEW < now);
    if is_over || time("nbf").is_some_and(|nbf| nbf - CLOCK_SKEW > now) {
        return Err((
            700024,
            "Client assertion is not within its valid time range.",
        ));
    }
    let message = message.as_bytes();
    if text(&header, "alg") == "PS256" {
        check_certificate(&header, message, &signature, state)?;
        check_own_claims(&claims, token_endpoint)?;
        let id = text(&claims, "jti");
        if id.is_empty() || state.assertion_ids.get(id).is_some() {
            return Err((
                700027,
                "The client assertion was used before, or has no jti.",
            ));
        }
        state.assertion_ids.insert(id, ());
        return Ok(());
    }
    if !state.keys.federation_verifies(message, &signature) {
        return Err((700027, "The signature of the federated token is wrong."));
    }
    check_federated_claims(&claims, &state.base_url)
}

fn check_certificate(
    header: &Map<String, Value>,
    message: &[u8],
    signature: &[u8],
    state: &State,
) -> Result<(), Refusal> {
    let thumbprint = text(header, "x5t#S256");
    let mut registered = state.certificates.iter();
    let certificate = registered.find(|own| own.thumbprint == thumbprint);
    let certificate = certificate.ok_or(BAD_SIGNATURE)?;
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &certificate.public_key)
        .verify(message, signature)
        .map_err(|_| BAD_SIGNATURE)
}

fn check_own_claims(claims: &Map<String, Value>, token_endpoint: &str) -> Result<(), Refusal> {
    if claims.get("aud") != Some(&json!(token_endpoint)) {
        let text = "Client assertion audience claim does not match Realm issuer.";
        return Err((700023, text));
    }
    if text(claims, "iss") != APPLICATION_ID || text(claims, "sub") != APPLICATION_ID {
        return Err((
            50048,
            "Subject must match Issuer claim in the client assertion.",
        ));
    }
    Ok(())
}

fn check_federated_claims(claims: &Map<String, Value>, base_url: &str) -> Result<(), Refusal> {
    let (issuer, subject) = (text(claims, "iss"), text(claims, "sub"));
    let is_pod = issuer == cluster_issuer(base_url) && subject == FEDERATED_SUBJECT;
    let is_identity = issuer == identity_issuer(base_url) && subject == MANAGED_IDENTITY_PRINCIPAL;
    if text(claims, "aud") == EXCHANGE_AUDIENCE && (is_pod || is_identity) {
        Ok(())
    } else {
        Err(NO_CREDENTIAL)
    }
}

fn cluster_issuer(base_url: &str) -> String {
    format!("{base_url}/cluster")
}

fn identity_issuer(base_url: &str) -> String {
    format!("{base_url}/{CONTOSO}/v2.0")
}

/// A token of the pod's service account.
pub(super) fn service_account_token(state: &State) -> String {
    let issuer = cluster_issuer(&state.base_url);
    state.federated_token(&issuer, FEDERATED_SUBJECT, EXCHANGE_AUDIENCE)
}

/// A token of the managed identity.
pub(super) fn identity_token(state: &State, audience: &str) -> String {
    let issuer = identity_issuer(&state.base_url);
    state.federated_token(&issuer, MANAGED_IDENTITY_PRINCIPAL, audience)
}

impl State {
    fn federated_token(&self, issuer: &str, subject: &str, audience: &str) -> String {
        let now = self.now();
        let header = json!({ "alg": "RS256", "typ": "JWT" });
        let claims = json!({
            "iss": issuer,
            "sub": subject,
            "aud": audience,
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "jti": Uuid::new_v4().to_string(),
        });
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.keys.sign_federated(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn object(part: &str) -> Result<Map<String, Value>, Refusal> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| MALFORMED)?;
    serde_json::from_slice(&json).map_err(|_| MALFORMED)
}

fn text<'a>(map: &'a Map<String, Value>, name: &str) -> &'a str {
    map.get(name).and_then(Value::as_str).unwrap_or_default()
}
