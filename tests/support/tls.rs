//! TLS before an emulated Entra, with an authority of its own.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use actix_web::rt::{
    self,
    net::{TcpListener, TcpStream},
};
use microsoft_sso::testing::FakeEntra;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio_rustls::TlsAcceptor;

const NAMES: [&str; 4] = [
    "localhost",
    "login.emulated.test",
    "contoso.ciamlogin.com",
    "graph.microsoft.com",
];

/// An authority for this test alone: its certificate's file, and a TLS server's settings for
/// `localhost` and, as of a proxy's, `login.emulated.test`.
pub(crate) fn authority(dir: &Path) -> (PathBuf, ServerConfig) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    let name = "Contoso TLS Inspection";
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(NAMES.map(str::to_owned)).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let file = dir.join("authority.pem");
    std::fs::write(&file, issuer.pem()).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key);
    (file, config.unwrap())
}

/// Puts TLS before an emulated Entra, which takes itself to be there from then on.
pub(crate) async fn over_tls(entra: &FakeEntra, config: ServerConfig) {
    let behind = entra.url().trim_start_matches("http://").to_owned();
    let port = tls_before(behind, config).await;
    entra.set_url(&format!("https://localhost:{port}"));
}

/// Puts TLS before an address, and returns the port on this machine.
pub(crate) async fn tls_before(behind: String, config: ServerConfig) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    rt::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            rt::spawn(async move {
                let Ok(mut tls) = acceptor.accept(stream).await else {
                    return;
                };
                if let Ok(mut plain) = TcpStream::connect(behind).await {
                    let _ = tokio::io::copy_bidirectional(&mut tls, &mut plain).await;
                }
            });
        }
    });
    port
}
