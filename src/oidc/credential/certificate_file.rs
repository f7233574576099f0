//! The file of the client certificate, read again when it changes.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, NaiveDate, Utc};
use ring::digest::{SHA256, digest};

use super::{assertion, error::CredentialError, request::TokenRequest};
use crate::util::{
    client_certificate::{ClientCertificate, WARN_BELOW_DAYS},
    secret::Secret,
};

/// The file, and the certificate that it held when it was last good.
pub(crate) struct CertificateFile {
    path: PathBuf,
    known: Mutex<Option<Known>>,
    warned_on: Mutex<Option<NaiveDate>>,
}

struct Known {
    /// SHA-256 of the whole file.
    hash: [u8; 32],
    certificate: Arc<ClientCertificate>,
}

/// An assertion for a token request, signed off the worker's thread.
pub(super) async fn assertion(
    file: &Arc<CertificateFile>,
    request: &TokenRequest<'_>,
) -> Result<Secret, CredentialError> {
    let file = Arc::clone(file);
    let path = file.path.display().to_string();
    let (id, now) = (request.application_id.to_owned(), request.now);
    let endpoint = request.token_endpoint.to_string();
    let signed = tokio::task::spawn_blocking(move || {
        let certificate = file.certificate()?;
        file.warn_of_end(&certificate, now);
        Ok(assertion::sign(&certificate, &id, &endpoint, now)?)
    });
    let failed = |error: tokio::task::JoinError| CredentialError::File {
        setting: "client_certificate",
        file: path,
        problem: error.to_string(),
    };
    signed.await.map_err(failed)?
}

impl CertificateFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            known: Mutex::default(),
            warned_on: Mutex::default(),
        }
    }

    pub(super) fn log_at_start(&self, now: DateTime<Utc>) {
        match self.certificate() {
            Ok(certificate) => {
                tracing::info!(
                    file = %self.path.display(),
                    thumbprint = certificate.thumbprint,
                    days = certificate.days_left(now),
                    "the client certificate, and the days until it ends"
                );
                self.warn_of_end(&certificate, now);
            }
            Err(error) => tracing::error!(%error, "the client certificate can't be used"),
        }
    }

    pub(super) fn days_left(&self, now: DateTime<Utc>) -> Option<i64> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().map(|known| known.certificate.days_left(now))
    }

    /// The certificate of the file. One that can't be used while it is replaced leaves the one before.
    fn certificate(&self) -> Result<Arc<ClientCertificate>, CredentialError> {
        let failed = |problem: String| CredentialError::File {
            setting: "client_certificate",
            file: self.path.display().to_string(),
            problem,
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let read = fs::read(&self.path).map_err(|error| error.to_string());
        let read = read.and_then(|pem| {
            let hash = digest(&SHA256, &pem);
            if let Some(known) = known.as_ref().filter(|known| known.hash == hash.as_ref()) {
                return Ok(Arc::clone(&known.certificate));
            }
            let certificate = ClientCertificate::from_pem(&pem);
            let certificate = Arc::new(certificate.map_err(|problem| problem.to_string())?);
            tracing::debug!(
                thumbprint = certificate.thumbprint,
                "a client certificate was read"
            );
            *known = Some(Known {
                hash: hash.as_ref().try_into().unwrap_or_default(),
                certificate: Arc::clone(&certificate),
            });
            Ok(certificate)
        });
        let before = known.as_ref().map(|known| Arc::clone(&known.certificate));
        match (read, before) {
            (Ok(certificate), _) => Ok(certificate),
            (Err(problem), Some(before)) => {
                tracing::warn!(
                    error = %failed(problem),
                    "the client certificate before it is used"
                );
                Ok(before)
            }
            (Err(problem), None) => Err(failed(problem)),
        }
    }

    /// Says once a day how long the certificate lasts, when it isn't long.
    fn warn_of_end(&self, certificate: &ClientCertificate, now: DateTime<Utc>) {
        let days = certificate.days_left(now);
        let mut warned_on = self
            .warned_on
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if days >= WARN_BELOW_DAYS || *warned_on == Some(now.date_naive()) {
            return;
        }
        *warned_on = Some(now.date_naive());
        let thumbprint = &certificate.thumbprint;
        let file = self.path.display().to_string();
        let help = "register a new one with the app registration, then replace the file";
        if days < 0 {
            tracing::error!(
                file,
                thumbprint,
                days,
                "the client certificate has ended, so nobody can sign in with it: {help}"
            );
        } else {
            tracing::warn!(
                file,
                thumbprint,
                days,
                "the client certificate ends soon: {help}"
            );
        }
    }
}
