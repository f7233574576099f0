//! What the plugin's handlers extract: the shared state, the site, the worker's HTTP client.

use std::{
    cell::OnceCell,
    future::{Ready, ready},
    ops::Deref,
    rc::Rc,
    sync::Arc,
};

use actix_session::Session;
use actix_web::{
    Error, FromRequest, HttpRequest, HttpResponse, ResponseError, dev::Payload, http::StatusCode,
    web::Data,
};

use super::{
    notice::Notice,
    visitor::Visitor,
    wiring::{Missing, WiringError},
};
#[cfg(feature = "_diesel")]
use crate::tokens::refresh::SignedInAccount;
use crate::{
    http_client::HttpClient,
    oidc::{metadata::MetadataError, provider::Snapshot},
    session::identity::{Identity, identity},
    settings::{codes::Code, texts::Wording},
    site::Site,
    sso::MicrosoftSso,
};

/// The plugin's shared state, and the site of the request.
#[derive(Clone)]
pub(crate) struct Sso {
    shared: Data<MicrosoftSso>,
    pub(crate) site: Arc<Site>,
}

impl Deref for Sso {
    type Target = MicrosoftSso;

    fn deref(&self) -> &MicrosoftSso {
        &self.shared
    }
}

impl Sso {
    pub(crate) fn for_request(req: &HttpRequest) -> Result<Self, Error> {
        let shared = shared(req)?.clone();
        match shared.sites.for_request(req, &shared.trusted_proxies) {
            Some(site) => Ok(Self::at(shared, site)),
            None => Err(UnknownSite::new(req).into()),
        }
    }

    /// The state at a site that was found otherwise than by the request.
    pub(super) fn at(shared: Data<MicrosoftSso>, site: Arc<Site>) -> Self {
        Self { shared, site }
    }

    /// Who is signed in at this site.
    pub(crate) fn identity(&self, session: &Session) -> Option<Identity> {
        identity(session, &self.site, self.clock.now())
    }

    /// Entra's metadata and keys.
    pub(crate) async fn snapshot(
        &self,
        http: &Rc<HttpClient>,
    ) -> Result<Arc<Snapshot>, MetadataError> {
        let provider = self.site.provider(&self.providers);
        let timeout = self.site.config.entra_timeout;
        provider.snapshot(http, timeout).await
    }
}

/// The shared state, without a site.
pub(crate) fn shared(req: &HttpRequest) -> Result<&Data<MicrosoftSso>, WiringError> {
    let shared = req.app_data::<Data<MicrosoftSso>>();
    shared.ok_or_else(|| WiringError::new(req, Missing::AppData))
}

/// The settings name sites, and the request's host is none of them.
#[derive(Debug, thiserror::Error)]
#[error("this host is no site of the application")]
struct UnknownSite {
    visitor: Visitor,
}

impl UnknownSite {
    fn new(req: &HttpRequest) -> Self {
        tracing::warn!(
            code = Code::UnknownSite.as_str(),
            "a request for a host that is in no `sites` table was refused"
        );
        Self {
            visitor: Visitor::for_request(req),
        }
    }
}

impl ResponseError for UnknownSite {
    fn status_code(&self) -> StatusCode {
        StatusCode::MISDIRECTED_REQUEST
    }

    fn error_response(&self) -> HttpResponse {
        // No site is known, so it is in English.
        let notice = Notice {
            status: self.status_code(),
            code: Code::UnknownSite,
            title: Wording::Custom("Wrong address"),
            text: Wording::Custom("There is no sign-in with Microsoft at this address."),
        };
        notice.respond(&self.visitor)
    }
}

impl FromRequest for Sso {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::for_request(req))
    }
}

/// The user of a session, with what it needs to ask Entra about them.
#[cfg(feature = "_diesel")]
pub(super) fn signed_in_account(
    req: &HttpRequest,
    sso: &MicrosoftSso,
    site: &Arc<Site>,
    identity: Identity,
) -> SignedInAccount {
    SignedInAccount {
        identity,
        provider: Arc::clone(site.provider(&sso.providers)),
        clock: Arc::clone(&sso.clock),
        users: Arc::clone(&sso.store),
        http: WorkerClient::for_request(req, sso),
        graph_health: Arc::clone(&sso.graph_health),
        site: Arc::clone(site),
    }
}

/// The HTTP client of a worker, made at its first use.
#[derive(Default)]
pub(crate) struct WorkerClient {
    http: OnceCell<Rc<HttpClient>>,
}

impl WorkerClient {
    pub(crate) fn for_request(req: &HttpRequest, sso: &MicrosoftSso) -> Rc<HttpClient> {
        let new = || Rc::new(HttpClient::new(Arc::clone(&sso.network)));
        match req.app_data::<Rc<Self>>() {
            Some(worker) => Rc::clone(worker.http.get_or_init(new)),
            None => new(),
        }
    }
}
