//! How the application proves to Entra that it is itself. Every token request is authenticated here.

mod assertion;
mod certificate_file;
pub(crate) mod error;
mod managed_identity;
pub(crate) mod request;
mod secret_file;
mod secrets;

use std::{path::PathBuf, sync::Arc};

use chrono::{DateTime, Utc};

use self::{
    certificate_file::CertificateFile,
    error::CredentialError,
    managed_identity::ManagedIdentity,
    request::TokenRequest,
    secret_file::read_secret,
    secrets::{ClientSecrets, Which},
};
use super::refusal::EntraRefusal;
use crate::{
    settings::{config::Settings, credential::CredentialSettings},
    util::secret::Secret,
};

/// `client_assertion_type` of a JWT (RFC 7523, section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The credential of one application.
pub(crate) enum Credential {
    Secret(ClientSecrets),
    Certificate(Arc<CertificateFile>),
    FederatedToken(PathBuf),
    ManagedIdentity(ManagedIdentity),
    /// Nobody signs in with these settings.
    None,
}

/// What a token request has to authenticate the client.
#[derive(Clone)]
pub(crate) enum ClientAuthentication {
    /// RFC 6749, section 2.3.1.
    Secret(Secret, Which),
    /// RFC 7523, section 2.2.
    Assertion(Secret),
}

impl Credential {
    pub(crate) fn new(settings: &Settings) -> Self {
        match &settings.credential {
            None => Self::None,
            Some(CredentialSettings::Secret { current, next }) => {
                Self::Secret(ClientSecrets::new(current.clone(), next.clone()))
            }
            Some(CredentialSettings::Certificate(path)) => {
                Self::Certificate(Arc::new(CertificateFile::new(path.clone())))
            }
            Some(CredentialSettings::FederatedToken(path)) => Self::FederatedToken(path.clone()),
            Some(CredentialSettings::ManagedIdentity(client_id)) => {
                let audience = settings.authority.exchange_audience();
                Self::ManagedIdentity(ManagedIdentity::new(client_id.clone(), audience))
            }
        }
    }

    /// Days until the certificate ends, as it was when it was last read.
    pub(crate) fn certificate_days(&self, now: DateTime<Utc>) -> Option<i64> {
        match self {
            Self::Certificate(file) => file.days_left(now),
            _ => None,
        }
    }

    /// What the request authenticates with.
    pub(crate) async fn authenticate(
        &self,
        request: &TokenRequest<'_>,
    ) -> Result<ClientAuthentication, CredentialError> {
        let assertion = match self {
            Self::Secret(secrets) => {
                let (secret, which) = secrets.first().await?;
                return Ok(ClientAuthentication::Secret(secret, which));
            }
            Self::Certificate(file) => certificate_file::assertion(file, request).await?,
            Self::FederatedToken(path) => read_secret("federated_token_file", path.clone()).await?,
            Self::ManagedIdentity(identity) => identity.token(request).await?,
            Self::None => return Err(CredentialError::None),
        };
        Ok(ClientAuthentication::Assertion(assertion))
    }

    /// What else to authenticate with, where Entra refused what was used.
    pub(crate) async fn after_refusal(
        &self,
        used: &ClientAuthentication,
        refusal: &EntraRefusal,
    ) -> Option<ClientAuthentication> {
        match (self, used) {
            (Self::Secret(secrets), ClientAuthentication::Secret(used, _))
                if refusal.is_wrong_secret() =>
            {
                let (other, which) = secrets.other_than(used).await?;
                Some(ClientAuthentication::Secret(other, which))
            }
            _ => None,
        }
    }

    /// Notes that Entra took what was tried after a refusal.
    pub(crate) fn is_taken(&self, authentication: &ClientAuthentication) {
        if let (Self::Secret(secrets), ClientAuthentication::Secret(_, which)) =
            (self, authentication)
        {
            secrets.prefer(*which);
        }
    }

    /// The setting that names it.
    #[cfg(feature = "cli")]
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Secret(_) => "client_secret",
            Self::Certificate(_) => "client_certificate",
            Self::FederatedToken(_) => "federated_token_file",
            Self::ManagedIdentity(_) => "managed_identity",
            Self::None => "credential",
        }
    }

    /// Says which credential is used, and what is wrong with it already.
    pub(crate) fn log_at_start(&self, site: &str, now: DateTime<Utc>) {
        let (credential, file) = match self {
            Self::None => return,
            Self::Secret(_) => ("client_secret", None),
            Self::Certificate(_) => ("client_certificate", None),
            Self::FederatedToken(path) => {
                ("federated_token_file", Some(path.display().to_string()))
            }
            Self::ManagedIdentity(_) => ("managed_identity", None),
        };
        tracing::info!(site, credential, file, "the credential that is used");
        match self {
            Self::Certificate(file) => file.log_at_start(now),
            Self::FederatedToken(path) => {
                if let Err(error) = std::fs::metadata(path) {
                    tracing::warn!(
                        file,
                        %error,
                        "the setting `federated_token_file` names a file that can't be read, so nobody can sign in until it is there; in Kubernetes, the pod needs the label `azure.workload.identity/use: \"true\"`"
                    );
                }
            }
            _ => {}
        }
    }
}

impl ClientAuthentication {
    /// The fields of the token request's form.
    pub(crate) fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Secret(secret, _) => vec![("client_secret", secret.expose().to_owned())],
            Self::Assertion(assertion) => vec![
                ("client_assertion_type", JWT_BEARER.to_owned()),
                ("client_assertion", assertion.expose().to_owned()),
            ],
        }
    }
}
