//! rustls's verification of a server's certificate, with an error that names an unknown issuer: a
//! company that inspects TLS signs with an authority of its own, which the operator has to find.

use std::{io, sync::Arc};

use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use x509_cert::{Certificate, der::Decode};

use crate::util::log::printable;

/// It decides nothing of its own.
#[derive(Debug)]
pub(super) struct NamedIssuer(pub(super) Arc<WebPkiServerVerifier>);

/// The server's certificates lead to no root that is trusted.
#[derive(Debug, thiserror::Error)]
#[error(
    "the certificate of {server} is signed by an issuer that is not trusted: {issuer}; if that is your company's, which inspects TLS, give its certificate by the setting `ca_file`"
)]
struct UnknownIssuer {
    server: String,
    issuer: String,
}

/// The text of an error of a TLS handshake. rustls itself shows an error like the above as `Debug` does.
pub(super) fn explained(error: &io::Error) -> String {
    let own = error.get_ref();
    match own.and_then(|error| error.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(CertificateError::Other(OtherError(own)))) => {
            own.to_string()
        }
        _ => error.to_string(),
    }
}

/// The issuer of the last certificate that the server sent (RFC 4514).
fn issuer(certificates: &[&CertificateDer<'_>]) -> String {
    let last = certificates.last().map(|last| Certificate::from_der(last));
    match last {
        Some(Ok(last)) => printable(&last.tbs_certificate.issuer.to_string()),
        _ => "its name can't be read".to_owned(),
    }
}

impl ServerCertVerifier for NamedIssuer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified =
            self.0
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| match error {
            Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                let sent: Vec<_> = [end_entity].into_iter().chain(intermediates).collect();
                let unknown = UnknownIssuer {
                    server: printable(&server_name.to_str()),
                    issuer: issuer(&sent),
                };
                Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(unknown))))
            }
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
