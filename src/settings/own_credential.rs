//! Which credential is whose: of the application itself, of the pod it runs in, of a site.

use super::{azure::AzureVariables, builder::Values};

impl Values {
    /// Stands in for what isn't set. A credential of our own settings means another application than
    /// the pod's.
    pub(super) fn fill_from_azure(&mut self, azure: AzureVariables, has_sites: bool) {
        let is_file_used = self.federated_token_file == azure.token_file;
        let is_unset = !self.has_credential();
        if azure.token_file.is_empty() || !(is_unset || is_file_used) {
            return;
        }
        self.federated_token_file = azure.token_file;
        // With sites, the base settings need not be an application.
        if self.application_id.is_empty() && !has_sites {
            self.application_id = azure.client_id.unwrap_or_default();
        }
        if self.authority.is_empty() {
            let tenant = azure.tenant_id.as_deref().unwrap_or("common");
            let host = azure.authority_host.as_deref();
            let host = host.unwrap_or("https://login.microsoftonline.com");
            self.authority = format!("{}/{tenant}", host.trim_end_matches('/'));
        }
    }

    /// Whether a credential is set.
    pub(super) fn has_credential(&self) -> bool {
        self.credentials() != Self::default().credentials()
    }

    /// Whether these settings have the client secret of `base`.
    pub(super) fn inherits_secret(&self, base: &Self) -> bool {
        let has_secret = !base.client_secret.is_empty() || !base.client_secret_file.is_empty();
        has_secret && self.credentials() == base.credentials()
    }

    fn credentials(&self) -> [&str; 7] {
        [
            self.client_secret.expose(),
            &self.client_secret_file,
            self.client_secret_next.expose(),
            &self.client_secret_next_file,
            &self.client_certificate,
            &self.federated_token_file,
            &self.managed_identity,
        ]
    }

    /// Drops the credentials that a site inherits from `base`, if it has one of its own. An inherited
    /// one might take precedence, and it belongs to another application.
    pub(super) fn drop_inherited_credentials(&mut self, base: &Self) {
        if self.credentials() == base.credentials() {
            return;
        }
        if self.client_secret == base.client_secret {
            self.client_secret = <_>::default();
        }
        if self.client_secret_next == base.client_secret_next {
            self.client_secret_next = <_>::default();
        }
        let own = [
            &mut self.client_secret_file,
            &mut self.client_secret_next_file,
            &mut self.client_certificate,
            &mut self.federated_token_file,
            &mut self.managed_identity,
        ];
        let inherited = [
            &base.client_secret_file,
            &base.client_secret_next_file,
            &base.client_certificate,
            &base.federated_token_file,
            &base.managed_identity,
        ];
        for (own, inherited) in own.into_iter().zip(inherited) {
            if own == inherited {
                own.clear();
            }
        }
    }
}
