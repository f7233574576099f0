//! The checks of settings for the way to Microsoft: proxy and certificates.

use std::fs;

use rustls::pki_types::{CertificateDer, pem::PemObject};

use super::check::Check;
use crate::util::proxy_url::ProxySetting;

impl Check {
    pub(super) fn proxy(&mut self, text: &str) -> Option<ProxySetting> {
        let proxy = ProxySetting::parse(text);
        if proxy.is_none() {
            self.problem(
                "proxy",
                "it is not the address of a proxy that takes CONNECT",
                "give `http://host:port` or `https://host:port`, with `user:password@` before the host where it asks for them (`@:/?#%` in them percent-encoded), or `off`",
            );
        }
        proxy
    }

    pub(super) fn ca_file(&mut self, path: &str) -> Vec<CertificateDer<'static>> {
        if path.is_empty() {
            return Vec::new();
        }
        let problem = match fs::read(path) {
            Ok(pem) => {
                let found = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
                match found {
                    Ok(found) if !found.is_empty() => return found,
                    _ => format!("the file {path} holds no certificate in PEM"),
                }
            }
            Err(error) => format!("the file {path} can't be read: {error}"),
        };
        let help = "give a file that begins with `-----BEGIN CERTIFICATE-----`";
        self.problem("ca_file", problem, help);
        Vec::new()
    }
}
