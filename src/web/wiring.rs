//! Pieces that the application left out or put in the wrong place. Each is a line in the log that
//! names the line to write, and a page that says so without detail.

#[cfg(feature = "_diesel")]
use std::sync::Arc;

use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError, http::StatusCode};

use super::{notice::Notice, visitor::Visitor};
#[cfg(feature = "_diesel")]
use crate::session::diesel::DieselSessions;
use crate::settings::{
    codes::Code,
    texts::{Text, Wording},
};

/// What is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    AppData,
    Endpoints,
    Sessions,
    UnreadCookies,
    #[cfg(feature = "_diesel")]
    SessionDatabase,
}

impl Missing {
    fn help(self) -> &'static str {
        match self {
            Self::AppData => {
                "microsoft_sso is not in app data: add `.app_data(sso.clone())` to the App, where `sso` is `web::Data::new(MicrosoftSso::builder(config).store(store).build()?)`, made outside `HttpServer::new`"
            }
            Self::Endpoints => {
                "the endpoints of microsoft_sso are not mounted: add `.configure(microsoft_sso::config)` to the App"
            }
            Self::Sessions => {
                "there is no session middleware around this request: add `.wrap(sso.sessions())` (or `sessions_in`) to the App as its last `.wrap`, so that it runs before all others (`require_login` included)"
            }
            Self::UnreadCookies => {
                "something read the request's cookies before the session middleware, which then sees no session: make `.wrap(sso.sessions())` the last `.wrap` of the App, and in `Builder::sites` read the header `Cookie` instead of `req.cookie()`"
            }
            #[cfg(feature = "_diesel")]
            Self::SessionDatabase => {
                "the user store keeps no sessions: replace `.wrap(sso.sessions())` by `.wrap(sso.sessions_in(store))` with a session store such as `actix_session::storage::RedisSessionStore`, or implement `UserStore::session_database`"
            }
        }
    }
}

/// The application is not set up.
#[derive(Debug, thiserror::Error)]
#[error("the application is not set up: {}", .missing.help())]
pub(crate) struct WiringError {
    missing: Missing,
    visitor: Visitor,
}

impl WiringError {
    /// Logs what is missing.
    pub(crate) fn new(req: &HttpRequest, missing: Missing) -> Self {
        tracing::error!(code = Code::NotSetUp.as_str(), "{}", missing.help());
        Self {
            missing,
            visitor: Visitor::for_request(req),
        }
    }
}

impl ResponseError for WiringError {
    fn status_code(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }

    fn error_response(&self) -> HttpResponse {
        let notice = Notice {
            status: self.status_code(),
            code: Code::NotSetUp,
            title: Wording::Known(Text::NotSetUpTitle),
            text: Wording::Known(Text::NotSetUp),
        };
        notice.respond(&self.visitor)
    }
}

/// What the session middleware leaves in a request.
#[derive(Clone, Debug)]
pub(crate) enum SessionWiring {
    Ready,
    /// The database holds users and sessions.
    #[cfg(feature = "_diesel")]
    WithUsers(Arc<DieselSessions>),
    #[cfg(feature = "_diesel")]
    NoDatabase,
}

/// Checks that the session middleware of the plugin is around a request.
pub(crate) fn check_sessions(req: &HttpRequest) -> Result<(), WiringError> {
    let missing = match req.extensions().get() {
        Some(SessionWiring::Ready) => None,
        #[cfg(feature = "_diesel")]
        Some(SessionWiring::WithUsers(_)) => None,
        #[cfg(feature = "_diesel")]
        Some(SessionWiring::NoDatabase) => Some(Missing::SessionDatabase),
        None => Some(Missing::Sessions),
    };
    missing.map_or(Ok(()), |missing| Err(WiringError::new(req, missing)))
}

/// The sessions that a sign-in writes together with the user.
#[cfg(feature = "_diesel")]
pub(crate) fn sessions_with_users(req: &HttpRequest) -> Option<Arc<DieselSessions>> {
    match req.extensions().get::<SessionWiring>() {
        Some(SessionWiring::WithUsers(sessions)) => Some(Arc::clone(sessions)),
        _ => None,
    }
}
