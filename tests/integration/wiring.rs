//! What an application left out or put in the wrong place: each is a clear page, and one line in the
//! log that names the line to write.

use actix_web::{
    App,
    dev::ServiceResponse,
    http::header::LOCATION,
    middleware::from_fn,
    test::{TestRequest, init_service, read_body, try_call_service},
    web::{self, Data},
};
use microsoft_sso::{
    Identity, MicrosoftSso, SignIn, SignInOutcome, StoreError, User, UserId, UserStore,
    require_login,
};

use crate::{
    harness::{SECRET_KEY, TestApp},
    log,
};

/// Status, `Location` and body of a page, or of the error that stands for it.
macro_rules! page {
    ($app:expr, $path:expr) => {{
        log::begin();
        let app = init_service($app).await;
        let request = TestRequest::get()
            .uri($path)
            .insert_header(("Host", "localhost"));
        let response = match try_call_service(&app, request.to_request()).await {
            Ok(response) => response.map_into_boxed_body(),
            Err(error) => {
                let request = TestRequest::default().to_http_request();
                ServiceResponse::new(request, error.error_response())
            }
        };
        let status = response.status().as_u16();
        let location = response.headers().get(LOCATION);
        let location = location
            .map_or("", |value| value.to_str().unwrap())
            .to_owned();
        let body = read_body(response).await;
        (status, location, String::from_utf8(body.to_vec()).unwrap())
    }};
}

/// Checks the page, and that the log names the line to write.
fn assert_not_set_up((status, _, body): &(u16, String, String), line_to_write: &str) {
    assert_eq!(*status, 500, "{body}");
    assert!(
        body.contains("Sign-in is not set up in this application."),
        "{body}"
    );
    let back = "href=\"/\">Back to the application</a>";
    for part in ["<h1>Sign-in is not set up</h1>", ">Try again</a>", back] {
        assert!(body.contains(part), "{part}: {body}");
    }
    let lines = log::lines(&["ERROR", "not_set_up", line_to_write]);
    assert!(!lines.is_empty(), "the log doesn't name {line_to_write}");
}

async fn hello(identity: Identity) -> String {
    identity.first_name
}

#[actix_web::test]
async fn without_app_data_every_endpoint_extractor_and_guard_says_so() {
    for path in [
        "/microsoft_sso/login/",
        "/microsoft_sso/callback/?code=a&state=b",
        "/microsoft_sso/",
        "/hello",
        "/guarded",
    ] {
        let app = App::new()
            .configure(microsoft_sso::config)
            .route("/hello", web::get().to(hello))
            .service(
                web::resource("/guarded")
                    .wrap(from_fn(require_login))
                    .get(|| async { "" }),
            );
        assert_not_set_up(&page!(app, path), ".app_data(sso.clone())");
    }
}

#[actix_web::test]
async fn without_the_session_middleware_the_first_login_says_so() {
    let server = TestApp::start().await;
    for path in ["/microsoft_sso/login/?next=/x", "/hello", "/guarded"] {
        let app = App::new()
            .app_data(server.sso.clone())
            .configure(microsoft_sso::config)
            .route("/hello", web::get().to(hello))
            .service(
                web::resource("/guarded")
                    .wrap(from_fn(require_login))
                    .get(|| async { "" }),
            );
        assert_not_set_up(&page!(app, path), ".wrap(sso.sessions())");
    }
}

#[actix_web::test]
async fn a_guard_around_the_session_middleware_says_so() {
    let server = TestApp::start().await;
    let app = App::new()
        .app_data(server.sso.clone())
        .configure(microsoft_sso::config)
        .wrap(server.sso.sessions())
        .wrap(from_fn(require_login));
    assert_not_set_up(&page!(app, "/"), "as its last `.wrap`");
}

