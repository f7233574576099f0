//! Files with a secret.

use std::path::PathBuf;

use super::error::CredentialError;
use crate::{settings::credential::SecretSource, util::secret::Secret};

/// Reads a file with a secret, without white space around it.
pub(super) async fn read_secret(
    setting: &'static str,
    path: PathBuf,
) -> Result<Secret, CredentialError> {
    let file = path.display().to_string();
    let failed = |problem: String| CredentialError::File {
        setting,
        file,
        problem,
    };
    let read = tokio::task::spawn_blocking(move || SecretSource::File(path).read()).await;
    match read {
        Ok(Ok(secret)) if !secret.is_empty() => Ok(secret),
        Ok(Ok(_)) => Err(failed("it is empty".to_owned())),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}
