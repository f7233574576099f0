//! The endpoints.

mod callback;
mod form_post;
mod front_channel_logout;
mod login;
mod login_page;
mod login_params;
mod logout;
mod photo;
mod stray;

use std::rc::Rc;

use actix_web::{
    Resource, Route, guard,
    web::{self, ServiceConfig},
};

use crate::web::{extract::WorkerClient, request::LOGIN};

/// Mounts the endpoints under `/microsoft_sso`: `GET login/`, `GET callback/` (with
/// [`ResponseMode::FormPost`](crate::ResponseMode::FormPost) also `POST`), `POST logout/`,
/// `GET front-channel-logout/` and `GET picture/`, each with and without the trailing slash; and a
/// login page at `/microsoft_sso/` itself. Each that takes `GET` takes `HEAD`, which changes nothing.
///
/// ```
/// # use actix_web::App;
/// App::new().configure(microsoft_sso::config);
/// ```
///
/// They need the [`MicrosoftSso`](crate::MicrosoftSso) in app data, and
/// [`sessions`](crate::MicrosoftSso::sessions) around the App. If one is missing, the log says so at
/// the first request.
pub fn config(app: &mut ServiceConfig) {
    config_at("/microsoft_sso")(app);
}

/// Mounts the endpoints under another path.
///
/// # Panics
/// The path has a pattern (`{`): the redirect URI is one fixed URL.
///
/// ```
/// # use actix_web::App;
/// App::new().configure(microsoft_sso::config_at("/auth/microsoft"));
/// ```
pub fn config_at(path: &str) -> impl FnOnce(&mut ServiceConfig) + use<> {
    assert!(
        !path.contains('{'),
        "microsoft_sso::config_at takes a plain path, without a pattern: {path}"
    );
    let scope = web::scope(path.trim_end_matches('/'))
        .service(named(["/login/", "/login"], LOGIN).route(read().to(login::login)))
        .service(
            named(["/callback/", "/callback"], "microsoft_sso.callback")
                .route(read().to(callback::callback))
                .route(web::post().to(form_post::form_post)),
        )
        .service(
            named(["/logout/", "/logout"], "microsoft_sso.logout")
                .route(web::post().to(logout::logout))
                .route(web::get().to(logout::by_button)),
        )
        .service(
            named(
                ["/front-channel-logout/", "/front-channel-logout"],
                "microsoft_sso.front_channel_logout",
            )
            .route(read().to(front_channel_logout::front_channel_logout)),
        )
        .service(
            named(["/picture/", "/picture"], "microsoft_sso.picture")
                .route(read().to(photo::photo)),
        )
        .service(
            web::resource("/style.css")
                .name("microsoft_sso.style")
                .route(read().to(login_page::style)),
        )
        .service(
            named(["/", ""], "microsoft_sso.login_page").route(read().to(login_page::login_page)),
        );
    move |app| {
        // It runs once per worker, so each has a client of its own.
        app.app_data(Rc::new(WorkerClient::default()))
            .service(scope);
    }
}

/// A route for GET, and for HEAD, which changes nothing.
fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// A resource with a name: `require_login` admits the plugin's own resources by it.
fn named(paths: [&str; 2], name: &str) -> Resource {
    web::resource(paths).name(name)
}
