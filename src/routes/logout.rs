//! `POST logout/`: the session ends.

use actix_web::{
    Error, HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{ALLOW, HeaderValue},
    },
};

use crate::{
    session::identity::Identity,
    settings::{
        codes::Code,
        texts::{Text, Wording},
    },
    web::{
        extract::{Sso, WorkerClient},
        notice::Notice,
        origin,
        respond::redirect,
        sign_out::sign_out,
        visitor::Visitor,
    },
};

pub(super) async fn logout(req: HttpRequest, sso: Sso) -> Result<HttpResponse, Error> {
    if origin::is_cross_site(&req, &sso) {
        tracing::warn!(
            code = Code::CrossSite.as_str(),
            "a sign-out posted from another site was refused"
        );
        let notice = Notice {
            status: StatusCode::FORBIDDEN,
            code: Code::CrossSite,
            title: Wording::Known(Text::CrossSiteTitle),
            text: Wording::Known(Text::CrossSite),
        };
        return Ok(notice.respond(&Visitor::who_signs_out(&req)));
    }
    // First here, whatever happens at Entra.
    let identity = sign_out(&req)?;
    let entra = match &identity {
        Some(identity) => end_session_url(&req, &sso, identity).await,
        None => None,
    };
    let home = || origin::public_path(&sso, sso.site.config.logout_redirect_path.as_str());
    let to = entra.unwrap_or_else(home);
    Ok(redirect(StatusCode::SEE_OTHER, &to, None))
}

/// `GET logout/` signs nobody out, because any page can make a browser ask for it; whoever typed the
/// address gets the button.
pub(super) async fn by_button(req: HttpRequest) -> HttpResponse {
    let notice = Notice {
        status: StatusCode::METHOD_NOT_ALLOWED,
        code: Code::MethodNotAllowed,
        title: Wording::Known(Text::SignOutByButtonTitle),
        text: Wording::Known(Text::SignOutByButton),
    };
    let mut response = notice.respond(&Visitor::who_signs_out(&req));
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("POST"));
    response
}

/// Entra's sign-out page, which leads back here (OpenID Connect RP-Initiated Logout 1.0). Entra
/// takes `logout_hint` for the account, so that the person need not choose one.
async fn end_session_url(req: &HttpRequest, sso: &Sso, identity: &Identity) -> Option<String> {
    if !sso.site.config.slo_enabled {
        return None;
    }
    let snapshot = sso.snapshot(&WorkerClient::for_request(req, sso)).await;
    // Without Microsoft, the sign-out here has to do; the log has the reason.
    let mut url = snapshot.ok()?.metadata.end_session_endpoint.clone()?;
    let back = origin::absolute_url(req, sso, sso.site.config.logout_redirect_path.as_str());
    if let Some(back) = back {
        url.query_pairs_mut()
            .append_pair("post_logout_redirect_uri", &back);
    }
    if let Some(hint) = &identity.login_hint {
        url.query_pairs_mut().append_pair("logout_hint", hint);
    }
    Some(url.into())
}
