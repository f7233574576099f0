//! What a handler asks for: the identity, the user, the plugin itself.

use std::{
    cell::OnceCell,
    future::{Ready, ready},
    ops::Deref,
    rc::Rc,
    sync::Arc,
};

use actix_session::{Session, SessionExt};
use actix_web::{
    Error, FromRequest, HttpRequest, HttpResponse, ResponseError, dev::Payload,
    error::ErrorInternalServerError, http::StatusCode, web,
};
use futures_util::future::LocalBoxFuture;

use crate::{
    entra::{http::HttpClient, metadata::MetadataError, provider::Snapshot},
    guard::{LoginRequired, is_navigation},
    page,
    session::{self, Identity},
    site::Site,
    sso::MicrosoftSso,
    store::User,
};

/// The plugin's shared state and the settings that hold for the request, for handlers of ours.
/// Missing, it says which line to add.
#[derive(Clone)]
pub(crate) struct Sso {
    shared: web::Data<MicrosoftSso>,
    pub(crate) site: Arc<Site>,
}

impl Deref for Sso {
    type Target = MicrosoftSso;

    fn deref(&self) -> &MicrosoftSso {
        &self.shared
    }
}

impl Sso {
    fn of(req: &HttpRequest) -> Result<Self, Error> {
        match req.app_data::<web::Data<MicrosoftSso>>() {
            Some(shared) => match shared.sites.of(req, &shared.proxies) {
                Some(site) => Ok(Self {
                    shared: shared.clone(),
                    site,
                }),
                None => Err(UnknownSite::new(req).into()),
            },
            None => {
                tracing::error!(
                    "microsoft_sso is not set up: add `.app_data(sso.clone())` to the App, where `sso` is `web::Data::new(MicrosoftSso::builder(config).store(store).build()?)` made outside `HttpServer::new`"
                );
                Err(ErrorInternalServerError("The application is not set up."))
            }
        }
    }
}

impl Sso {
    /// Who is signed in at this site, if somebody is.
    pub(crate) fn identity(&self, session: &Session) -> Option<Identity> {
        session::identity(session, self.site.name(), self.clock.now())
    }

    /// Entra's metadata and keys.
    pub(crate) async fn snapshot(
        &self,
        http: &Rc<HttpClient>,
    ) -> Result<Arc<Snapshot>, MetadataError> {
        let provider = self.site.provider(&self.providers);
        provider
            .snapshot(http, self.site.config.entra_timeout)
            .await
    }
}

/// The settings name sites, and the request is of none of them.
#[derive(Debug, thiserror::Error)]
#[error("this host is no site of the application")]
struct UnknownSite {
    is_navigation: bool,
}

impl UnknownSite {
    fn new(req: &HttpRequest) -> Self {
        tracing::warn!(
            code = "unknown_site",
            "a request for a host that is in no `sites` table was refused"
        );
        Self {
            is_navigation: is_navigation(req),
        }
    }
}

impl ResponseError for UnknownSite {
    fn status_code(&self) -> StatusCode {
        StatusCode::MISDIRECTED_REQUEST
    }

    fn error_response(&self) -> HttpResponse {
        let text = "There is no sign-in with Microsoft at this address.";
        page::notice(self.is_navigation, self.status_code(), "unknown_site", text)
    }
}

impl FromRequest for Sso {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(req))
    }
}

/// What each worker has for itself.
#[derive(Default)]
pub(crate) struct Worker {
    http: OnceCell<Rc<HttpClient>>,
}

impl Worker {
    /// The worker's HTTP client, made at its first use.
    pub(crate) fn http(req: &HttpRequest, sso: &MicrosoftSso) -> Rc<HttpClient> {
        let new = || Rc::new(HttpClient::new(sso.tls.clone()));
        match req.app_data::<Rc<Self>>() {
            Some(worker) => Rc::clone(worker.http.get_or_init(new)),
            None => new(),
        }
    }
}

impl FromRequest for Identity {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Sso::of(req).and_then(|sso| {
            sso.identity(&req.get_session())
                .ok_or_else(|| LoginRequired::new(req).into())
        }))
    }
}

/// The signed-in user, read from the store for this request. Answers 401 when nobody is signed
/// in, or the user is gone or set inactive; their session is ended then.
///
/// `Option<CurrentUser>` is `None` in these cases, and also when the store can't be reached.
#[derive(Clone, Debug)]
pub struct CurrentUser {
    user: User,
    identity: Identity,
}

impl CurrentUser {
    /// Who signed in, as the session knows it.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The user alone.
    pub fn into_user(self) -> User {
        self.user
    }
}

impl Deref for CurrentUser {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

impl FromRequest for CurrentUser {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let sso = Sso::of(&req)?;
            let session = req.get_session();
            let identity = sso
                .identity(&session)
                .ok_or_else(|| LoginRequired::new(&req))?;
            let user = sso.store.find(&identity.user_id).await.map_err(|error| {
                tracing::error!(error = %crate::error::chain(&error), "the signed-in user can't be read");
                actix_web::error::ErrorServiceUnavailable("Please try again in a moment.")
            })?;
            match user.filter(|user| user.is_active) {
                Some(user) => Ok(Self { user, identity }),
                None => {
                    session::end(&session);
                    Err(LoginRequired::new(&req).into())
                }
            }
        })
    }
}
