//! The endpoints.

mod callback;
mod callback_flow;
mod form_post;
mod front_channel_logout;
mod health;
mod link;
mod login;
mod login_page;
mod login_params;
mod logout;
mod photo;
mod stray;

use std::rc::Rc;

use actix_web::{
    Resource, Route, Scope, guard,
    web::{self, ServiceConfig},
};

use crate::web::{extract::WorkerClient, request::LOGIN};

/// Mounts the endpoints under `/microsoft_sso`: `GET login/`, `GET callback/` (with
/// [`ResponseMode::FormPost`](crate::ResponseMode::FormPost) also `POST`), `POST logout/`,
/// `GET front-channel-logout/`, `GET picture/`, with
/// [`health_enabled`](crate::ConfigBuilder::health_enabled) `GET health/` and, with
/// [`Builder::local_user`](crate::Builder::local_user), `POST link/` and `POST unlink/`, each with and without the trailing slash; and a
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
    let scope = web::scope(path.trim_end_matches('/'));
    let scope = endpoint(scope, "/login", LOGIN, |login| {
        login.route(read().to(login::login))
    });
    let scope = endpoint(scope, "/callback", "microsoft_sso.callback", |callback| {
        callback
            .route(read().to(callback::callback))
            .route(web::post().to(form_post::form_post))
    });
    let scope = endpoint(scope, "/logout", "microsoft_sso.logout", |logout| {
        logout
            .route(web::post().to(logout::logout))
            .route(web::get().to(logout::by_button))
    });
    let scope = endpoint(scope, "/link", "microsoft_sso.link", |link| {
        link.route(web::post().to(link::link))
    });
    let scope = endpoint(scope, "/unlink", "microsoft_sso.unlink", |unlink| {
        unlink.route(web::post().to(link::unlink))
    });
    let name = "microsoft_sso.front_channel_logout";
    let scope = endpoint(scope, "/front-channel-logout", name, |logout| {
        logout.route(read().to(front_channel_logout::front_channel_logout))
    });
    let scope = endpoint(scope, "/picture", "microsoft_sso.picture", |picture| {
        picture.route(read().to(photo::photo))
    });
    let scope = endpoint(scope, "/health", "microsoft_sso.health", |health| {
        health.route(read().to(health::health))
    });
    let style = web::resource("/style.css").name("microsoft_sso.style");
    let scope = scope.service(style.route(read().to(login_page::style)));
    let scope = endpoint(scope, "", "microsoft_sso.login_page", |page| {
        page.route(read().to(login_page::login_page))
    });
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

/// Mounts an endpoint with and without its trailing slash, as two resources: actix matches a resource
/// of two paths by a regular expression. `require_login` admits the plugin's own by their names.
fn endpoint(scope: Scope, path: &str, name: &str, routes: impl Fn(Resource) -> Resource) -> Scope {
    let slashed = web::resource(format!("{path}/")).name(name);
    let bare = web::resource(path).name(&format!("{name}_bare"));
    scope.service(routes(slashed)).service(routes(bare))
}
