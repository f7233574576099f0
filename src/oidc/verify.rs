//! ID token validation: openidconnect's checks, and Entra's own rules around them.

use std::{rc::Rc, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{
    AccessToken, AccessTokenHash, ClientId, IdTokenVerifier, IssuerUrl, JsonWebKeySet, Nonce,
    NonceVerifier, SignatureVerificationError, core::CoreJwsSigningAlgorithm,
};

use super::{
    claims::VerifiedClaims,
    id_token::{RawIdToken, Unverified},
    keys::{EntraKey, fill_tenant},
    provider::{Provider, Snapshot},
    token_error::TokenError,
};
use crate::{
    http_client::{HttpClient, response::without_query},
    settings::config::Settings,
    util::{log::printable, secret::Secret},
};

type Verifier<'a> = IdTokenVerifier<'a, EntraKey>;

/// Oldest ID token that is accepted, whatever its `exp`. Entra issues one at each sign-in, so an old
/// one is replayed, or comes from a clock that is far off.
const MAX_AGE: TimeDelta = TimeDelta::hours(24);

/// What a token has to match.
pub(crate) struct Expected<'a> {
    pub(crate) settings: &'a Settings,
    /// None for the token of a refresh, which needs no nonce (OpenID Connect Core 1.0, section 12.2).
    pub(crate) nonce: Option<&'a Nonce>,
    pub(crate) now: DateTime<Utc>,
}

/// Verifies the ID token (OpenID Connect Core 1.0, section 3.1.3.7, and Microsoft's rules for
/// multi-tenant issuers), with keys fetched anew if the token names an unknown one.
pub(crate) async fn verify(
    provider: &Arc<Provider>,
    http: &Rc<HttpClient>,
    snapshot: Arc<Snapshot>,
    (id_token, access_token): (&RawIdToken, &Secret),
    expected: &Expected<'_>,
) -> Result<VerifiedClaims, TokenError> {
    let unverified = Unverified::read(id_token)?;
    let snapshot = with_key(provider, http, snapshot, &unverified, expected.settings).await?;
    expected.verify(&snapshot, &unverified, access_token)
}

/// The keys, fetched anew if the token names an unknown one.
pub(super) async fn with_key(
    provider: &Arc<Provider>,
    http: &Rc<HttpClient>,
    snapshot: Arc<Snapshot>,
    unverified: &Unverified,
    settings: &Settings,
) -> Result<Arc<Snapshot>, TokenError> {
    match &unverified.kid {
        Some(kid) if !snapshot.has_key(kid) => provider
            .snapshot_for_key(http, settings.entra_timeout, snapshot, kid)
            .await
            .map_err(TokenError::Keys),
        _ => Ok(snapshot),
    }
}