#[actix_web::test]
async fn a_guard_around_everything_leaves_the_plugins_own_endpoints_open() {
    let server = TestApp::start().await;
    let app = || {
        App::new()
            .app_data(server.sso.clone())
            .configure(microsoft_sso::config)
            .route("/hello", web::get().to(hello))
            .wrap(from_fn(require_login))
            .wrap(server.sso.sessions())
    };
    let (status, location, _) = page!(app(), "/microsoft_sso/login/");
    assert_eq!(status, 302);
    assert!(location.starts_with(&server.entra.url()), "{location}");
    for path in [
        "/microsoft_sso/",
        "/microsoft_sso",
        "/microsoft_sso/style.css",
    ] {
        assert_eq!(page!(app(), path).0, 200, "{path}");
    }
    for path in [
        "/",
        "/hello",
        "/microsoft_sso/%6cogin/",
        "/%6dicrosoft_sso/login/",
        "/microsoft_sso/elsewhere",
        "/microsoft_sso2/login/",
    ] {
        let (status, location, _) = page!(app(), path);
        assert_eq!(status, 302, "{path}");
        assert!(
            location.starts_with("/microsoft_sso/login/?next="),
            "{location}"
        );
    }
    let app = init_service(app()).await;
    let signed_in = server.entra.sign_in_to(&app, "ada@contoso.example").await;
    let request = signed_in
        .unwrap()
        .into_iter()
        .fold(TestRequest::get(), TestRequest::cookie);
    let reply = try_call_service(&app, request.uri("/hello").to_request())
        .await
        .unwrap();
    assert_eq!(read_body(reply).await, "Ada");
}

#[actix_web::test]
async fn without_the_endpoints_whoever_is_sent_to_them_is_told_in_the_log() {
    let server = TestApp::start().await;
    let app = App::new()
        .app_data(server.sso.clone())
        .service(
            web::resource("/guarded")
                .wrap(from_fn(require_login))
                .get(|| async { "" }),
        )
        .wrap(server.sso.sessions());
    let (status, location, _) = page!(app, "/guarded");
    assert_eq!(
        (status, location.as_str()),
        (302, "/microsoft_sso/login/?next=%2Fguarded")
    );
    let lines = log::lines(&["ERROR", "not_set_up", ".configure(microsoft_sso::config)"]);
    assert!(!lines.is_empty());
}

/// A store of an application's own that keeps no sessions.
struct WithoutSessions;

impl UserStore for WithoutSessions {
    async fn sign_in(&self, _: SignIn) -> Result<SignInOutcome, StoreError> {
        Err(StoreError::new("not reached"))
    }

    async fn find(&self, _: &UserId) -> Result<Option<User>, StoreError> {
        Ok(None)
    }
}

#[actix_web::test]
async fn sessions_in_a_store_that_keeps_none_are_found_at_the_first_login() {
    let server = TestApp::start().await;
    let config = microsoft_sso::Config::builder()
        .authority(server.entra.authority("common"))
        .graph_url(server.entra.graph_url())
        .application_id(server.entra.application_id())
        .client_secret(server.entra.client_secret());
    let sso = MicrosoftSso::builder(config.build().unwrap()).store(WithoutSessions);
    let sso = Data::new(sso.build().unwrap());
    let app = App::new()
        .app_data(sso.clone())
        .configure(microsoft_sso::config)
        .wrap(sso.sessions());
    assert_not_set_up(
        &page!(app, "/microsoft_sso/login/"),
        ".wrap(sso.sessions_in(store))",
    );
}

#[actix_web::test]
async fn cookies_read_before_the_session_middleware_are_found_out() {
    let server = TestApp::start().await;
    let browser = server.browser();
    browser.sign_in("ada@contoso.example").await;
    let cookies = browser.cookie_header(&server.url);
    let config = microsoft_sso::Config::builder()
        .authority(server.entra.authority("common"))
        .graph_url(server.entra.graph_url())
        .application_id(server.entra.application_id())
        .client_secret(server.entra.client_secret())
        .secret_key(SECRET_KEY);
    let sso = MicrosoftSso::builder(config.build().unwrap()).store(server.store.clone());
    let sso = sso.sites(|req| {
        let _ = req.cookie("tenant");
        None
    });
    let sso = Data::new(sso.build().unwrap());
    let app = App::new()
        .app_data(sso.clone())
        .configure(microsoft_sso::config)
        .route("/hello", web::get().to(hello))
        .wrap(sso.sessions());
    log::begin();
    let app = init_service(app).await;
    let request = TestRequest::get().uri("/hello");
    let request = request
        .insert_header(("Host", "localhost"))
        .insert_header(("Cookie", cookies));
    let error = try_call_service(&app, request.to_request())
        .await
        .unwrap_err();
    assert_eq!(error.as_response_error().status_code(), 500);
    assert!(!log::lines(&["ERROR", "not_set_up", "req.cookie()"]).is_empty());
}
