//! The checks of the settings that are secrets, or files with secrets.

use std::{fs, path::PathBuf};

use uuid::Uuid;

use super::{
    builder::Values,
    check::Check,
    credential::{CredentialSettings, SecretSource},
    from_value::Secrets,
};
use crate::util::{client_certificate::ClientCertificate, secret::Secret};

impl Check {
    /// The credential that is used; `None` where none can be.
    pub(super) fn credential(
        &mut self,
        given: &Values,
        loopback: bool,
    ) -> Option<CredentialSettings> {
        let path = |text: &str| (!text.is_empty()).then(|| PathBuf::from(text));
        let current = self.secret(
            "client_secret",
            &given.client_secret,
            &given.client_secret_file,
        );
        let next = self.secret(
            "client_secret_next",
            &given.client_secret_next,
            &given.client_secret_next_file,
        );
        for (setting, source) in [("client_secret", &current), ("client_secret_next", &next)] {
            if let Some(SecretSource::Value(secret)) = source
                && Uuid::try_parse(secret.expose()).is_ok()
                && !loopback
            {
                self.warning(
                    setting,
                    "it looks like the id of a secret (Entra would answer AADSTS7000215)",
                    "copy the secret's Value, which is shown once",
                );
            }
        }
        if let Some(path) = path(&given.client_certificate) {
            self.certificate(&path);
            return Some(CredentialSettings::Certificate(path));
        }
        if let Some(path) = path(&given.federated_token_file) {
            // It may come later, so it is looked for at start, and not here.
            return Some(CredentialSettings::FederatedToken(path));
        }
        if !given.managed_identity.is_empty() {
            if Uuid::try_parse(&given.managed_identity).is_err() {
                self.problem(
                    "managed_identity",
                    "it is not a GUID",
                    "give the client id of a user-assigned managed identity",
                );
            }
            let client_id = given.managed_identity.clone();
            return Some(CredentialSettings::ManagedIdentity(client_id));
        }
        match current {
            Some(current) => Some(CredentialSettings::Secret { current, next }),
            None => {
                if given.client_secret_file.is_empty() {
                    self.problem(
                        "client_secret",
                        "it is missing",
                        "make a client secret under \"Certificates & secrets\" and copy its Value; or set `client_certificate`, `federated_token_file` or `managed_identity`",
                    );
                }
                None
            }
        }
    }

    fn certificate(&mut self, path: &PathBuf) {
        let problem = match fs::read(path) {
            Ok(pem) => match ClientCertificate::from_pem(&pem) {
                Ok(_) => return,
                Err(problem) => format!("the file {} can't be used: {problem}", path.display()),
            },
            Err(error) => format!("the file {} can't be read: {error}", path.display()),
        };
        let help = "give a PEM file with an RSA key, not encrypted, and its certificate, as `openssl req -x509 -newkey rsa:2048 -nodes` makes both";
        self.problem("client_certificate", problem, help);
    }

    /// A secret by its value or its file, which must be readable now.
    fn secret(&mut self, setting: &str, value: &Secret, file: &str) -> Option<SecretSource> {
        let is_set = !value.is_empty();
        if file.is_empty() {
            return is_set.then(|| SecretSource::Value(value.clone()));
        }
        let file_setting = format!("{setting}_file");
        if is_set {
            let problem = format!("`{setting}` is set as well");
            self.problem(&file_setting, problem, "set one of the two");
            return None;
        }
        let source = SecretSource::File(PathBuf::from(file));
        let problem = match source.read() {
            Ok(secret) if !secret.is_empty() => return Some(source),
            Ok(_) => format!("the file {file} is empty"),
            Err(error) => format!("the file {file} can't be read: {error}"),
        };
        let help =
            "give the path of a file that this process may read, with nothing but the secret";
        self.problem(&file_setting, problem, help);
        None
    }

    /// A secret that is read at start alone.
    pub(super) fn secret_now(&mut self, setting: &str, value: &Secret, file: &str) -> Secret {
        let source = self.secret(setting, value, file);
        let read = source.and_then(|source| source.read().ok());
        read.unwrap_or_default()
    }

    /// A list of secrets; in a file, one a line.
    pub(super) fn secrets_now(&mut self, setting: &str, list: &Secrets, file: &str) -> Vec<Secret> {
        let value = list.iter().next().cloned().unwrap_or_default();
        let in_file = self.secret_now(setting, &value, file);
        if file.is_empty() {
            return list.iter().cloned().collect();
        }
        let lines = in_file.expose().lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty());
        lines.map(Secret::new).collect()
    }
}
