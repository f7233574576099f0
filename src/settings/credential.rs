//! How the application proves to Entra that it is itself: the settings, checked.

use std::{fs, io, path::PathBuf};

use crate::util::secret::Secret;

/// The credential that is used: of those that are set, the one that stands first here.
#[derive(Clone)]
pub(crate) enum CredentialSettings {
    /// A PEM file with a certificate and its key.
    Certificate(PathBuf),
    /// A file that somebody else keeps a signed token in.
    FederatedToken(PathBuf),
    /// The client id of a managed identity.
    ManagedIdentity(String),
    /// The client secret, and the one that is to replace it.
    Secret {
        current: SecretSource,
        next: Option<SecretSource>,
    },
}

/// Where a secret is.
#[derive(Clone)]
pub(crate) enum SecretSource {
    Value(Secret),
    /// In a file, read whenever it is needed.
    File(PathBuf),
}

impl SecretSource {
    /// The secret. A file's is without white space around it.
    pub(crate) fn read(&self) -> io::Result<Secret> {
        match self {
            Self::Value(secret) => Ok(secret.clone()),
            Self::File(path) => fs::read_to_string(path).map(|text| Secret::new(text.trim())),
        }
    }
}
