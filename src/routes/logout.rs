//! `POST logout/`: the session ends.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode};

use super::{redirect, slots};
use crate::{
    audit::{self, SignOut},
    extract::{Sso, Worker},
    guard::is_navigation,
    origin, page,
    session::{self, Identity},
};

pub(crate) async fn logout(req: HttpRequest, sso: Sso, session: Session) -> HttpResponse {
    if origin::is_cross_site(&req, &sso) {
        tracing::warn!(
            code = "cross_site_logout",
            "a sign-out posted from another site was refused"
        );
        let text = "This sign-out came from another site and was refused.";
        return page::notice(
            is_navigation(&req),
            StatusCode::FORBIDDEN,
            "cross_site",
            text,
        );
    }
    let identity = sso.identity(&session);
    // First here, whatever becomes of the rest.
    session::end(&session);
    let mut to = sso.site.config.logout_redirect_path.as_str().to_owned();
    if let Some(identity) = identity {
        audit::signed_out(SignOut::Person, Some(&identity.user_id), Some(&sso.site), 1);
        to = at_entra(&req, &sso, &identity).await.unwrap_or(to);
    }
    let mut response = redirect(StatusCode::SEE_OTHER, &to, None);
    for cookie in slots(&req, &sso).clear(&req) {
        // A cookie that can't be taken away expires by itself.
        let _ = response.add_cookie(&cookie);
    }
    response
}

/// Entra's sign-out page, which comes back here (OpenID Connect RP-Initiated Logout 1.0; Entra
/// takes `logout_hint` for the account, so that nobody has to pick it).
async fn at_entra(req: &HttpRequest, sso: &Sso, identity: &Identity) -> Option<String> {
    if !sso.site.config.slo_enabled {
        return None;
    }
    let snapshot = sso.snapshot(&Worker::http(req, sso)).await;
    // Without Microsoft the sign-out here is all; the reason is in the log already.
    let mut url = snapshot.ok()?.metadata.end_session_endpoint.clone()?;
    let back = origin::here(req, sso, sso.site.config.logout_redirect_path.as_str());
    if let Some(back) = back {
        url.query_pairs_mut()
            .append_pair("post_logout_redirect_uri", &back);
    }
    if let Some(hint) = &identity.login_hint {
        url.query_pairs_mut().append_pair("logout_hint", hint);
    }
    Some(url.into())
}
