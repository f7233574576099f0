//! Refresh tokens, by Entra's rules (Microsoft identity platform, "Refresh tokens").

use std::collections::{HashMap, HashSet};

use super::person::Person;

/// In seconds: 90 days.
const LIFETIME: i64 = 90 * 24 * 3600;

/// The scopes that need no consent of their own here.
const OF_OPENID: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// What a refresh token was issued for.
#[derive(Clone)]
pub(super) struct RefreshGrant {
    tenant: String,
    oid: String,
    issued_at: i64,
    /// How often the person's sessions had been revoked.
    revocations: u64,
}

/// What Entra remembers of the accounts.
#[derive(Default)]
pub(super) struct Accounts {
    /// By `oid`.
    revocations: HashMap<String, u64>,
    /// When the person last entered their credentials, by `oid`.
    authenticated_at: HashMap<String, i64>,
    /// The scopes that were consented to, by `oid`.
    consents: HashMap<String, HashSet<String>>,
}

impl Accounts {
    /// Takes a sign-in for the consent to its scopes.
    pub(super) fn consent(&mut self, person: &Person, scope: &str) {
        let consent = self.consents.entry(person.oid.clone()).or_default();
        consent.extend(scope.split(' ').map(str::to_owned));
    }

    /// Takes a sign-in for one with credentials, if it is the first, or they were asked for.
    pub(super) fn authenticate(&mut self, person: &Person, now: i64, is_asked: bool) {
        let at = self.authenticated_at.entry(person.oid.clone());
        let at = at.or_insert(now);
        if is_asked {
            *at = now;
        }
    }

    pub(super) fn authenticated_at(&self, oid: &str) -> Option<i64> {
        self.authenticated_at.get(oid).copied()
    }

    pub(super) fn withdraw_consent(&mut self, oid: &str) {
        self.consents.remove(oid);
    }

    pub(super) fn revoke_sessions(&mut self, oid: &str) {
        *self.revocations.entry(oid.to_owned()).or_default() += 1;
    }

    fn revocations(&self, oid: &str) -> u64 {
        self.revocations.get(oid).copied().unwrap_or_default()
    }

    fn has_consent(&self, oid: &str, scope: &str) -> bool {
        let consent = self.consents.get(oid);
        let has = |scope: &str| consent.is_some_and(|consent| consent.contains(scope));
        scope
            .split(' ')
            .all(|scope| OF_OPENID.contains(&scope) || has(scope))
            && consent.is_some()
    }
}

/// A refusal: AADSTS number and text.
type Refusal = (u32, &'static str);

impl RefreshGrant {
    pub(super) fn new(person: &Person, accounts: &Accounts, now: i64) -> Self {
        Self {
            tenant: person.tenant.clone(),
            oid: person.oid.clone(),
            issued_at: now,
            revocations: accounts.revocations(&person.oid),
        }
    }

    /// The person, as they are now, if these scopes may be had for them.
    pub(super) fn person(
        &self,
        people: &[Person],
        accounts: &Accounts,
        now: i64,
        scope: &str,
    ) -> Result<Person, Refusal> {
        let is_owner = |person: &&Person| person.tenant == self.tenant && person.oid == self.oid;
        let person = people.iter().find(is_owner);
        let gone = (50034, "The user account does not exist in the directory.");
        let person = person.ok_or(gone)?;
        if !person.is_enabled {
            return Err((50057, "The user account is disabled."));
        }
        if self.revocations != accounts.revocations(&self.oid) {
            return Err((
                50173,
                "The provided grant has expired due to it being revoked, a fresh auth token is needed.",
            ));
        }
        if now - self.issued_at > LIFETIME {
            return Err((700_082, "The refresh token has expired due to inactivity."));
        }
        if !accounts.has_consent(&self.oid, scope) {
            return Err((
                65001,
                "The user or administrator has not consented to use the application.",
            ));
        }
        Ok(person.clone())
    }
}
