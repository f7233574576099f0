//! What an application's own handlers get from the plugin: extractors, messages, a sign-out, and
//! errors of their own left alone.

use std::sync::Arc;

use actix_session::SessionExt;
use actix_web::{
    App, HttpRequest, HttpResponse,
    error::ErrorInternalServerError,
    http::header::SET_COOKIE,
    middleware::{Next, from_fn},
    test::{TestRequest, call_and_read_body_json, call_service, init_service, try_call_service},
    web::{self, Json},
};
use microsoft_sso::{
    CurrentUser, Level, Messages, MicrosoftUser, Site,
    testing::{Endpoint, Fault},
};
use serde_json::{Value, json};

use crate::{harness::TestApp, log};

const ADA: &str = "ada@contoso.example";

/// The design's own handler: the user, and Microsoft's data beside it, as JSON.
async fn user(user: CurrentUser, microsoftssouser: Option<MicrosoftUser>) -> Json<Value> {
    Json(json!({ "user": user, "microsoftssouser": microsoftssouser }))
}

async fn required(microsoft: MicrosoftUser) -> Json<MicrosoftUser> {
    Json(microsoft)
}

async fn goodbye(req: HttpRequest) -> actix_web::Result<HttpResponse> {
    let identity = microsoft_sso::sign_out(&req)?;
    Ok(HttpResponse::Ok().json(identity))
}

/// An application in this process that uses the plugin in handlers of its own.
macro_rules! app {
    ($server:expr) => {{
        let app = App::new()
            .app_data($server.sso.clone())
            .configure(microsoft_sso::config)
            .route("/user", web::get().to(user))
            .route("/required", web::get().to(required))
            .route("/goodbye", web::post().to(goodbye))
            .wrap($server.sso.sessions());
        init_service(app).await
    }};
}

/// A request with the cookies of a signed-in browser.
macro_rules! signed_in {
    ($server:expr, $app:expr, $request:expr) => {{
        let cookies = $server.entra.sign_in_to(&$app, ADA).await.unwrap();
        cookies.into_iter().fold($request, TestRequest::cookie)
    }};
}

#[actix_web::test]
async fn the_user_and_microsofts_data_are_extractors_and_json() {
    let server = TestApp::start().await;
    let app = app!(server);
    let request = signed_in!(server, app, TestRequest::get().uri("/user"));
    let body: Value = call_and_read_body_json(&app, request.to_request()).await;
    assert_eq!(body["user"]["email"], ADA);
    assert_eq!(body["user"]["id"], "1");
    assert!(body["user"].get("password").is_none());
    assert_eq!(body["microsoftssouser"]["locale"], "en-GB");
    let picture = body["microsoftssouser"]["picture"].as_str().unwrap();
    assert!(picture.starts_with("data:image/png;base64,"), "{picture}");
}

#[actix_web::test]
async fn microsofts_data_is_404_where_nothing_is_stored_and_401_where_nobody_is_signed_in() {
    let server = TestApp::with_settings(|settings| settings.save_basic_info(false)).await;
    let app = app!(server);
    let request = signed_in!(server, app, TestRequest::get().uri("/required"));
    assert_eq!(call_service(&app, request.to_request()).await.status(), 404);
    let anonymous = TestRequest::get().uri("/required").to_request();
    assert_eq!(call_service(&app, anonymous).await.status(), 401);
    let request = signed_in!(server, app, TestRequest::get().uri("/user"));
    let body: Value = call_and_read_body_json(&app, request.to_request()).await;
    assert!(body["microsoftssouser"].is_null() && body["user"].is_object());
}

