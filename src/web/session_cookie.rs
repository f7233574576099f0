//! The session's cookie on the wire, and as the session middleware knows it.
//!
//! The middleware knows the cookie by a name that is derived from `secret_key` and never leaves the
//! process; here it is renamed from and to its name on the wire. So only a cookie of exactly that
//! name, byte for byte, is a session: the middleware decodes and trims names, and would take
//! `%5f_Host-x` or a `__Host-x` behind a Unicode space, which any sibling host can set, for
//! `__Host-x`.
//!
//! And actix reads no cookie of a request at all when one of them, whoever set it, can't be parsed: such
//! cookies are left out, so that they sign nobody out.

use actix_web::{
    cookie::Cookie,
    dev::ServiceRequest,
    http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE},
};

use super::wiring::{Missing, WiringError};
use crate::{
    sso::MicrosoftSso,
    util::cookies::{self, Transport},
};

const NAME: &str = "microsoft_sso_session";

/// The two names of the session's cookie.
pub(super) struct SessionCookie {
    wire: String,
    inner: String,
    transport: Transport,
}

impl SessionCookie {
    pub(super) fn new(sso: &MicrosoftSso, transport: Transport) -> Self {
        Self {
            wire: transport.cookie_name(&format!("{NAME}{}", sso.cookie_suffix)),
            inner: sso.session_key.inner_name.clone(),
            transport,
        }
    }

    /// Renames the cookie of a request for the session middleware. It fails where something has read the
    /// request's cookies before: actix remembers them, and the middleware would see no session.
    ///
    /// One that a previous key sealed is sealed anew, for the middleware knows the current key alone.
    pub(super) fn receive(
        &self,
        req: &mut ServiceRequest,
        sso: &MicrosoftSso,
    ) -> Result<(), WiringError> {
        let mut kept: Vec<Vec<u8>> = Vec::new();
        let (mut is_changed, mut has_session) = (false, false);
        for pair in cookies::pairs(req.headers()) {
            let (name, rest) = cookies::split(pair);
            if name == self.wire.as_bytes() {
                is_changed = true;
                // The first one counts, as in actix.
                if !has_session {
                    kept.push(
                        self.resealed(rest, sso)
                            .unwrap_or_else(|| [self.inner.as_bytes(), rest].concat()),
                    );
                }
                has_session = true;
            } else if is_parsable(pair) {
                kept.push(pair.to_vec());
            } else {
                is_changed = true;
            }
        }
        if !is_changed {
            return Ok(());
        }
        let headers = req.headers_mut();
        headers.remove(COOKIE);
        if let Ok(value) = HeaderValue::from_bytes(&kept.join(&b"; "[..])) {
            headers.insert(COOKIE, value);
        }
        if has_session && req.cookie(&self.inner).is_none() {
            return Err(WiringError::new(req.request(), Missing::UnreadCookies));
        }
        Ok(())
    }

    /// The pair of a cookie that a previous key sealed, by the current one.
    fn resealed(&self, rest: &[u8], sso: &MicrosoftSso) -> Option<Vec<u8>> {
        if sso.previous_session_keys.is_empty() {
            return None;
        }
        let pair = format!("{}{}", self.inner, std::str::from_utf8(rest).ok()?);
        let cookie = Cookie::parse_encoded(pair).ok()?;
        let (key, previous) = (&sso.session_key, &sso.previous_session_keys);
        let value = key.reseal(cookie.value(), previous)?;
        let cookie = Cookie::new(&*self.inner, value);
        Some(cookie.encoded().to_string().into_bytes())
    }

    /// Renames the cookie of a response to its name on the wire.
    pub(super) fn send(&self, headers: &mut HeaderMap) {
        let rest = |cookie: &HeaderValue| {
            let rest = cookie.as_bytes().strip_prefix(self.inner.as_bytes())?;
            rest.starts_with(b"=").then(|| rest.to_vec())
        };
        if !headers
            .get_all(SET_COOKIE)
            .any(|cookie| rest(cookie).is_some())
        {
            return;
        }
        let secure: &[u8] = match self.transport {
            Transport::Https => b"; Secure",
            Transport::Http => b"",
        };
        let cookies: Vec<_> = headers.remove(SET_COOKIE).collect();
        for cookie in cookies {
            let renamed = rest(&cookie).map(|rest| {
                HeaderValue::from_bytes(&[self.wire.as_bytes(), &rest, secure].concat())
            });
            let cookie = match renamed {
                Some(Ok(renamed)) => renamed,
                // It holds nothing but what a header value held before.
                Some(Err(_)) => continue,
                None => cookie,
            };
            headers.append(SET_COOKIE, cookie);
        }
    }
}

fn is_parsable(pair: &[u8]) -> bool {
    std::str::from_utf8(pair).is_ok_and(|pair| Cookie::parse_encoded(pair).is_ok())
}
