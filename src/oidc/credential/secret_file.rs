//! Files with a secret.

use std::path::PathBuf;

use super::error::CredentialError;
use crate::util::secret::Secret;

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
    let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await;
    match read {
        Ok(Ok(text)) if !text.trim().is_empty() => Ok(Secret::new(text.trim())),
        Ok(Ok(_)) => Err(failed("it is empty".to_owned())),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}
