//! Where the application is, as the browser sees it: for the redirect URI, for cookies, and to
//! detect posts from other sites.

use actix_web::HttpRequest;
use openidconnect::RedirectUrl;
use url::Url;

use super::{
    extract::Sso,
    request::{MAX_LOCATION, login_with_next, parameter, with_parameter},
};
use crate::{
    settings::authority::{is_loopback, is_secure},
    sign_in::error::SignInError,
    sso::MicrosoftSso,
    util::cookies::Transport,
};

/// The path of one of the plugin's endpoints, without its trailing slash.
pub(crate) fn mount_path(req: &HttpRequest) -> String {
    // The client may spell the path in other ways than the pattern.
    let pattern = req.match_pattern().filter(|pattern| !pattern.contains('{'));
    let path = pattern.unwrap_or_else(|| req.path().to_owned());
    path.trim_end_matches('/').to_owned()
}

/// The scope of the plugin, such as `/microsoft_sso`, for a request of an endpoint in it.
pub(crate) fn scope_path(req: &HttpRequest) -> String {
    let path = mount_path(req);
    path.rsplit_once('/')
        .map_or("", |(scope, _)| scope)
        .to_owned()
}

/// A path of the application as the browser sees it: below the path of `base_url`, which the proxy in
/// front takes away.
pub(crate) fn public_path(sso: &Sso, path: &str) -> String {
    format!("{}{path}", sso.site.config.base_path())
}

/// The path of `login/`, for a request of an endpoint in the scope.
pub(crate) fn login_path(req: &HttpRequest, sso: &Sso) -> String {
    public_path(sso, &format!("{}/login/", scope_path(req)))
}

/// `login/` at `base_url`, for a request at another host: where the sign-in ends, its cookie has to
/// be. `moved` marks it, since a proxy may not pass `Host` on.
pub(crate) fn login_at_base_url(req: &HttpRequest, sso: &Sso) -> Option<String> {
    let base = sso.site.config.base_url.as_ref()?;
    let here = sso.trusted_proxies.origin(req)?;
    let port = here.port().or_else(|| base.port_or_known_default());
    let is_here = here.host() == base.host() && port == base.port_or_known_default();
    let host = sso.trusted_proxies.host(req)?;
    if is_here || parameter(req, MOVED).is_some() || sso.sites.is_of_another(&host, &sso.site) {
        return None;
    }
    let login = base.join(&login_path(req, sso)).ok()?;
    let whole = match req.query_string() {
        "" => login.to_string(),
        query => format!("{login}?{query}"),
    };
    let url = if whole.len() <= MAX_LOCATION && whole.bytes().all(|b| b.is_ascii_graphic()) {
        whole
    } else {
        login_with_next(login.as_str(), &parameter(req, "next").unwrap_or_default())
    };
    Some(with_parameter(&url, MOVED, "1"))
}

/// Marks a request that came by [`login_at_base_url`].
const MOVED: &str = "moved";

/// The origin of the application: the setting, or the request's host where a trusted proxy forwards
/// it or it is this machine.
///
/// A client can write `Host` and `X-Forwarded-*`, so they never name the redirect URI of a public
/// application (RFC 9700, section 4.1.3).
fn base_url(req: &HttpRequest, sso: &Sso) -> Option<Url> {
    if let Some(url) = &sso.site.config.base_url {
        return Some(url.clone());
    }
    request_origin(req, sso)
}

/// The origin of a request, where it can be trusted.
fn request_origin(req: &HttpRequest, sso: &MicrosoftSso) -> Option<Url> {
    let url = sso.trusted_proxies.origin(req)?;
    let is_vouched_for = sso.trusted_proxies.is_trusted_peer(req) && is_secure(&url);
    (is_loopback(&url) || is_vouched_for).then_some(url)
}

/// The redirect URI, the same at start and end: origin, scope, `callback/`.
pub(crate) fn redirect_uri(req: &HttpRequest, sso: &Sso) -> Result<RedirectUrl, SignInError> {
    let mut url = base_url(req, sso).ok_or(SignInError::NoBaseUrl)?;
    url.set_path(&public_path(sso, &format!("{}/callback/", scope_path(req))));
    Ok(RedirectUrl::from_url(url))
}

/// The absolute URL of a path on this site, where its origin is known.
pub(crate) fn absolute_url(req: &HttpRequest, sso: &Sso, path: &str) -> Option<String> {
    let url = base_url(req, sso)?.join(&public_path(sso, path)).ok()?;
    Some(url.into())
}

/// How the browser reaches the application, for its cookies: by the settings of the site, else by the
/// request.
pub(crate) fn transport(req: &HttpRequest, sso: &MicrosoftSso) -> Transport {
    let site = sso.sites.for_request(req, &sso.trusted_proxies);
    let by_settings = site.and_then(|site| site.config.is_https());
    let by_connection = req.app_config().secure();
    let by_request = || {
        // Nobody else can say otherwise, so that most requests need no origin parsed.
        let forwarded = sso.trusted_proxies.is_trusted_peer(req);
        let origin = forwarded.then(|| request_origin(req, sso)).flatten();
        origin.map_or(by_connection, |url| url.scheme() == "https")
    };
    if by_settings.unwrap_or_else(by_request) {
        Transport::Https
    } else {
        Transport::Http
    }
}

/// Whether an unsafe request may come from a page of another site.
///
/// `Sec-Fetch-Site` says so in every browser of today; `Origin` in the older ones; a client that
/// sends neither is no browser (the rule of Go's `net/http.CrossOriginProtection`).
pub(crate) fn is_cross_site(req: &HttpRequest, sso: &Sso) -> bool {
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
                let mut ours = sso.trusted_proxies.origin(req)?;
                // A proxy may end TLS without saying so; the host is what tells sites apart.
                ours.set_scheme(origin.scheme()).ok()?;
                Some(ours.origin() == origin.origin())
            };
            sso.site.config.origin().map_or_else(
                || !same_host().unwrap_or(false),
                |ours| ours != origin.origin(),
            )
        }
    }
}
