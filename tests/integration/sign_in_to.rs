//! `FakeEntra::sign_in_to`, as the tests of an application call it.

use actix_web::{
    App,
    cookie::Cookie,
    http::StatusCode,
    test::{TestRequest, call_and_read_body, init_service},
    web,
};
use microsoft_sso::{Identity, ResponseMode, testing::TestSignInError};

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";

async fn hello(identity: Option<Identity>) -> String {
    identity.map_or_else(
        || "nobody".to_owned(),
        |identity| format!("Hello {}", identity.first_name),
    )
}

/// An application in this process, with the plugin at a path. Its type can't be written down.
macro_rules! app {
    ($server:expr, $path:expr) => {{
        let sso = $server.sso.clone();
        let app = App::new()
            .app_data(sso.clone())
            .configure(microsoft_sso::config_at($path))
            .route("/", web::get().to(hello))
            .wrap(sso.sessions());
        init_service(app).await
    }};
}

/// A request with these cookies.
fn request(cookies: Vec<Cookie<'static>>) -> TestRequest {
    cookies
        .into_iter()
        .fold(TestRequest::get(), TestRequest::cookie)
}

#[actix_web::test]
async fn its_cookies_are_those_of_a_signed_in_browser() {
    let server = TestApp::start().await;
    let app = app!(server, "/microsoft_sso");
    let cookies = server.entra.sign_in_to(&app, ADA).await.unwrap();
    assert!(cookies.iter().any(|c| c.name() == "microsoft_sso_session"));
    assert_eq!(
        call_and_read_body(&app, request(cookies).to_request()).await,
        "Hello Ada"
    );
    assert_eq!(
        call_and_read_body(&app, request(Vec::new()).to_request()).await,
        "nobody"
    );
}

#[actix_web::test]
async fn it_signs_in_whatever_the_settings() {
    for (base_url, response_mode, path) in [
        ("https://app.example", ResponseMode::Query, "/microsoft_sso"),
        (
            "http://localhost:8000",
            ResponseMode::FormPost,
            "/auth/microsoft/",
        ),
        (
            "https://app.example/shop",
            ResponseMode::FormPost,
            "/microsoft_sso",
        ),
        (
            "https://app.example/shop",
            ResponseMode::Query,
            "/auth/microsoft",
        ),
    ] {
        let server =
            TestApp::with_settings(|config| config.base_url(base_url).response_mode(response_mode))
                .await;
        let app = app!(server, path);
        let cookies = server.entra.sign_in_to_path(&app, path, ADA).await.unwrap();
        let body = call_and_read_body(&app, request(cookies).to_request()).await;
        assert_eq!(body, "Hello Ada", "{base_url}");
    }
}

#[actix_web::test]
async fn it_fails_where_the_sign_in_fails() {
    let server =
        TestApp::with_settings(|config| config.allowable_domains(["contoso.example"])).await;
    let app = app!(server, "/microsoft_sso");
    let entra = &server.entra;
    let error = entra.sign_in_to(&app, "nobody@contoso.example").await;
    let error = error.unwrap_err();
    assert!(
        matches!(&error, TestSignInError::EntraErrorPage(page) if page.message().starts_with("AADSTS50034: ")),
        "{error:?}"
    );
    let error = entra
        .sign_in_to(&app, "frank@fabrikam.example")
        .await
        .unwrap_err();
    let expected = "/microsoft_sso/callback/ redirects to / with nobody signed in: ";
    assert!(error.to_string().starts_with(expected), "{error}");
    let error = entra.sign_in_to_path(&app, "/elsewhere", ADA).await;
    assert!(
        matches!(
            &error,
            Err(TestSignInError::NoRedirect { path, status: StatusCode::NOT_FOUND, .. })
                if path == "/elsewhere/login/"
        ),
        "{error:?}"
    );
}

#[actix_web::test]
async fn it_fails_where_no_sign_in_begins() {
    let server = TestApp::with_settings(|config| config.pages_enabled(false)).await;
    let app = app!(server, "/microsoft_sso");
    let error = server.entra.sign_in_to(&app, ADA).await;
    assert!(
        matches!(&error, Err(TestSignInError::Refused { path, .. }) if path == "/microsoft_sso/login/"),
        "{error:?}"
    );
}

#[actix_web::test]
async fn an_application_without_the_session_middleware_is_found_out() {
    let server = TestApp::start().await;
    let app = App::new()
        .app_data(server.sso.clone())
        .configure(microsoft_sso::config);
    let error = server
        .entra
        .sign_in_to(&init_service(app).await, ADA)
        .await
        .unwrap_err();
    assert!(
        matches!(
            &error,
            TestSignInError::NoRedirect { path, status: StatusCode::INTERNAL_SERVER_ERROR, .. }
                if path == "/microsoft_sso/login/"
        ),
        "{error}"
    );
}
