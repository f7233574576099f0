//! `POST logout/`: the session ends.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode};

use super::{redirect, slots};
use crate::{extract::Sso, guard::is_navigation, origin, page, session};

pub(crate) async fn logout(req: HttpRequest, sso: Sso, session: Session) -> HttpResponse {
    if origin::is_cross_site(&req, &sso.config) {
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
    if let Some(identity) = session::identity(&session, sso.clock.now()) {
        tracing::info!(user = %identity.user_id, "signed out");
    }
    session::end(&session);
    let to = sso.config.logout_redirect_path.as_str();
    let mut response = redirect(StatusCode::SEE_OTHER, to, None);
    let path = origin::scope_path(&req);
    for cookie in slots(&req, &sso, &path).clear(&req) {
        // A cookie that can't be taken away expires by itself.
        let _ = response.add_cookie(&cookie);
    }
    response
}
