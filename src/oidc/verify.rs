//! ID token validation: openidconnect's checks, and Entra's own rules around them.

use std::{rc::Rc, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, IdTokenVerifier, IssuerUrl,
    JsonWebKeySet, Nonce, core::CoreJwsSigningAlgorithm,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    claims::{TokenClaims, VerifiedClaims},
    flow::{EntraIdToken, Tokens},
    keys::{EntraKey, fill_tenant},
    metadata::MetadataError,
    provider::{Provider, Snapshot},
};
use crate::{http_client::HttpClient, settings::config::Settings, util::log::printable};

type Verifier<'a> = IdTokenVerifier<'a, EntraKey>;

/// Oldest ID token that is accepted, whatever its `exp`. Entra issues one at each sign-in, so an old
/// one is replayed, or comes from a clock that is far off.
const MAX_AGE: TimeDelta = TimeDelta::hours(24);

/// Why an ID token is refused. The details name claims, never the token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TokenError {
    #[error("the ID token can't be parsed")]
    Malformed,
    #[error("its signature algorithm is `{0}`; only RS256 is accepted")]
    Algorithm(String),
    #[error("its `tid` is missing or not a GUID")]
    Tenant,
    #[error("its tenant {0} is not in the setting `tenants`")]
    TenantNotAllowed(Uuid),
    #[error("no key of Entra verifies it: {0}")]
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
    #[error("its `at_hash` doesn't match the access token")]
    AtHash,
    #[error("Entra's keys are not available")]
    Keys(#[source] MetadataError),
}

/// What is read from a token before it is verified. It only chooses the keys and the issuer that
/// the token is then verified with: **nothing else may depend on it**.
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
            return Err(TokenError::Algorithm(printable(&header.alg)));
        }
        Ok(Self {
            kid: header.kid,
            tenant_id: Uuid::try_parse(&payload.tid).map_err(|_| TokenError::Tenant)?,
            tid: payload.tid,
        })
    }
}

/// What a token has to match.
pub(crate) struct Expected<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) nonce: &'a Nonce,
    pub(crate) now: DateTime<Utc>,
}

/// Verifies the ID token (OpenID Connect Core 1.0, section 3.1.3.7, and Microsoft's rules for
/// multi-tenant issuers), with keys fetched anew if the token names an unknown one.
pub(crate) async fn verify(
    provider: &Arc<Provider>,
    http: &Rc<HttpClient>,
    snapshot: Arc<Snapshot>,
    tokens: &Tokens,
    expected: &Expected<'_>,
) -> Result<VerifiedClaims, TokenError> {
    let unverified = Unverified::read(&tokens.id_token)?;
    let timeout = expected.settings.entra_timeout;
    let snapshot = match &unverified.kid {
        Some(kid) if !snapshot.has_key(kid) => provider
            .snapshot_for_key(http, timeout, snapshot, kid)
            .await
            .map_err(TokenError::Keys)?,
        _ => snapshot,
    };
    expected.verify(&snapshot, &unverified, tokens)
}

