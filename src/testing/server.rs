//! The emulated Entra's HTTP server, on a thread of its own.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use actix_web::{
    App, HttpServer,
    dev::ServerHandle,
    middleware::from_fn,
    rt::System,
    web::{self, Data, ServiceConfig},
};

use super::{
    fault, graph, home_page, logout, managed_identity, metadata, picker, state::SharedState,
    token_endpoint,
};

fn routes(app: &mut ServiceConfig) {
    app.route("/", web::get().to(home_page::home_page))
        .route(
            "/metadata/identity/oauth2/token",
            web::get().to(managed_identity::metadata_service),
        )
        .route("/msi/token", web::get().to(managed_identity::app_service))
        .route("/v1.0/me", web::get().to(graph::me))
        .route(
            "/v1.0/me/getMemberObjects",
            web::post().to(graph::member_objects),
        )
        .route(
            "/v1.0/me/mailboxSettings",
            web::get().to(graph::mailbox_settings),
        )
        .route("/v1.0/me/messages", web::get().to(graph::messages))
        .route("/v1.0/me/sendMail", web::post().to(graph::send_mail))
        .route("/v1.0/me/photo/$value", web::get().to(graph::photo))
        .route("/v1.0/me/photos/{size}/$value", web::get().to(graph::photo))
        .route(
            "/{tenant}/v2.0/.well-known/openid-configuration",
            web::get().to(metadata::discovery),
        )
        .route(
            "/{tenant}/discovery/v2.0/keys",
            web::get().to(metadata::keys),
        )
        .route(
            "/{tenant}/oauth2/v2.0/authorize",
            web::get().to(picker::show),
        )
        .route(
            "/{tenant}/oauth2/v2.0/authorize",
            web::post().to(picker::pick),
        )
        .route(
            "/{tenant}/oauth2/v2.0/token",
            web::post().to(token_endpoint::token),
        )
        .route(
            "/{tenant}/oauth2/v2.0/logout",
            web::get().to(logout::logout),
        )
        .route(
            "/{tenant}/oauth2/v2.0/logout",
            web::post().to(logout::logout),
        );
}

/// Starts the server; `make_state` gets the address that it listens at.
pub(super) fn start(
    addresses: &[SocketAddr],
    make_state: impl FnOnce(SocketAddr, Arc<AtomicUsize>) -> io::Result<SharedState>,
) -> io::Result<(Data<SharedState>, ServerHandle)> {
    let listener = TcpListener::bind(addresses)?;
    let connections = Arc::new(AtomicUsize::new(0));
    let state = Data::new(make_state(
        listener.local_addr()?,
        Arc::clone(&connections),
    )?);
    let shared = state.clone();
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new()
        .name("emulated-entra".to_owned())
        .spawn(move || {
            System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    App::new()
                        .app_data(shared.clone())
                        .wrap(from_fn(fault::apply))
                        .configure(routes)
                })
                .workers(1)
                .disable_signals()
                .on_connect(move |_, _| {
                    connections.fetch_add(1, Ordering::SeqCst);
                })
                .listen(listener);
                match server {
                    Ok(server) => {
                        let server = server.run();
                        let _ = sender.send(Ok(server.handle()));
                        let _ = server.await;
                    }
                    Err(error) => drop(sender.send(Err(error))),
                }
            });
        })?;
    let handle = receiver
        .recv()
        .map_err(|_| io::Error::other("the emulated Entra did not start"))??;
    Ok((state, handle))
}
