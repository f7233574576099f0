//! The site of a callback: that of the sign-in, which `state` names.

use actix_web::{Error, HttpRequest, test::TestRequest};

use super::{
    extract::{Sso, shared},
    origin,
};
use crate::{
    sign_in::state::{SiteTag, State},
    util::query,
};

/// The site of a callback, and its `state`, if it is for that site. The site of the request comes
/// first; the application may have chosen another one by the `next` of the sign-in.
pub(crate) fn callback_site(
    req: &HttpRequest,
    sealed: Option<&str>,
) -> Result<(Sso, Option<State>), Error> {
    let shared = shared(req)?;
    let Some(state) = sealed.and_then(|sealed| State::open(&shared.sealer, sealed)) else {
        return Ok((Sso::for_request(req)?, None));
    };
    let is_of_state = |sso: &Sso| {
        let uri = origin::redirect_uri(req, sso);
        uri.is_ok_and(|uri| SiteTag::new(&sso.site, uri.as_str()) == state.site)
    };
    let own = shared.sites.for_request(req, &shared.trusted_proxies);
    let own = own.map(|site| Sso::at(shared.clone(), site));
    if let Some(own) = own.filter(is_of_state) {
        return Ok((own, Some(state)));
    }
    let others = shared.sites.for_callback(|| login_request(req, &state));
    let mut others = others.into_iter().map(|site| Sso::at(shared.clone(), site));
    match others.find(is_of_state) {
        Some(sso) => Ok((sso, Some(state))),
        None => Ok((Sso::for_request(req)?, None)),
    }
}

/// The request that began the sign-in, as far as it is known: this one's headers, at `login/`.
fn login_request(req: &HttpRequest, state: &State) -> HttpRequest {
    let next = state.next.join(None);
    let query = query::build(&[("next", next.as_str())]);
    let uri = format!("{}/login/?{query}", origin::scope_path(req));
    let mut login = TestRequest::get().uri(&uri);
    for (name, value) in req.headers() {
        login = login.append_header((name.clone(), value.clone()));
    }
    if let Some(peer) = req.peer_addr() {
        login = login.peer_addr(peer);
    }
    login.to_http_request()
}
