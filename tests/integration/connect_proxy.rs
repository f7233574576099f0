//! A proxy that takes `CONNECT`, and does as the test says.

use std::sync::{Arc, Mutex};

use actix_web::rt::{
    self,
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// How the proxy treats each request.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    /// Connects to this machine's port that the request names, whatever host it names.
    Connects,
    /// Connects to this port of this machine, whatever the request names.
    ConnectsTo(u16),
    /// As `Connects`, for who has this value of `Proxy-Authorization`.
    Asks(&'static str),
    /// Answers this.
    Says(&'static str),
    /// Never answers.
    Hangs,
}

pub(crate) struct ConnectProxy {
    pub(crate) port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl ConnectProxy {
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&heads);
        rt::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                rt::spawn(serve(stream, manner, Arc::clone(&log)));
            }
        });
        Self { port, heads }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The requests that it got.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn serve(mut client: TcpStream, manner: Manner, log: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = client.read_u8().await else {
            return;
        };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    log.lock().unwrap().push(head.clone());
    let refusal = match manner {
        Manner::Connects | Manner::ConnectsTo(_) => None,
        Manner::Asks(value) => (!head.contains(&format!("Proxy-Authorization: {value}\r\n")))
            .then_some("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n"),
        Manner::Says(answer) => Some(answer),
        Manner::Hangs => {
            sleep(std::time::Duration::from_secs(60)).await;
            return;
        }
    };
    if let Some(refusal) = refusal {
        let _ = client.write_all(refusal.as_bytes()).await;
        return;
    }
    let target = head.split(' ').nth(1).unwrap();
    let port = match manner {
        Manner::ConnectsTo(port) => port,
        _ => target.rsplit(':').next().unwrap().parse().unwrap(),
    };
    let Ok(mut host) = TcpStream::connect(("127.0.0.1", port)).await else {
        return;
    };
    let answer = b"HTTP/1.1 200 Connection established\r\nVia: a proxy\r\n\r\n";
    if client.write_all(answer).await.is_ok() {
        let _ = tokio::io::copy_bidirectional(&mut client, &mut host).await;
    }
}
