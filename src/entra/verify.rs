//! The ID token's validation: openidconnect's checks, and Entra's own rules around them.

use std::rc::Rc;
use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, IdTokenVerifier, IssuerUrl,
    JsonWebKeySet, Nonce, core::CoreJwsSigningAlgorithm,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    claims::{Claims, TokenClaims},
    flow::{EntraIdToken, Tokens},
    http::HttpClient,
    keys::{EntraKey, fill_tenant},
    metadata::MetadataError,
    provider::{Provider, Snapshot},
};
use crate::settings::Settings;

type Verifier<'a> = IdTokenVerifier<'a, EntraKey>;

/// An ID token older than this is refused, whatever its `exp` says. Entra makes one at each
/// sign-in, so an old one is replayed or comes from a clock that is far off.
const MAX_AGE: TimeDelta = TimeDelta::hours(24);

/// Why an ID token isn't accepted. The details name claims, never the token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TokenError {
    #[error("the ID token can't be read")]
    Malformed,
    #[error("its signature algorithm is `{0}`, and only RS256 is accepted")]
    Algorithm(String),
    #[error("its `tid` is missing or no GUID")]
    Tenant,
    #[error("its tenant {0} is not in the setting `tenants`")]
    TenantNotAllowed(Uuid),
    #[error("no key of Entra may have signed it: {0}")]
    Signature(String),
    #[error("its issuer is wrong: {0}")]
    Issuer(String),
    #[error("its audience is wrong: {0}")]
    Audience(String),
    #[error("its nonce is wrong: {0}")]
    Nonce(String),
    #[error("it is not valid at this time ({0}); is this machine's clock right?")]
    Time(String),
    #[error("its `{0}` is missing or unusable")]
    Claim(&'static str),
    #[error("its `at_hash` doesn't fit the access token")]
    AtHash,
    #[error("Entra's keys can't be had")]
    Keys(#[source] MetadataError),
}

/// What is read of a token before it is verified. Its only power is to choose the keys and the
/// issuer that the token is then verified with: **nothing else may rest on it**.
pub(crate) struct Unverified {
    kid: Option<String>,
    tid: String,
    tenant_id: Uuid,
}

impl Unverified {
    pub(crate) fn read(token: &EntraIdToken) -> Result<Self, TokenError> {
        #[derive(Deserialize)]
        struct Header {
            alg: String,
            kid: Option<String>,
        }
        #[derive(Deserialize)]
        struct Payload {
            #[serde(default)]
            tid: String,
        }
        fn part<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
        }
        let token = token.to_string();
        let mut parts = token.split('.');
        let header = parts.next().and_then(part::<Header>);
        let payload = parts.next().and_then(part::<Payload>);
        let (header, payload) = header.zip(payload).ok_or(TokenError::Malformed)?;
        if header.alg != "RS256" {
            let alg = crate::error::printable(&header.alg);
            return Err(TokenError::Algorithm(alg));
        }
        Ok(Self {
            kid: header.kid,
            tenant_id: Uuid::try_parse(&payload.tid).map_err(|_| TokenError::Tenant)?,
            tid: payload.tid,
        })
    }
}

/// Verifies the ID token (OpenID Connect Core 1.0, section 3.1.3.7, and Microsoft's rules for
/// issuers of many tenants) and says what it holds.
pub(crate) async fn verify(
    provider: &Arc<Provider>,
    http: &Rc<HttpClient>,
    snapshot: Arc<Snapshot>,
    tokens: &Tokens,
    nonce: &str,
    (config, now): (&Settings, DateTime<Utc>),
) -> Result<Claims, TokenError> {
    let unverified = Unverified::read(&tokens.id_token)?;
    let snapshot = match &unverified.kid {
        Some(kid) if !snapshot.has_key(kid) => provider
            .snapshot_for_key(http, config.entra_timeout, snapshot, kid)
            .await
            .map_err(TokenError::Keys)?,
        _ => snapshot,
    };
    verify_with(&snapshot, &unverified, tokens, nonce, (config, now))
}

