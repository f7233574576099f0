//! Who reads a notice: the kind of client, its site and language, and how to try again. It is taken
//! from the request early, because some notices are written after the request is gone.

use std::sync::Arc;

use actix_web::{HttpRequest, http::Method, web::Data};

use super::{
    localize::Localizer,
    request::{Client, LOGIN, is_own_endpoint, login_with_next, parameter},
};
use crate::{sign_in::state::State, site::Site, sso::MicrosoftSso, util::next_path::NextPath};

/// Who reads a notice.
#[derive(Debug)]
pub(crate) struct Visitor {
    pub(super) client: Client,
    site: Option<Arc<Site>>,
    language: String,
    pub(super) retry: Retry,
}

/// The second attempt that a notice offers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// None: the request changed something.
    No,
    /// The sign-in from its beginning, at this URL.
    SignIn(String),
    /// The same page.
    Reload,
    /// The sign-out, by a button on a page of this site.
    SignOut,
}

impl Visitor {
    /// Whoever asked for an endpoint, or for a page that needs the plugin.
    pub(crate) fn for_request(req: &HttpRequest) -> Self {
        let mut visitor = Self::of_any_page(req);
        if is_own_endpoint(req)
            && let Ok(login) = req.url_for_static(LOGIN)
        {
            let login = visitor.public_path(login.path());
            visitor.retry = Retry::SignIn(match next(req) {
                Some(next) => login_with_next(&login, next.as_str()),
                None => login,
            });
        }
        visitor
    }

    /// Whoever asked for `logout/`.
    pub(crate) fn who_signs_out(req: &HttpRequest) -> Self {
        Self {
            retry: Retry::SignOut,
            ..Self::of_any_page(req)
        }
    }

    /// Whoever a second attempt doesn't help.
    pub(crate) fn without_retry(req: &HttpRequest) -> Self {
        Self {
            retry: Retry::No,
            ..Self::of_any_page(req)
        }
    }

    /// Whoever asked for any page of the application, before it is known which.
    pub(super) fn of_any_page(req: &HttpRequest) -> Self {
        let site = shared(req).and_then(|sso| sso.sites.for_request(req, &sso.trusted_proxies));
        let language = match &site {
            Some(site) => Localizer::for_request(req, &site.config).language,
            None => "en",
        };
        let is_read = matches!(*req.method(), Method::GET | Method::HEAD);
        Self {
            client: Client::for_request(req),
            language: language.to_owned(),
            site,
            retry: if is_read { Retry::Reload } else { Retry::No },
        }
    }

    /// A path as the browser sees it.
    pub(super) fn public_path(&self, path: &str) -> String {
        let base = self.site().map_or("", |site| site.config.base_path());
        format!("{base}{path}")
    }

    pub(super) fn site(&self) -> Option<&Site> {
        self.site.as_deref()
    }

    /// In English where no site is known.
    pub(super) fn localizer(&self) -> Localizer<'_> {
        let settings = self.site().map(|site| &site.config);
        Localizer::new(&self.language, settings)
    }
}

fn shared(req: &HttpRequest) -> Option<&Data<MicrosoftSso>> {
    req.app_data::<Data<MicrosoftSso>>()
}

/// The page that the sign-in was for: `next` of a link, or that of the callback's `state`.
fn next(req: &HttpRequest) -> Option<NextPath> {
    if let Some(next) = parameter(req, "next") {
        return NextPath::within(&next);
    }
    let state = parameter(req, "state")?;
    let state = State::open(&shared(req)?.sealer, &state)?;
    Some(state.next.join(None))
}
