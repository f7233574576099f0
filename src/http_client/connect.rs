//! The service that makes awc's connections: directly, or through the proxy.

use std::{io, sync::Arc, time::Duration};

use actix_tls::connect::{ConnectError, ConnectInfo, Connection};
use actix_web::{
    dev::{Service, always_ready},
    rt::net::TcpStream,
};
use awc::http::Uri;
use futures_util::future::LocalBoxFuture;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::time::timeout;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    dial::{DialError, dial},
    exchange,
    named_issuer::explained,
    network::Network,
    stream::{Stream, Transport},
    tunnel::{self, TunnelError},
};
use crate::util::proxy_url::ProxyUrl;

/// Time limit of a TLS handshake.
pub(super) const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectFailure {
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error("{0}")]
    Tunnel(#[from] TunnelError),
    #[error("no TLS session with it: {0}")]
    ProxyTls(String),
    #[error("no TLS session with it within {HANDSHAKE_LIMIT:?}")]
    SilentProxyTls,
}

impl ConnectFailure {
    pub(super) fn is_timeout(&self) -> bool {
        match self {
            Self::Dial(error) => error.is_timeout(),
            Self::Tunnel(error) => matches!(error, TunnelError::Timeout),
            Self::ProxyTls(_) => false,
            Self::SilentProxyTls => true,
        }
    }
}

/// Makes connections for awc.
#[derive(Clone)]
pub(super) struct NetworkConnector(pub(super) Arc<Network>);

impl Service<ConnectInfo<Uri>> for NetworkConnector {
    type Response = Connection<Uri, Stream>;
    type Error = ConnectError;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Self::Error>>;

    always_ready!();

    fn call(&self, info: ConnectInfo<Uri>) -> Self::Future {
        let network = Arc::clone(&self.0);
        let uri = info.request().clone();
        Box::pin(async move {
            let host = uri.host().unwrap_or_default();
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
                Some("http") => 80,
                _ => 443,
            });
            let connected = connect(&network, host, port).await;
            exchange::waits_for("a TLS session, or a response");
            match connected {
                Ok(stream) => Ok(Connection::new(uri, stream)),
                Err(failure) => Err(ConnectError::Io(io::Error::other(failure))),
            }
        })
    }
}

async fn connect(network: &Network, host: &str, port: u16) -> Result<Stream, ConnectFailure> {
    let proxy = network.proxy.for_host(host, port);
    let Some(proxy) = proxy.filter(|_| !exchange::is_direct()) else {
        let stream = dial(host, port).await?;
        return Ok(Stream::new(Box::new(stream)));
    };
    let stream = dial(&proxy.host, proxy.port).await?;
    let mut transport: Box<dyn Transport> = if proxy.is_https {
        Box::new(tls_to(proxy, stream, &network.tls).await?)
    } else {
        Box::new(stream)
    };
    tunnel::open(&mut *transport, proxy, host, port).await?;
    Ok(Stream::new(transport))
}

async fn tls_to(
    proxy: &ProxyUrl,
    stream: TcpStream,
    tls: &Arc<ClientConfig>,
) -> Result<TlsStream<TcpStream>, ConnectFailure> {
    exchange::waits_for(format_args!("a TLS session with {proxy}"));
    let name = ServerName::try_from(proxy.host.clone());
    let name = name.map_err(|error| ConnectFailure::ProxyTls(error.to_string()))?;
    let connecting = TlsConnector::from(Arc::clone(tls)).connect(name, stream);
    match timeout(HANDSHAKE_LIMIT, connecting).await {
        Ok(connected) => connected.map_err(|error| ConnectFailure::ProxyTls(explained(&error))),
        Err(_) => Err(ConnectFailure::SilentProxyTls),
    }
}
