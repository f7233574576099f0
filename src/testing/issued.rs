//! What the emulated Entra has issued: authorization codes and access tokens.

use super::person::Person;

/// What an authorization code was issued for.
#[derive(Clone)]
pub(super) struct CodeGrant {
    pub(super) person: Person,
    pub(super) tenant_path: String,
    pub(super) redirect_uri: String,
    pub(super) nonce: String,
    pub(super) scope: String,
    pub(super) code_challenge: String,
    pub(super) auth_context: Option<String>,
    pub(super) issued_at: i64,
    pub(super) redeemed: bool,
}

/// What an access token was issued for. It names the person by id, because they may change later.
pub(super) struct AccessToken {
    tenant: String,
    oid: String,
    scope: String,
    expires_at: i64,
}

impl AccessToken {
    pub(super) fn new(person: &Person, scope: &str, expires_at: i64) -> Self {
        Self {
            tenant: person.tenant.clone(),
            oid: person.oid.clone(),
            scope: scope.to_owned(),
            expires_at,
        }
    }

    /// Seconds since 1970.
    pub(super) fn expires_at(&self) -> i64 {
        self.expires_at
    }

    pub(super) fn is_of(&self, person: &Person) -> bool {
        person.tenant == self.tenant && person.oid == self.oid
    }

    pub(super) fn has_scope(&self, wanted: &str) -> bool {
        self.scope.split(' ').any(|scope| scope.ends_with(wanted))
    }
}
