//! The answer to a request that needs a signed-in user.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    error::UrlGenerationError,
    http::{Method, StatusCode, header},
};

use super::{
    extract::Sso,
    request::{ASK, Client, LOGIN, login_with_next_and},
    wiring::{Missing, WiringError},
};
use crate::{account::user::UserId, settings::codes::Code, sign_in::ask::Ask};

/// Nobody is signed in, or not for what is asked for. As the error of an extractor it is 401 as JSON:
/// [`require_login`](crate::require_login) redirects. What asks more of a sign-in than the settings do, such
/// as [`GraphClient`](crate::GraphClient), redirects browsers by it, too.
#[derive(thiserror::Error)]
#[error("nobody is signed in")]
pub struct LoginRequired {
    login_url: String,
    /// Whether it answers with a redirect.
    redirects: bool,
}

crate::util::log::readable_debug!(LoginRequired);

impl LoginRequired {
    pub(crate) fn new(req: &HttpRequest) -> Self {
        Self {
            login_url: login_url(req, ""),
            redirects: false,
        }
    }

    /// For a page that asks more of the sign-in than the settings do.
    pub(crate) fn asking(req: &HttpRequest, sso: &Sso, user: &UserId, ask: &Ask) -> Self {
        let sealed = ask.seal(&sso.sealer, &sso.site, user, sso.clock.now());
        let ask = sealed.map(|sealed| format!("&{ASK}={sealed}"));
        Self {
            login_url: login_url(req, &ask.unwrap_or_default()),
            redirects: Client::for_request(req) == Client::Browser,
        }
    }

    /// As a redirect for a browser, and 401 for an API client.
    pub(crate) fn redirecting(mut self, req: &HttpRequest) -> Self {
        self.redirects = Client::for_request(req) == Client::Browser;
        self
    }

    /// The URL of the sign-in that leads back to this request's page.
    pub fn login_url(&self) -> &str {
        &self.login_url
    }
}

impl ResponseError for LoginRequired {
    fn status_code(&self) -> StatusCode {
        if self.redirects {
            StatusCode::FOUND
        } else {
            StatusCode::UNAUTHORIZED
        }
    }

    fn error_response(&self) -> HttpResponse {
        if self.redirects {
            return HttpResponse::Found()
                .insert_header((header::LOCATION, self.login_url()))
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .finish();
        }
        HttpResponse::Unauthorized()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .json(serde_json::json!({
                "error": Code::LoginRequired.as_str(),
                "message": "Please sign in.",
                "login_url": self.login_url,
            }))
    }
}

/// Where to sign in, with the way back. Only a page that was read can be returned to: a post can't
/// be repeated.
fn login_url(req: &HttpRequest, ask: &str) -> String {
    let path = login_path(req);
    let is_read = matches!(*req.method(), Method::GET | Method::HEAD);
    let here = req.uri().path_and_query().filter(|_| is_read);
    match here {
        Some(here) => login_with_next_and(&path, here.as_str(), ask),
        None => match ask.strip_prefix('&') {
            Some(ask) => format!("{path}?{ask}"),
            None => path,
        },
    }
}

/// The path of `login/` as the browser sees it, for a request of any page.
pub(super) fn login_path(req: &HttpRequest) -> String {
    let path = match req.url_for_static(LOGIN) {
        Ok(url) => url.path().to_owned(),
        Err(error) => {
            // Others come of a `Host` that is none. The URL is right once the endpoints are there.
            if matches!(error, UrlGenerationError::ResourceNotFound) {
                let _ = WiringError::new(req, Missing::Endpoints);
            }
            "/microsoft_sso/login/".to_owned()
        }
    };
    match Sso::for_request(req) {
        Ok(sso) => format!("{}{path}", sso.site.config.base_path()),
        Err(_) => path,
    }
}
