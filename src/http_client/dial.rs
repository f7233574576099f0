//! TCP connections: all addresses of a host, of both families, a short while apart, and the first that
//! connects wins ("Happy Eyeballs", RFC 8305).

use std::{fmt, io, net::SocketAddr, time::Duration};

use actix_web::rt::net::TcpStream;
use futures_util::{StreamExt, stream::FuturesUnordered};
use socket2::{SockRef, TcpKeepalive};
use tokio::{net::lookup_host, time::timeout};

use super::exchange;
use crate::util::log::printable;

/// Time between two attempts (RFC 8305, section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Time limit of each attempt. A packet that is lost is sent again after one second, and after three.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(4);

/// Time limit of the look-up of a name.
const LOOKUP_LIMIT: Duration = Duration::from_secs(5);

/// Most addresses of a host that are tried.
const MAX_ADDRESSES: usize = 8;

/// How long a connection is silent before TCP asks whether the other side is there, and between two
/// questions: shorter than the memory of common firewalls.
const TCP_KEEPALIVE: Duration = Duration::from_secs(20);

/// Why a host can't be connected to.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialError {
    #[error("the name {host} can't be looked up: {reason}")]
    Lookup { host: String, reason: String },
    #[error("the name {host} can't be looked up: no answer within {LOOKUP_LIMIT:?}")]
    SilentLookup { host: String },
    #[error("{host} can't be reached: {}", list(.failures))]
    Unreachable {
        host: String,
        failures: Vec<Failure>,
    },
}

impl DialError {
    /// Whether somebody swallowed the packets, so that the next try takes as long.
    pub(super) fn is_timeout(&self) -> bool {
        match self {
            Self::Lookup { .. } => false,
            Self::SilentLookup { .. } => true,
            Self::Unreachable { failures, .. } => failures
                .iter()
                .any(|failure| matches!(failure.error.kind(), io::ErrorKind::TimedOut)),
        }
    }
}

/// Why one address didn't connect.
#[derive(Debug)]
pub(super) struct Failure {
    address: SocketAddr,
    error: io::Error,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.address, self.error)
    }
}

fn list(items: &[impl fmt::Display]) -> String {
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    items.join(", ")
}

/// Connects to a host, which is a name or an address without brackets.
pub(super) async fn dial(host: &str, port: u16) -> Result<TcpStream, DialError> {
    exchange::waits_for(format_args!("the addresses of {}", printable(host)));
    let lookup = |reason: String| DialError::Lookup {
        host: printable(host),
        reason,
    };
    let found = timeout(LOOKUP_LIMIT, lookup_host((host, port))).await;
    let found = found.map_err(|_| DialError::SilentLookup {
        host: printable(host),
    })?;
    let found = found.map_err(|error| lookup(error.to_string()))?;
    let addresses = in_turns(found);
    if addresses.is_empty() {
        return Err(lookup("it has no address".to_owned()));
    }
    exchange::waits_for(format_args!("a connection to {}", list(&addresses)));
    let connected = connect_any(addresses).await;
    connected.map_err(|failures| DialError::Unreachable {
        host: printable(host),
        failures,
    })
}

/// The addresses in the order of the system, which is that of RFC 6724, with the families in turns.
fn in_turns(found: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut found: Vec<_> = found.collect();
    found.dedup();
    let first_is_v6 = found.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|address| address.is_ipv6() == first_is_v6);
    first.reverse();
    second.reverse();
    let mut order = Vec::new();
    while order.len() < MAX_ADDRESSES && !(first.is_empty() && second.is_empty()) {
        order.extend(first.pop());
        order.extend(second.pop());
    }
    order.truncate(MAX_ADDRESSES);
    order
}

/// The first connection that is made, or why none was.
async fn connect_any(addresses: Vec<SocketAddr>) -> Result<TcpStream, Vec<Failure>> {
    let mut to_try = addresses.into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut failures = Vec::new();
    loop {
        attempts.extend(to_try.next().map(connect));
        let finished = if to_try.len() == 0 {
            attempts.next().await
        } else {
            match timeout(ATTEMPT_DELAY, attempts.next()).await {
                Ok(finished) => finished,
                Err(_) => continue,
            }
        };
        match finished {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(failure)) => failures.push(failure),
            // An attempt that fails brings the next one at once, so there is none left either.
            None => return Err(failures),
        }
    }
}

