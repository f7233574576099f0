//! The client secret, and the one that is to replace it.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{error::CredentialError, secret_file::read_secret};
use crate::{settings::credential::SecretSource, util::secret::Secret};

/// Two secrets, of which the one that Entra took last goes first.
pub(crate) struct ClientSecrets {
    current: SecretSource,
    next: Option<SecretSource>,
    prefers_next: AtomicBool,
}

impl ClientSecrets {
    pub(super) fn new(current: SecretSource, next: Option<SecretSource>) -> Self {
        Self {
            current,
            next,
            prefers_next: AtomicBool::new(false),
        }
    }

    pub(super) async fn first(&self) -> Result<Secret, CredentialError> {
        match &self.next {
            Some(next) if self.prefers_next.load(Ordering::Relaxed) => {
                read("client_secret_next_file", next).await
            }
            _ => read("client_secret_file", &self.current).await,
        }
    }

    /// The other secret, once Entra has refused this one.
    pub(super) async fn other_than(&self, used: &Secret) -> Option<Secret> {
        let next = self.next.as_ref()?;
        let was_next = self.prefers_next.load(Ordering::Relaxed);
        let other = if was_next {
            read("client_secret_file", &self.current).await
        } else {
            read("client_secret_next_file", next).await
        };
        let other = other.ok().filter(|other| other != used)?;
        self.prefers_next.store(!was_next, Ordering::Relaxed);
        let (refused, tried) = match was_next {
            true => ("client_secret_next", "client_secret"),
            false => ("client_secret", "client_secret_next"),
        };
        tracing::warn!("Entra refuses `{refused}`, so `{tried}` is tried and used from now on");
        Some(other)
    }
}

async fn read(setting: &'static str, source: &SecretSource) -> Result<Secret, CredentialError> {
    match source {
        SecretSource::Value(secret) => Ok(secret.clone()),
        SecretSource::File(path) => read_secret(setting, path.clone()).await,
    }
}
