//! A tunnel through a proxy: `CONNECT` (RFC 9110, section 9.3.6).

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::{exchange, stream::Transport};
use crate::util::{log::printable, proxy_url::ProxyUrl, secret::Secret};

/// Time limit of the proxy's answer, in which it connects to the host.
const LIMIT: Duration = Duration::from_secs(6);

/// Longest head of a proxy's answer that is read, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// Most headers of a proxy's answer.
const MAX_HEADERS: usize = 64;

/// Why a proxy makes no tunnel.
#[derive(Debug, thiserror::Error)]
pub(super) enum TunnelError {
    #[error("it gave no answer to CONNECT within {LIMIT:?}")]
    Timeout,
    #[error(
        "it asks for a user name and a password: write them in its address, `http://user:password@host:port` (407)"
    )]
    NoPassword,
    #[error("it refuses the user name and password of its address (407)")]
    WrongPassword,
    #[error("it refuses CONNECT to {target} ({status}): let it pass, or name the host in NO_PROXY")]
    Refused { target: String, status: u16 },
    #[error("it can't connect to {target} ({status})")]
    Unreachable { target: String, status: u16 },
    #[error("it isn't a proxy that takes CONNECT: {0}")]
    NotHttp(&'static str),
    #[error("it ended the connection: {0}")]
    Io(#[from] io::Error),
}

/// Asks the proxy behind a transport for a tunnel to a host, which is a name or an address without
/// brackets. Nothing but the head of the answer is read.
pub(super) async fn open(
    transport: &mut dyn Transport,
    proxy: &ProxyUrl,
    host: &str,
    port: u16,
) -> Result<(), TunnelError> {
    let target = match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    };
    exchange::waits_for(format_args!("a tunnel to {}", printable(&target)));
    let asked = ask(transport, proxy.authorization.as_ref(), &target);
    let status = timeout(LIMIT, asked)
        .await
        .unwrap_or(Err(TunnelError::Timeout))?;
    let target = printable(&target);
    match status {
        200..=299 => Ok(()),
        407 if proxy.authorization.is_some() => Err(TunnelError::WrongPassword),
        407 => Err(TunnelError::NoPassword),
        400..=499 => Err(TunnelError::Refused { target, status }),
        _ => Err(TunnelError::Unreachable { target, status }),
    }
}

async fn ask(
    transport: &mut dyn Transport,
    authorization: Option<&Secret>,
    target: &str,
) -> Result<u16, TunnelError> {
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some(authorization) = authorization {
        request += &format!("Proxy-Authorization: {}\r\n", authorization.expose());
    }
    request += "\r\n";
    transport.write_all(request.as_bytes()).await?;
    transport.flush().await?;
    let mut head = Vec::new();
    loop {
        if transport.read_buf(&mut head).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        match response.parse(&head) {
            Ok(httparse::Status::Complete(len)) => {
                let status = response.code.unwrap_or_default();
                // TLS begins with the client, so what follows is not the host's.
                if len < head.len() && (200..300).contains(&status) {
                    return Err(TunnelError::NotHttp(
                        "it sent more than the head of an answer",
                    ));
                }
                return Ok(status);
            }
            Ok(httparse::Status::Partial) if head.len() < MAX_HEAD => {}
            Ok(httparse::Status::Partial) => {
                return Err(TunnelError::NotHttp("the head of its answer has no end"));
            }
            Err(_) => return Err(TunnelError::NotHttp("its answer is not HTTP")),
        }
    }
}
