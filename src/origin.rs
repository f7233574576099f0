//! Where this application is, as the browser sees it: for the redirect URI, for cookies, and to
//! tell a post of our own pages from another site's.

use actix_web::{HttpRequest, http::header};
use openidconnect::RedirectUrl;
use url::Url;

use crate::{
    error::SignInError,
    settings::{Settings, is_loopback},
};

/// The path of a request of ours, without a slash at its end.
pub(crate) fn mount_path(req: &HttpRequest) -> String {
    // The pattern is ours; the path is as the client spelt it.
    let pattern = req.match_pattern().filter(|pattern| !pattern.contains('{'));
    let path = pattern.unwrap_or_else(|| req.path().to_owned());
    path.trim_end_matches('/').to_owned()
}

/// The scope that the plugin is mounted at, such as `/microsoft_sso`, for one of its endpoints;
/// for a request of the scope itself it is [`mount_path`].
pub(crate) fn scope_path(req: &HttpRequest) -> String {
    let path = mount_path(req);
    path.rsplit_once('/')
        .map_or("", |(scope, _)| scope)
        .to_owned()
}

/// The origin of the application: the setting, or the request's host on this machine.
///
/// `Host` and `X-Forwarded-*` are the client's to write, so they never name the redirect URI of
/// a public application (RFC 9700, section 4.1.3).
fn base_url(req: &HttpRequest, config: &Settings) -> Option<Url> {
    if let Some(url) = &config.base_url {
        return Some(url.clone());
    }
    let host = req.headers().get(header::HOST)?.to_str().ok()?;
    let scheme = if req.app_config().secure() {
        "https"
    } else {
        "http"
    };
    let url = Url::parse(&format!("{scheme}://{host}/")).ok()?;
    (is_loopback(&url) && url.path() == "/" && url.username().is_empty()).then_some(url)
}

/// The redirect URI, the same at start and end: origin, scope, `callback/`.
pub(crate) fn redirect_uri(
    req: &HttpRequest,
    config: &Settings,
) -> Result<RedirectUrl, SignInError> {
    let mut url = base_url(req, config).ok_or(SignInError::NoBaseUrl)?;
    url.set_path(&format!("{}/callback/", scope_path(req)));
    Ok(RedirectUrl::from_url(url))
}

/// The full URL of a path on this site, where its origin is known.
pub(crate) fn here(req: &HttpRequest, config: &Settings, path: &str) -> Option<String> {
    let url = base_url(req, config)?.join(path).ok()?;
    Some(url.into())
}

/// Whether cookies are for https alone.
pub(crate) fn is_https(req: &HttpRequest, config: &Settings) -> bool {
    config
        .is_https()
        .unwrap_or_else(|| req.app_config().secure())
}

/// Whether an unsafe request may come from a page of another site.
///
/// `Sec-Fetch-Site` says so in every browser of today; `Origin` in the older ones; a client that
/// sends neither is no browser (the rule of Go's `net/http.CrossOriginProtection`).
pub(crate) fn is_cross_site(req: &HttpRequest, config: &Settings) -> bool {
    let text = |name| {
        let value = req.headers().get(name);
        value.map(|value| value.to_str().unwrap_or("unreadable"))
    };
    match (text("sec-fetch-site"), text("origin")) {
        (Some("same-origin" | "none"), _) => false,
        (Some(_), _) => true,
        (None, None) => false,
        (None, Some(origin)) => {
            let Ok(origin) = Url::parse(origin) else {
                return true;
            };
            let same_host = || {
                let host = req.headers().get(header::HOST)?.to_str().ok()?;
                let ours = Url::parse(&format!("{}://{host}/", origin.scheme())).ok()?;
                Some(ours.origin() == origin.origin())
            };
            config.origin().map_or_else(
                || !same_host().unwrap_or(false),
                |ours| ours != origin.origin(),
            )
        }
    }
}