#[actix_web::test]
async fn signing_out_in_a_handler_ends_the_session_removes_the_cookies_and_is_an_event() {
    log::begin();
    let name = "handlers-sign-out";
    let server = TestApp::at_site(name).await;
    let app = app!(server);
    let request = signed_in!(server, app, TestRequest::post().uri("/goodbye"));
    let response = call_service(&app, request.to_request()).await;
    let removed: Vec<_> = response.headers().get_all(SET_COOKIE).collect();
    let removes = |name: &str| {
        removed.iter().any(|cookie| {
            let cookie = cookie.to_str().unwrap();
            cookie.contains(name) && cookie.contains("Max-Age=0")
        })
    };
    assert!(
        removes("microsoft_sso_session") && removes("microsoft_sso_attempt_"),
        "{removed:?}"
    );
    assert_eq!(server.count("microsoft_sso_sessions"), 0);
    let site = format!("site=\"{name}\"");
    assert_eq!(
        log::lines(&["event=\"signed_out\"", "by=person", &site]).len(),
        1
    );

    let anonymous = TestRequest::post().uri("/goodbye").to_request();
    let body: Value = call_and_read_body_json(&app, anonymous).await;
    assert!(body.is_null());
    assert_eq!(
        log::lines(&["event=\"signed_out\"", &site]).len(),
        1,
        "nobody signed out"
    );
}

#[actix_web::test]
async fn a_message_has_a_level_and_is_shown_once() {
    let server = TestApp::start().await;
    let browser = server.browser();
    server
        .entra
        .fault_times(Endpoint::Token, Fault::Status(503), 1);
    let callback = browser.to_callback(ADA, "").await;
    let reply = browser.get(&callback).await;
    let cookie = reply
        .cookies()
        .into_iter()
        .find(|cookie| cookie.starts_with("microsoft_sso_messages="));
    let cookie = cookie.unwrap();
    let app = App::new()
        .app_data(server.sso.clone())
        .wrap(server.sso.sessions())
        .route(
            "/",
            web::get().to(|messages: Messages| async move {
                let levels = messages
                    .iter()
                    .all(|message| message.level() == Level::Error);
                Json((messages.iter().count(), messages.is_empty(), levels))
            }),
        );
    let app = init_service(app).await;
    let pair = cookie.split("; ").next().unwrap().to_owned();
    let request = || {
        TestRequest::get()
            .insert_header(("Host", server.url.strip_prefix("http://").unwrap()))
            .insert_header(("Cookie", pair.clone()))
            .to_request()
    };
    let response = call_service(&app, request()).await;
    let removal = response
        .headers()
        .get(SET_COOKIE)
        .unwrap()
        .to_str()
        .unwrap();
    assert!(
        removal.starts_with("microsoft_sso_messages=;") && removal.contains("Max-Age=0"),
        "{removal}"
    );
    let body: (usize, bool, bool) = call_and_read_body_json(&app, request()).await;
    assert_eq!(body, (1, false, true));
    let body: (usize, bool, bool) =
        call_and_read_body_json(&app, TestRequest::get().to_request()).await;
    assert_eq!(body, (0, true, true));
}

#[actix_web::test]
async fn an_error_of_the_applications_own_is_not_taken_for_the_session_stores() {
    let server = TestApp::start().await;
    let failing = async |req: actix_web::dev::ServiceRequest, next: Next<_>| {
        if req.path() == "/fails" {
            return Err(ErrorInternalServerError(anyhow::anyhow!(
                "of the application"
            )));
        }
        next.call(req).await
    };
    let app = App::new()
        .app_data(server.sso.clone())
        .wrap(from_fn(failing))
        .wrap(server.sso.sessions())
        .route(
            "/",
            web::get().to(|req: HttpRequest| async move {
                req.get_session().insert("cart", 1)?;
                Ok::<_, actix_web::Error>("")
            }),
        );
    let app = init_service(app).await;
    let request = TestRequest::get().uri("/fails").to_request();
    let error = try_call_service(&app, request).await.unwrap_err();
    assert_eq!(error.to_string(), "of the application");
    // The session store's own error still is one.
    server.execute("DROP TABLE microsoft_sso_sessions");
    let error = try_call_service(&app, TestRequest::get().to_request())
        .await
        .unwrap_err();
    assert_eq!(error.as_response_error().status_code(), 503);
}

#[test]
fn a_site_needs_a_name() {
    let config = || {
        microsoft_sso::Config::builder()
            .enabled(false)
            .build()
            .unwrap()
    };
    assert!(Site::new("", config()).is_err());
    assert_eq!(Arc::new(Site::new("a", config()).unwrap()).name(), "a");
}