impl Expected<'_> {
    /// The verification with these keys, whatever the token says of others.
    pub(crate) fn verify(
        &self,
        snapshot: &Snapshot,
        unverified: &Unverified,
        tokens: &Tokens,
    ) -> Result<VerifiedClaims, TokenError> {
        let tenant_id = unverified.tenant_id;
        let issuer = fill_tenant(&snapshot.metadata.issuer, &unverified.tid);
        // A single tenant's issuer is fixed, and the token's tenant must be that one.
        if !issuer.ends_with(&format!("/{}/v2.0", unverified.tid)) {
            return Err(TokenError::Tenant);
        }
        let tenants = &self.settings.tenants;
        if !tenants.is_empty() && !tenants.contains(&tenant_id) {
            return Err(TokenError::TenantNotAllowed(tenant_id));
        }
        let keys = snapshot.keys.keys().iter();
        let keys = keys.filter(|key| key.may_sign_for(&issuer, &unverified.tid));
        let keys = JsonWebKeySet::new(keys.cloned().collect());
        let verifier = self.verifier(issuer, keys)?;
        let claims = tokens.id_token.claims(&verifier, self.nonce);
        let claims = claims.map_err(token_error)?;
        check_at_hash(claims, tokens, &verifier)?;
        let object_id = self.check_own_claims(claims)?;
        Ok(VerifiedClaims::new(tenant_id, object_id, claims))
    }

    fn leeway(&self) -> TimeDelta {
        TimeDelta::from_std(self.settings.clock_leeway).unwrap_or_default()
    }

    fn verifier<'v>(
        &self,
        issuer: String,
        keys: JsonWebKeySet<EntraKey>,
    ) -> Result<Verifier<'v>, TokenError> {
        let (leeway, now) = (self.leeway(), self.now);
        let issuer = IssuerUrl::new(issuer).map_err(|_| TokenError::Tenant)?;
        let client_id = ClientId::new(self.settings.application_id.clone());
        // A public client has no secret to verify with, which rules out HS256.
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

    /// What openidconnect leaves to us: `nbf`, `azp`, `sub` and `oid`. Returns the object id.
    fn check_own_claims(&self, claims: &TokenClaims) -> Result<String, TokenError> {
        let own = claims.additional_claims();
        if let Some(nbf) = own.nbf {
            let not_before = DateTime::from_timestamp(nbf, 0).ok_or(TokenError::Claim("nbf"))?;
            if not_before > self.now + self.leeway() {
                return Err(TokenError::Time(format!("not valid before {not_before}")));
            }
        }
        // OpenID Connect Core 1.0, section 3.1.3.7, rule 5.
        let azp = claims.authorized_party().map(|party| party.as_str());
        if azp.is_some_and(|azp| azp != self.settings.application_id) {
            let problem = "its `azp` is another client".to_owned();
            return Err(TokenError::Audience(problem));
        }
        let is_id = |id: &str, max_len: usize| {
            !id.is_empty() && id.len() <= max_len && id.bytes().all(|b| b.is_ascii_graphic())
        };
        if !is_id(claims.subject().as_str(), 255) {
            return Err(TokenError::Claim("sub"));
        }
        match &own.oid {
            Some(oid) if is_id(oid, 64) => Ok(oid.clone()),
            _ => Err(TokenError::Claim("oid")),
        }
    }
}

fn token_error(error: ClaimsVerificationError) -> TokenError {
    match error {
        ClaimsVerificationError::Expired(why) => TokenError::Time(printable(&why)),
        ClaimsVerificationError::InvalidAudience(why) => TokenError::Audience(printable(&why)),
        ClaimsVerificationError::InvalidIssuer(why) => TokenError::Issuer(printable(&why)),
        ClaimsVerificationError::InvalidNonce(why) => TokenError::Nonce(why),
        ClaimsVerificationError::SignatureVerification(why) => {
            TokenError::Signature(printable(&why.to_string()))
        }
        other => TokenError::Signature(printable(&other.to_string())),
    }
}

/// `at_hash`, where the token has one (OpenID Connect Core 1.0, section 3.1.3.8).
fn check_at_hash(
    claims: &TokenClaims,
    tokens: &Tokens,
    verifier: &Verifier<'_>,
) -> Result<(), TokenError> {
    let Some(expected) = claims.access_token_hash() else {
        return Ok(());
    };
    let id_token = &tokens.id_token;
    let key = id_token.signing_key(verifier);
    let key = key.map_err(|_| TokenError::AtHash)?;
    let alg = id_token.signing_alg().map_err(|_| TokenError::AtHash)?;
    let token = AccessToken::new(tokens.access_token.expose().to_owned());
    match AccessTokenHash::from_token(&token, alg, key) {
        Ok(hash) if hash == *expected => Ok(()),
        _ => Err(TokenError::AtHash),
    }
}
