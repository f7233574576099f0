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

/// Which of the two a secret is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Current,
    Next,
}

impl ClientSecrets {
    pub(super) fn new(current: SecretSource, next: Option<SecretSource>) -> Self {
        Self {
            current,
            next,
            prefers_next: AtomicBool::new(false),
        }
    }

    /// The secret to begin with; the other one where that can't be read.
    pub(super) async fn first(&self) -> Result<(Secret, Which), CredentialError> {
        let (preferred, other) = match self.prefers_next.load(Ordering::Relaxed) {
            true => (Which::Next, Which::Current),
            false => (Which::Current, Which::Next),
        };
        match self.read(preferred).await {
            Ok(secret) => Ok((secret, preferred)),
            Err(error) => match self.read(other).await {
                Ok(secret) => Ok((secret, other)),
                Err(_) => Err(error),
            },
        }
    }

    /// What else there is, once Entra has refused this one. A file may have changed meanwhile.
    pub(super) async fn other_than(&self, used: &Secret) -> Option<(Secret, Which)> {
        for which in [Which::Next, Which::Current] {
            match self.read(which).await {
                Ok(secret) if secret != *used => return Some((secret, which)),
                Ok(_) | Err(CredentialError::None) => {}
                Err(error) => tracing::warn!(%error, "a client secret can't be tried"),
            }
        }
        None
    }

    /// Begins with this one from now on, since Entra took it after it had refused the other.
    pub(super) fn prefer(&self, which: Which) {
        let is_next = which == Which::Next;
        if self.prefers_next.swap(is_next, Ordering::Relaxed) == is_next {
            return;
        }
        let (refused, taken) = match which {
            Which::Next => ("client_secret", "client_secret_next"),
            Which::Current => ("client_secret_next", "client_secret"),
        };
        tracing::warn!("Entra refuses `{refused}`, so `{taken}` is used from now on");
    }

    async fn read(&self, which: Which) -> Result<Secret, CredentialError> {
        let (setting, source) = match (which, &self.next) {
            (Which::Current, _) => ("client_secret_file", &self.current),
            (Which::Next, Some(next)) => ("client_secret_next_file", next),
            (Which::Next, None) => return Err(CredentialError::None),
        };
        match source {
            SecretSource::Value(secret) => Ok(secret.clone()),
            SecretSource::File(path) => read_secret(setting, path.clone()).await,
        }
    }
}
