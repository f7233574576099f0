//! What a request says about its client.

use actix_web::HttpRequest;

use crate::util::query;

/// The name of the login resource, for `url_for`.
pub(crate) const LOGIN: &str = "microsoft_sso.login";

/// What the names of all resources of the plugin begin with.
const RESOURCE_PREFIX: &str = "microsoft_sso.";

/// Whether a request is for an endpoint of the plugin.
pub(crate) fn is_own_endpoint(req: &HttpRequest) -> bool {
    req.match_name()
        .is_some_and(|name| name.starts_with(RESOURCE_PREFIX))
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

/// The decoded value of a parameter of the query; the first one, if it is repeated.
pub(crate) fn parameter(req: &HttpRequest, name: &str) -> Option<String> {
    query::parameter(req.query_string(), name)
}

/// The URL of `login/` that leads back to a path. The path is checked when it comes in.
pub(crate) fn login_with_next(login: &str, next: &str) -> String {
    format!("{login}?{}", query::build(&[("next", next)]))
}
