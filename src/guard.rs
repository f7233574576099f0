//! Pages for signed-in people alone.

use actix_web::{
    Error, HttpRequest, HttpResponse, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode, header},
    middleware::Next,
};

use crate::{extract::Sso, next_path::login_with_next};

/// The name of the login resource, for `url_for`.
pub(crate) const LOGIN: &str = "microsoft_sso.login";

/// A middleware that lets only signed-in people through:
/// `.wrap(actix_web::middleware::from_fn(microsoft_sso::require_login))`.
///
/// A browser is sent to sign in and comes back to the page it asked for. An API client (a
/// `Sec-Fetch-Mode` that is no navigation, or an `Accept` of JSON and not HTML) gets 401 and JSON
/// with the URL to sign in at.
///
/// It reads the session alone. A user who was set inactive is refused by
/// [`CurrentUser`](crate::CurrentUser), and by ending their sessions.
///
/// # Errors
/// The plugin's state is not in app data (500), and whatever the wrapped service answers.
pub async fn require_login(
    mut req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let sso = req.extract::<Sso>().await?;
    let session = req.extract::<actix_session::Session>().await?;
    if sso.identity(&session).is_some() {
        return next
            .call(req)
            .await
            .map(ServiceResponse::map_into_left_body);
    }
    let response = ask(req.request());
    Ok(req.into_response(response).map_into_right_body())
}

/// Nobody is signed in. As an error of an extractor it answers 401; a browser is not redirected,
/// [`require_login`] does that.
#[derive(Debug, thiserror::Error)]
#[error("nobody is signed in")]
pub struct LoginRequired {
    login_url: String,
}

impl LoginRequired {
    pub(crate) fn new(req: &HttpRequest) -> Self {
        Self {
            login_url: login_url(req),
        }
    }

    /// Where to sign in and come back here.
    pub fn login_url(&self) -> &str {
        &self.login_url
    }
}

impl ResponseError for LoginRequired {
    fn status_code(&self) -> StatusCode {
        StatusCode::UNAUTHORIZED
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::Unauthorized()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .json(serde_json::json!({
                "error": "login_required",
                "message": "Please sign in.",
                "login_url": self.login_url,
            }))
    }
}

fn ask(req: &HttpRequest) -> HttpResponse {
    let required = LoginRequired::new(req);
    if !is_navigation(req) {
        return required.error_response();
    }
    HttpResponse::Found()
        .insert_header((header::LOCATION, required.login_url))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

/// Where to sign in, with the way back. What was posted can't be posted again, so only a page
/// that was read is come back to.
fn login_url(req: &HttpRequest) -> String {
    let path = match req.url_for_static(LOGIN) {
        Ok(url) => url.path().to_owned(),
        Err(_) => "/microsoft_sso/login/".to_owned(),
    };
    let is_read = matches!(*req.method(), Method::GET | Method::HEAD);
    let here = req.uri().path_and_query().filter(|_| is_read);
    match here {
        Some(here) => login_with_next(&path, here.as_str()),
        None => path,
    }
}

/// Whether a request is a browser's that goes to a page, and can be redirected.
pub(crate) fn is_navigation(req: &HttpRequest) -> bool {
    let text = |name: &str| {
        req.headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    if let Some(mode) = text("sec-fetch-mode") {
        return mode == "navigate";
    }
    let accept = text("accept").unwrap_or_default().to_ascii_lowercase();
    let wants_json = accept.contains("json") && !accept.contains("text/html");
    let is_xhr =
        text("x-requested-with").is_some_and(|by| by.eq_ignore_ascii_case("xmlhttprequest"));
    !wants_json && !is_xhr
}
