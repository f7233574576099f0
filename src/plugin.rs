//! The endpoints, registered in an application.

use std::rc::Rc;

use actix_web::web::{self, ServiceConfig};

use crate::{
    extract::Worker,
    guard::LOGIN,
    routes::{answer, front_channel_logout, login, logout, pages, picture},
};

/// Registers the endpoints under `/microsoft_sso`: `GET login/`, `GET callback/` (with `response_mode = "form_post"` `POST`, too), `POST logout/`,
/// `GET front-channel-logout/` and `GET picture/`, each with and without the trailing slash; and a
/// login page at `/microsoft_sso/` itself.
///
/// ```
/// # use actix_web::App;
/// App::new().configure(microsoft_sso::config);
/// ```
///
/// What they need is found at each request: the [`MicrosoftSso`](crate::MicrosoftSso) in app
/// data, and the session middleware around the application.
pub fn config(app: &mut ServiceConfig) {
    config_at("/microsoft_sso")(app);
}

/// Registers the endpoints under another path.
///
/// ```
/// # use actix_web::App;
/// App::new().configure(microsoft_sso::config_at("/auth/microsoft"));
/// ```
pub fn config_at(path: &str) -> impl FnOnce(&mut ServiceConfig) {
    let scope = web::scope(path.trim_end_matches('/'))
        .service(
            web::resource(["/login/", "/login"])
                .name(LOGIN)
                .route(web::get().to(login::login)),
        )
        .service(answer::resource())
        .service(web::resource(["/logout/", "/logout"]).route(web::post().to(logout::logout)))
        .service(
            web::resource(["/front-channel-logout/", "/front-channel-logout"])
                .route(web::get().to(front_channel_logout::front_channel_logout)),
        )
        .service(web::resource(["/picture/", "/picture"]).route(web::get().to(picture::picture)))
        .service(web::resource("/style.css").route(web::get().to(pages::style)))
        .service(web::resource(["/", ""]).route(web::get().to(pages::login_page)));
    move |app| {
        // It runs once in each worker, so each has a client of its own.
        app.app_data(Rc::new(Worker::default())).service(scope);
    }
}
