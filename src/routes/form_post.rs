//! `POST callback/`, with `response_mode = "form_post"`: goes on to `GET callback/` with the response
//! sealed.
//!
//! A browser sends no `SameSite=Lax` cookie with a form that another site posts, so this request
//! can't be tied to an attempt; the redirect that follows can. Nothing else happens here: the code is
//! redeemed there, and only for the browser that began. No URL holds the code in the clear, and the
//! user's session, which a cookie for cross-site use would not bring along, is kept.

use actix_web::{Error, HttpRequest, HttpResponse, http::StatusCode, web::Form};
use serde::Deserialize;

use crate::{
    settings::{
        choices::ResponseMode,
        codes::Code,
        texts::{Text, Wording},
    },
    sign_in::{
        authorization_response::AuthorizationResponse,
        error::SignInError,
        state::{State, StateNext},
    },
    util::{crypto::CryptoError, query},
    web::{
        callback_site::callback_site,
        extract::Sso,
        notice::Notice,
        origin,
        respond::{fits, redirect_to_failure_page, redirect_within, switched_off},
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
    form: Result<Form<FormPostBody>, Error>,
) -> Result<HttpResponse, Error> {
    let form = form.ok().map(Form::into_inner);
    let given = form.as_ref().and_then(|form| form.state.as_deref());
    let (sso, state) = callback_site(&req, given)?;
    if !sso.site.config.enabled {
        return Ok(switched_off(&req));
    }
    if sso.site.config.response_mode != ResponseMode::FormPost {
        tracing::warn!(
            code = Code::FormPostOff.as_str(),
            "a callback was posted, and `response_mode` is `query`"
        );
        let notice = Notice {
            status: StatusCode::METHOD_NOT_ALLOWED,
            code: Code::FormPostOff,
            title: Wording::Known(Text::FormPostOffTitle),
            text: Wording::Known(Text::FormPostOff),
        };
        return Ok(notice.respond(&Visitor::for_request(&req)));
    }
    let onward = match (&form, state, given) {
        (Some(form), Some(state), Some(given)) => {
            if let Err(error) = form.response.check_issuer(&sso.site) {
                return Ok(redirect_to_failure_page(&req, &sso, &error));
            }
            go_on(&req, &sso, &form.response, state, given).ok()
        }
        _ => None,
    };
    Ok(onward.unwrap_or_else(|| redirect_to_failure_page(&req, &sso, &SignInError::State)))
}

/// Goes on with `state`, and the response sealed for it. Where they don't fit into one header, `next`
/// loses its query.
fn go_on(
    req: &HttpRequest,
    sso: &Sso,
    response: &AuthorizationResponse,
    mut state: State,
    given: &str,
) -> Result<HttpResponse, CryptoError> {
    let with = |state: &str| {
        let answer = response.seal(state, &sso.sealer, &sso.site)?;
        let query = query::build(&[("state", state), ("answer", &answer)]);
        let to = format!("{}/callback/?{query}", origin::scope_path(req));
        Ok(redirect_within(sso, &to, None))
    };
    let whole = with(given)?;
    if fits(&whole) {
        return Ok(whole);
    }
    tracing::debug!("the query of `next` was dropped: it doesn't fit beside the posted response");
    state.next = StateNext::Whole(state.next.join(None).without_query());
    with(state.seal(&sso.sealer)?.secret())
}