/// The verification with these keys, whatever the token says of others.
pub(crate) fn verify_with(
    snapshot: &Snapshot,
    unverified: &Unverified,
    tokens: &Tokens,
    nonce: &str,
    (config, now): (&Settings, DateTime<Utc>),
) -> Result<Claims, TokenError> {
    let tenant_id = unverified.tenant_id;
    let issuer = fill_tenant(&snapshot.metadata.issuer, &unverified.tid);
    // For one tenant the issuer is fixed, and the token's tenant must be its own.
    if !issuer.ends_with(&format!("/{}/v2.0", unverified.tid)) {
        return Err(TokenError::Tenant);
    }
    if !config.tenants.is_empty() && !config.tenants.contains(&tenant_id) {
        return Err(TokenError::TenantNotAllowed(tenant_id));
    }
    let keys = snapshot.keys.keys().iter();
    let keys = keys.filter(|key| key.speaks_for(&issuer, &unverified.tid));
    let keys = JsonWebKeySet::new(keys.cloned().collect());
    let verifier = verifier(config, issuer, keys, now)?;
    let claims = tokens
        .id_token
        .claims(&verifier, &Nonce::new(nonce.to_owned()))
        .map_err(refused)?;
    at_hash(claims, tokens, &verifier)?;
    let object_id = own_claims(claims, config, now)?;
    Ok(Claims::new(tenant_id, object_id, claims))
}

fn leeway(config: &Settings) -> TimeDelta {
    TimeDelta::from_std(config.clock_leeway).unwrap_or_default()
}

fn verifier<'a>(
    config: &Settings,
    issuer: String,
    keys: JsonWebKeySet<EntraKey>,
    now: DateTime<Utc>,
) -> Result<Verifier<'a>, TokenError> {
    let leeway = leeway(config);
    let issuer = IssuerUrl::new(issuer).map_err(|_| TokenError::Tenant)?;
    let client_id = ClientId::new(config.application_id.clone());
    // A public client has no secret to verify with: HS256 can't come in by any door.
    Ok(Verifier::new_public_client(client_id, issuer, keys)
        .set_allowed_algs([CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256])
        .set_time_fn(move || now - leeway)
        .set_issue_time_verifier_fn(move |issued| {
            if issued > now + leeway {
                Err(format!("issued at {issued}, which is in the future"))
            } else if issued < now - MAX_AGE - leeway {
                Err(format!("issued at {issued}, which is too long ago"))
            } else {
                Ok(())
            }
        }))
}

fn refused(error: ClaimsVerificationError) -> TokenError {
    let text = |text: String| crate::error::printable(&text);
    match error {
        ClaimsVerificationError::Expired(why) => TokenError::Time(text(why)),
        ClaimsVerificationError::InvalidAudience(why) => TokenError::Audience(text(why)),
        ClaimsVerificationError::InvalidIssuer(why) => TokenError::Issuer(text(why)),
        ClaimsVerificationError::InvalidNonce(why) => TokenError::Nonce(why),
        ClaimsVerificationError::SignatureVerification(why) => {
            TokenError::Signature(text(why.to_string()))
        }
        other => TokenError::Signature(text(other.to_string())),
    }
}

/// `at_hash`, where there is one (OpenID Connect Core 1.0, section 3.1.3.8).
fn at_hash(
    claims: &TokenClaims,
    tokens: &Tokens,
    verifier: &Verifier<'_>,
) -> Result<(), TokenError> {
    let Some(expected) = claims.access_token_hash() else {
        return Ok(());
    };
    let key = tokens
        .id_token
        .signing_key(verifier)
        .map_err(|_| TokenError::AtHash)?;
    let alg = tokens
        .id_token
        .signing_alg()
        .map_err(|_| TokenError::AtHash)?;
    let token = AccessToken::new(tokens.access_token.expose().to_owned());
    match AccessTokenHash::from_token(&token, alg, key) {
        Ok(hash) if hash == *expected => Ok(()),
        _ => Err(TokenError::AtHash),
    }
}

/// What openidconnect leaves to us: `nbf`, `azp`, `sub` and `oid`. Returns the object id.
fn own_claims(
    claims: &TokenClaims,
    config: &Settings,
    now: DateTime<Utc>,
) -> Result<String, TokenError> {
    let own = claims.additional_claims();
    if let Some(nbf) = own.nbf {
        let not_before = DateTime::from_timestamp(nbf, 0).ok_or(TokenError::Claim("nbf"))?;
        if not_before > now + leeway(config) {
            return Err(TokenError::Time(format!("not valid before {not_before}")));
        }
    }
    // OpenID Connect Core 1.0, section 3.1.3.7, rule 5.
    match claims.authorized_party() {
        Some(party) if party.as_str() != config.application_id => {
            return Err(TokenError::Audience(
                "its `azp` is another client".to_owned(),
            ));
        }
        _ => {}
    }
    let is_id = |id: &str, most: usize| {
        !id.is_empty() && id.len() <= most && id.bytes().all(|b| b.is_ascii_graphic())
    };
    if !is_id(claims.subject().as_str(), 255) {
        return Err(TokenError::Claim("sub"));
    }
    match &own.oid {
        Some(oid) if is_id(oid, 64) => Ok(oid.clone()),
        _ => Err(TokenError::Claim("oid")),
    }
}
