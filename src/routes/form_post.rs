//! `POST callback/`, with `response_mode = "form_post"`: goes on to `GET callback/` with the response
//! sealed.
//!
//! A browser sends no `SameSite=Lax` cookie with a form that another site posts, so this request
//! can't be tied to an attempt; the redirect that follows can. Nothing else happens here: the code is
//! redeemed there, and only for the browser that began. No URL holds the code in the clear, and the
//! user's session, which a cookie for cross-site use would not bring along, is kept.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Form};
use serde::Deserialize;

use crate::{
    settings::{
        choices::ResponseMode,
        texts::{Text, Wording},
    },
    sign_in::{authorization_response::AuthorizationResponse, error::SignInError, state::State},
    util::query,
    web::{
        extract::Sso,
        notice::Notice,
        origin,
        respond::{redirect, redirect_to_failure_page, switched_off},
        visitor::Visitor,
    },
};

/// The form (OAuth 2.0 Form Post Response Mode, section 2).
#[derive(Deserialize)]
pub(super) struct FormPostBody {
    state: Option<String>,
    #[serde(flatten)]
    response: AuthorizationResponse,
}

pub(super) async fn form_post(
    req: HttpRequest,
    sso: Sso,
    form: Result<Form<FormPostBody>, actix_web::Error>,
) -> HttpResponse {
    if !sso.site.config.enabled {
        return switched_off(&req);
    }
    if sso.site.config.response_mode != ResponseMode::FormPost {
        tracing::warn!(
            code = "form_post_off",
            "a callback was posted, and `response_mode` is `query`"
        );
        let notice = Notice {
            status: StatusCode::METHOD_NOT_ALLOWED,
            code: "form_post_off",
            title: Wording::Known(Text::FormPostOffTitle),
            text: Wording::Known(Text::FormPostOff),
        };
        return notice.respond(&Visitor::for_request(&req));
    }
    let Some((state, answer)) = form.ok().and_then(|form| seal(&sso, form.into_inner())) else {
        return redirect_to_failure_page(&req, &sso, &SignInError::State);
    };
    let query = query::build(&[("state", &state), ("answer", &answer)]);
    let to = format!("{}/callback/?{query}", origin::scope_path(&req));
    redirect(StatusCode::SEE_OTHER, &to, None)
}

/// `state`, and the response sealed for it; `None` if this application didn't make the `state`.
fn seal(sso: &Sso, form: FormPostBody) -> Option<(String, String)> {
    let state = form.state?;
    State::open(&sso.sealer, &sso.site, &state)?;
    let sealed = form.response.seal(&state, &sso.sealer, &sso.site).ok()?;
    Some((state, sealed))
}
