//! A relay before an emulated Entra that loses connections, as firewalls do.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
};

use actix_web::rt::{
    self,
    net::{TcpListener, TcpStream},
};
use microsoft_sso::testing::FakeEntra;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
};

/// What becomes of a connection that is open, once something is sent on it.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Loss {
    /// It is closed.
    Closed = 1,
    /// What is sent is swallowed, and nothing comes back.
    Forgotten,
}

/// The relay. A loss holds for the connections that are open when it is set.
pub(crate) struct Relay {
    loss: Arc<AtomicU8>,
    generation: Arc<AtomicUsize>,
}

impl Relay {
    /// Stands before an emulated Entra, which takes itself to be there from then on.
    pub(crate) async fn before(entra: &FakeEntra) -> Self {
        let behind = entra.url().trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        entra.set_url(&format!("http://{}", listener.local_addr().unwrap()));
        let relay = Self {
            loss: Arc::default(),
            generation: Arc::default(),
        };
        let (loss, generation) = (Arc::clone(&relay.loss), Arc::clone(&relay.generation));
        rt::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&behind).await.unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let to_client = Rc::new(RefCell::new(Some(to_client)));
                rt::spawn(answers(from_server, Rc::clone(&to_client)));
                let own = generation.load(Ordering::SeqCst);
                let (loss, generation) = (Arc::clone(&loss), Arc::clone(&generation));
                let lost = move || match generation.load(Ordering::SeqCst) == own {
                    true => 0,
                    false => loss.load(Ordering::SeqCst),
                };
                rt::spawn(requests(from_client, to_server, to_client, lost));
            }
        });
        relay
    }

    /// Loses the connections that are open now.
    pub(crate) fn lose(&self, loss: Loss) {
        self.loss.store(loss as u8, Ordering::SeqCst);
        self.generation.fetch_add(1, Ordering::SeqCst);
    }
}

async fn requests(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    to_client: Rc<RefCell<Option<OwnedWriteHalf>>>,
    lost: impl Fn() -> u8,
) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(len @ 1..) = client.read(&mut bytes).await {
        match lost() {
            0 => server.write_all(&bytes[..len]).await.unwrap(),
            loss if loss == Loss::Closed as u8 => {
                to_client.borrow_mut().take();
                return;
            }
            _ => {}
        }
    }
}

async fn answers(mut server: OwnedReadHalf, client: Rc<RefCell<Option<OwnedWriteHalf>>>) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(len @ 1..) = server.read(&mut bytes).await {
        let Some(mut to) = client.borrow_mut().take() else {
            return;
        };
        let _ = to.write_all(&bytes[..len]).await;
        client.borrow_mut().replace(to);
    }
}
