//! `POST link/` connects the user who is signed in locally with a Microsoft account; `POST unlink/` takes the
//! connection away. Never by `GET`: any page can make a browser ask for that.

use actix_session::Session;
use actix_web::{Error, HttpRequest, HttpResponse, http::StatusCode};

use super::login::{self, Purpose};
use crate::{
    account::user::UserId,
    session::identity,
    settings::{
        codes::Code,
        texts::{Text, Wording},
    },
    sign_in::{attempt_cookies::AttemptCookies, link::LinkTag},
    util::{log::chain, next_path::NextPath},
    web::{
        extract::Sso,
        notice::Notice,
        origin,
        request::parameter,
        respond::{redirect_within, service_unavailable, switched_off},
        visitor::Visitor,
        wiring::check_sessions,
    },
};

pub(super) async fn link(
    req: HttpRequest,
    sso: Sso,
    cookies: AttemptCookies,
) -> Result<HttpResponse, Error> {
    let user = match local_user(&req, &sso).await? {
        Ok(user) => user,
        Err(refusal) => return Ok(refusal),
    };
    let purpose = Purpose::Link(LinkTag::new(&user));
    let begun = login::begin(&req, &sso, &cookies, purpose).await;
    Ok(begun.unwrap_or_else(|error| service_unavailable(&req, &sso, &error)))
}

pub(super) async fn unlink(
    req: HttpRequest,
    sso: Sso,
    session: Session,
) -> Result<HttpResponse, Error> {
    let user = match local_user(&req, &sso).await? {
        Ok(user) => user,
        Err(refusal) => return Ok(refusal),
    };
    if let Err(error) = sso.unlink(&user).await {
        tracing::error!(code = Code::StoreFailed.as_str(), reason = %chain(&error), "a user could not be unlinked");
        return Ok(service_unavailable(&req, &sso, &error.into()));
    }
    // Sessions of the sign-in with Microsoft have ended; what is the application's own stays.
    identity::forget(&session);
    let next = parameter(&req, "next").and_then(|next| NextPath::within(&next));
    let next = next.unwrap_or_else(|| sso.site.config.next_url.clone());
    Ok(redirect_within(&sso, next.as_str(), None))
}

/// The local user of a request that a page of this site posts; or what to answer instead.
async fn local_user(req: &HttpRequest, sso: &Sso) -> Result<Result<UserId, HttpResponse>, Error> {
    let Some(local_user) = sso.local_user.as_ref().filter(|_| sso.site.config.enabled) else {
        return Ok(Err(switched_off(req)));
    };
    check_sessions(req)?;
    if origin::is_cross_site(req, sso) {
        tracing::warn!(
            code = Code::CrossSite.as_str(),
            "a link of a Microsoft account, posted from another site, was refused"
        );
        return Ok(Err(refuse(
            req,
            StatusCode::FORBIDDEN,
            Code::CrossSite,
            Text::CrossSiteLink,
        )));
    }
    Ok(local_user(req.clone()).await.ok_or_else(|| {
        refuse(
            req,
            StatusCode::UNAUTHORIZED,
            Code::LocalLoginRequired,
            Text::LinkNeedsUser,
        )
    }))
}

fn refuse(req: &HttpRequest, status: StatusCode, code: Code, text: Text) -> HttpResponse {
    let notice = Notice {
        status,
        code,
        title: Wording::Known(Text::LinkTitle),
        text: Wording::Known(text),
    };
    notice.respond(&Visitor::without_retry(req))
}
