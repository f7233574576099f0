//! What a request says about its client.

use actix_web::{
    HttpRequest,
    http::header::{ACCEPT, HeaderName},
};

use crate::util::{next_path::NextPath, query};

const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const X_REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

/// The name of the login resource, for `url_for`.
pub(crate) const LOGIN: &str = "microsoft_sso.login";

/// The parameter of `login/` for what a page asks of the sign-in, sealed.
pub(crate) const ASK: &str = "ask";

/// What the names of all resources of the plugin begin with.
const RESOURCE_PREFIX: &str = "microsoft_sso.";

/// Whether a request is for an endpoint of the plugin. In a middleware, actix looks the name up by the
/// path as it came, but routes by the decoded one: a path that is percent-encoded is none of ours.
pub(crate) fn is_own_endpoint(req: &HttpRequest) -> bool {
    let name = req.match_name().filter(|_| !req.path().contains('%'));
    name.is_some_and(|name| name.starts_with(RESOURCE_PREFIX))
}

/// Whether an endpoint of the plugin shows something of the signed-in user.
#[cfg(feature = "_diesel")]
pub(super) fn is_checked_endpoint(req: &HttpRequest) -> bool {
    let name = req.match_name();
    name.is_some_and(|name| name.starts_with("microsoft_sso.picture"))
}

/// The kind of client that a response is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// A browser that navigates to a page: it follows redirects and shows HTML.
    Browser,
    /// A script or another program: it gets a status and JSON.
    Api,
}

impl Client {
    pub(crate) fn for_request(req: &HttpRequest) -> Self {
        if is_navigation(req) {
            Self::Browser
        } else {
            Self::Api
        }
    }
}

fn is_navigation(req: &HttpRequest) -> bool {
    let text = |name: &HeaderName| req.headers().get(name)?.to_str().ok();
    if let Some(mode) = text(&SEC_FETCH_MODE) {
        return mode == "navigate";
    }
    let accept = text(&ACCEPT).unwrap_or_default().to_ascii_lowercase();
    let wants_json = accept.contains("json") && !accept.contains("text/html");
    let is_xhr =
        text(&X_REQUESTED_WITH).is_some_and(|by| by.eq_ignore_ascii_case("xmlhttprequest"));
    !wants_json && !is_xhr
}

/// The decoded value of a parameter of the query; the first one, if it is repeated.
pub(crate) fn parameter(req: &HttpRequest, name: &str) -> Option<String> {
    query::parameter(req.query_string(), name)
}

/// A URL with one more parameter.
pub(crate) fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}{}", query::build(&[(name, value)]))
}

/// Longest URL of `login/`, in bytes: proxies hold 4,096 of a response's headers.
pub(crate) const MAX_LOCATION: usize = 3500;

/// The URL of `login/` that leads back to a path. The path is checked when it comes in; one that is
/// too long loses its query.
pub(crate) fn login_with_next(login: &str, next: &str) -> String {
    login_with_next_and(login, next, "")
}

/// As [`login_with_next`], with more of a query, which is percent-encoded already.
pub(super) fn login_with_next_and(login: &str, next: &str, more: &str) -> String {
    let shortened = NextPath::within(next).filter(|_| NextPath::parse(next).is_none());
    let next = shortened.as_ref().map_or(next, NextPath::as_str);
    let path = next.split('?').next().unwrap_or_default();
    let ways = [
        query::build(&[("next", next)]),
        query::build_short("next", next),
        query::build(&[("next", path)]),
    ];
    let mut urls = ways.iter().map(|query| format!("{login}?{query}{more}"));
    urls.find(|url| url.len() <= MAX_LOCATION)
        .unwrap_or_else(|| {
            tracing::debug!(
                bytes = next.len(),
                "the way back was dropped: it is too long for a redirect"
            );
            match more.strip_prefix('&') {
                Some(more) => format!("{login}?{more}"),
                None => login.to_owned(),
            }
        })
}
