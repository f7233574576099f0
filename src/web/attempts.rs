//! The attempts that a request's cookies hold, as an extractor.

use std::future::{Ready, ready};

use actix_web::{Error, FromRequest, HttpRequest, dev::Payload};

use super::{extract::Sso, origin::transport};
use crate::sign_in::attempt_cookies::AttemptCookies;

impl FromRequest for AttemptCookies {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Sso::for_request(req).map(|sso| attempt_cookies(req, &sso)))
    }
}

pub(crate) fn attempt_cookies(req: &HttpRequest, sso: &Sso) -> AttemptCookies {
    let (now, transport) = (sso.clock.now(), transport(req, sso));
    AttemptCookies::read(
        req.headers(),
        &sso.sealer,
        &sso.site,
        now,
        transport,
        &sso.cookie_suffix,
    )
}
