//! The way out that all workers share: TLS and its roots, and the proxy.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore, client::WebPkiServerVerifier, crypto::ring,
    pki_types::CertificateDer,
};
use url::Url;

use super::{named_issuer::NamedIssuer, proxy::ProxyRules};

/// How requests leave this machine.
#[derive(Debug)]
pub(crate) struct Network {
    pub(super) tls: Arc<ClientConfig>,
    pub(super) proxy: ProxyRules,
}

/// The TLS client can't be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
    #[error(transparent)]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

/// The root certificates that are trusted.
pub(crate) struct Roots(RootCertStore);

impl Roots {
    /// The system's, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`; and `more`.
    pub(crate) fn of_system(more: &[CertificateDer<'static>]) -> Self {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a certificate of the system could not be read");
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        roots.add_parsable_certificates(more.iter().cloned());
        Self(roots)
    }

    pub(crate) fn are_none(&self) -> bool {
        self.0.is_empty()
    }
}

impl Network {
    /// The proxy that requests to a URL go through.
    pub(crate) fn proxy_of(&self, url: &str) -> Option<String> {
        let url = Url::parse(url).ok()?;
        let host = url.host_str()?.trim_matches(['[', ']']);
        let proxy = self.proxy.for_host(host, url.port_or_known_default()?)?;
        Some(proxy.to_string())
    }

    /// TLS settings independent of process-wide defaults.
    pub(crate) fn new(roots: Roots, proxy: ProxyRules) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let mut config = if roots.are_none() {
            // Nothing is trusted; the application talks to this machine alone.
            config.with_root_certificates(roots.0)
        } else {
            let roots = Arc::new(roots.0);
            let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider).build()?;
            // It is rustls's own verifier, whose refusal is told at more length.
            config
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(NamedIssuer(verifier)))
        }
        .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            tls: Arc::new(config),
            proxy,
        })
    }
}
