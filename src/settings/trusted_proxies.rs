//! The reverse proxies whose `X-Forwarded-*` headers are trusted.

use std::net::IpAddr;

use actix_web::HttpRequest;
use ipnet::IpNet;

/// The networks of the application's reverse proxies. By default none: then `X-Forwarded-*` is never
/// read, because any client can write it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the request comes from a trusted proxy.
    pub(crate) fn is_trusted_peer(&self, req: &HttpRequest) -> bool {
        let Some(peer) = req.peer_addr().filter(|_| !self.0.is_empty()) else {
            return false;
        };
        self.contains(peer.ip())
    }

    /// Whether an address is that of a trusted proxy.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        // A dual-stack socket shows IPv4 peers as `::ffff:10.0.0.1`.
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}