async fn connect(address: SocketAddr) -> Result<TcpStream, Failure> {
    let connected = timeout(ATTEMPT_LIMIT, TcpStream::connect(address)).await;
    let failure = |error| Failure { address, error };
    let stream = connected
        .unwrap_or_else(|_| {
            let problem = format!("no answer within {ATTEMPT_LIMIT:?}");
            Err(io::Error::new(io::ErrorKind::TimedOut, problem))
        })
        .map_err(failure)?;
    let keepalive = TcpKeepalive::new()
        .with_time(TCP_KEEPALIVE)
        .with_interval(TCP_KEEPALIVE);
    let socket = SockRef::from(&stream);
    // Without them it works as well, while nobody forgets the connection.
    if let Err(error) = socket
        .set_tcp_keepalive(&keepalive)
        .and_then(|()| socket.set_tcp_nodelay(true))
    {
        tracing::debug!(%error, "a connection has no TCP keep-alive");
    }
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use socket2::{Domain, Socket, Type};
    use tokio::time::Instant;

    use super::*;

    /// An address that answers no attempt to connect: its queue is full.
    fn swallowing(ip: &str) -> (SocketAddr, Vec<Socket>) {
        let stream = || Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let listener = stream();
        let address: SocketAddr = format!("{ip}:0").parse().unwrap();
        listener.bind(&address.into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut kept = vec![listener];
        for _ in 0..4 {
            let client = stream();
            client.set_nonblocking(true).unwrap();
            let _ = client.connect(&address);
            kept.push(client);
        }
        (address.as_socket().unwrap(), kept)
    }

    fn refusing() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    }

    #[actix_web::test]
    async fn an_address_that_swallows_packets_costs_a_quarter_of_a_second() {
        let (silent, _kept) = swallowing("127.0.0.2");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let good = listener.local_addr().unwrap();
        let begun = Instant::now();
        let stream = connect_any(vec![silent, good]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good);
        assert!(begun.elapsed() >= ATTEMPT_DELAY);
        assert!(begun.elapsed() < ATTEMPT_LIMIT, "{:?}", begun.elapsed());
        assert!(SockRef::from(&stream).keepalive().unwrap());
    }

    #[actix_web::test]
    async fn an_address_that_refuses_costs_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let good = listener.local_addr().unwrap();
        let addresses = vec![refusing(), refusing(), refusing(), good];
        let connected = timeout(ATTEMPT_DELAY, connect_any(addresses)).await;
        assert_eq!(connected.unwrap().unwrap().peer_addr().unwrap(), good);
    }

    #[actix_web::test]
    async fn the_error_names_each_address_and_what_it_did() {
        let (silent, _kept) = swallowing("127.0.0.2");
        let refusing = refusing();
        let failures = connect_any(vec![silent, refusing]).await.unwrap_err();
        let error = DialError::Unreachable {
            host: "login.example".to_owned(),
            failures,
        };
        assert!(error.is_timeout());
        let text = error.to_string();
        assert!(
            text.contains(&format!("{silent} (no answer within 4s)")),
            "{text}"
        );
        assert!(
            text.contains(&format!("{refusing} (Connection refused")),
            "{text}"
        );
        let error = dial("no-such-host.invalid", 443).await.unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("the name no-such-host.invalid can't be looked up: ")
                && !error.is_timeout(),
            "{text}"
        );
    }

    #[test]
    fn the_families_take_turns() {
        let parse = |text: &str| -> SocketAddr { text.parse().unwrap() };
        let found = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"].map(parse);
        let expected = ["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"].map(parse);
        assert_eq!(in_turns(found.into_iter()), expected);
        let many = (0..99).map(|n| SocketAddr::from(([10, 0, 0, n], 443)));
        assert_eq!(in_turns(many).len(), MAX_ADDRESSES);
    }
}