impl Expected<'_> {
    /// The verification with these keys, whatever the token says of others.
    pub(crate) fn verify(
        &self,
        snapshot: &Snapshot,
        unverified: &Unverified,
        access_token: &Secret,
    ) -> Result<VerifiedClaims, TokenError> {
        let audience = &self.settings.application_id;
        let key = self.check(snapshot, unverified, audience)?;
        check_at_hash(unverified, access_token, &key)?;
        self.check_age(unverified)?;
        // OpenID Connect Core 1.0, section 3.1.3.7, rule 5.
        let azp = unverified.claims.azp.as_ref();
        if azp.is_some_and(|azp| azp != audience) {
            return Err(TokenError::AuthorizedParty);
        }
        Ok(VerifiedClaims::new(
            unverified.tenant_id,
            &unverified.claims,
            Arc::clone(&unverified.all),
        ))
    }

    /// What holds for each token of Entra's: tenant, issuer, signature, audience, times; returns the key.
    pub(super) fn check(
        &self,
        snapshot: &Snapshot,
        unverified: &Unverified,
        audience: &str,
    ) -> Result<EntraKey, TokenError> {
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
        let is_named = |key: &EntraKey| unverified.kid.as_ref().is_none_or(|kid| key.has_id(kid));
        let keys = keys.filter(|key| is_named(key) && key.may_sign_for(&issuer, &unverified.tid));
        let keys = JsonWebKeySet::new(keys.cloned().collect());
        let verifier = self.verifier(issuer, keys, audience)?;
        let token = &unverified.checked;
        let key = token.signing_key(&verifier).map_err(|error| match error {
            SignatureVerificationError::NoMatchingKey => TokenError::UnknownKey {
                kid: printable(unverified.kid.as_deref().unwrap_or_default()),
                keys_url: without_query(snapshot.metadata.jwks_uri.as_str()),
                application_id: self.settings.application_id.clone(),
            },
            other => other.into(),
        })?;
        unverified.check_signature(key)?;
        let key = key.clone();
        // From here on the claims are Entra's. openidconnect checks header, issuer, audience, times
        // and nonce; the signature, which isn't of the claims that it is given, was checked above.
        let verifier = verifier.insecure_disable_signature_check();
        let nonce = |of_token: Option<&Nonce>| match self.nonce {
            Some(nonce) => nonce.verify(of_token),
            None => Ok(()),
        };
        let claims = token.claims(&verifier, nonce)?;
        self.check_issue_time(claims.issue_time())?;
        self.check_own_claims(unverified)?;
        Ok(key)
    }

    fn leeway(&self) -> TimeDelta {
        TimeDelta::from_std(self.settings.clock_leeway).unwrap_or_default()
    }

    fn verifier<'v>(
        &self,
        issuer: String,
        keys: JsonWebKeySet<EntraKey>,
        audience: &str,
    ) -> Result<Verifier<'v>, TokenError> {
        let (leeway, now) = (self.leeway(), self.now);
        let issuer = IssuerUrl::new(issuer).map_err(|_| TokenError::Tenant)?;
        let client_id = ClientId::new(audience.to_owned());
        // A public client has no secret to verify with, which rules out HS256.
        Ok(Verifier::new_public_client(client_id, issuer, keys)
            .set_allowed_algs([CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256])
            .set_time_fn(move || now - leeway))
    }

    fn check_issue_time(&self, issued: DateTime<Utc>) -> Result<(), TokenError> {
        if issued <= self.now + self.leeway() {
            return Ok(());
        }
        let why = format!("issued at {issued}, which is in the future");
        Err(TokenError::Time { claim: "iat", why })
    }

    /// Of an ID token, which is used at once.
    fn check_age(&self, unverified: &Unverified) -> Result<(), TokenError> {
        let issued = unverified.issued_at().ok_or(TokenError::Claim("iat"))?;
        if issued >= self.now - MAX_AGE - self.leeway() {
            return Ok(());
        }
        let why = format!("issued at {issued}, which is too long ago");
        Err(TokenError::Time { claim: "iat", why })
    }

    /// What openidconnect leaves to us: `nbf`, and the form of `sub` and `oid`.
    fn check_own_claims(&self, unverified: &Unverified) -> Result<(), TokenError> {
        let own = &unverified.claims;
        if let Some(nbf) = own.nbf {
            let not_before = DateTime::from_timestamp(nbf, 0).ok_or(TokenError::Claim("nbf"))?;
            if not_before > self.now + self.leeway() {
                let (claim, why) = ("nbf", format!("not valid before {not_before}"));
                return Err(TokenError::Time { claim, why });
            }
        }
        let is_id = |id: &str, max_len: usize| {
            !id.is_empty() && id.len() <= max_len && id.bytes().all(|b| b.is_ascii_graphic())
        };
        if !is_id(&own.sub, 255) {
            return Err(TokenError::Claim("sub"));
        }
        if !is_id(&own.oid, 64) {
            return Err(TokenError::Claim("oid"));
        }
        Ok(())
    }
}

/// `at_hash`, where the token has one (OpenID Connect Core 1.0, section 3.1.3.8).
fn check_at_hash(
    unverified: &Unverified,
    access_token: &Secret,
    key: &EntraKey,
) -> Result<(), TokenError> {
    let Some(expected) = &unverified.claims.at_hash else {
        return Ok(());
    };
    let token = AccessToken::new(access_token.expose().to_owned());
    let rs256 = CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
    match AccessTokenHash::from_token(&token, &rs256, key) {
        Ok(hash) if hash.as_str() == expected => Ok(()),
        _ => Err(TokenError::AtHash),
    }
}
