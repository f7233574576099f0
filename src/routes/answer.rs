//! What Entra answers to the authorization request, by either response mode, and
//! `POST callback/`, where it comes as a form.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{self, Form},
};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::{parameter, redirect, refused, switched_off};
use crate::{
    attempt::State, error::SignInError, extract::Sso, guard::is_navigation, origin, page,
    settings::ResponseMode,
};

/// Entra's answer, not verified.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) code: Option<String>,
    pub(super) error: Option<String>,
    pub(super) error_description: Option<String>,
}

/// The form that the browser brings from Entra (OAuth 2.0 Form Post Response Mode, section 2).
#[derive(Deserialize)]
pub(crate) struct Posted {
    state: Option<String>,
    #[serde(flatten)]
    answer: Answer,
}

impl Answer {
    /// The answer that a callback's URL holds: as it is, or sealed by [`posted`]. What came by
    /// the other response mode isn't read.
    pub(super) fn of(req: &HttpRequest, sso: &Sso) -> Self {
        match sso.site.config.response_mode {
            ResponseMode::Query => Self {
                code: parameter(req, "code"),
                error: parameter(req, "error"),
                error_description: parameter(req, "error_description"),
            },
            ResponseMode::FormPost => Self::unsealed(req, sso).unwrap_or_default(),
        }
    }

    fn unsealed(req: &HttpRequest, sso: &Sso) -> Option<Self> {
        let purpose = purpose(sso, &parameter(req, "state")?);
        let plain = sso.sealer.open(&purpose, &parameter(req, "answer")?)?;
        serde_json::from_slice(&plain).ok()
    }
}

/// An answer is sealed for one `state`, and so for one attempt.
fn purpose(sso: &Sso, state: &str) -> String {
    sso.site.purpose(&format!("answer {state}"))
}

/// `POST callback/`, with `response_mode = "form_post"`: goes on to `GET callback/` with the answer
/// sealed.
///
/// The browser sends no `SameSite=Lax` cookie with a form that another site posts, so here it can't
/// be told whose sign-in this is; with the request that follows it does. Nothing else happens here:
/// the code is redeemed there, for the browser that began alone. The code is in no URL, and the
/// person's session, which a cookie for cross-site use would not bring along, is kept.
pub(crate) async fn posted(
    req: HttpRequest,
    sso: Sso,
    form: Result<Form<Posted>, actix_web::Error>,
) -> HttpResponse {
    if !sso.site.config.enabled {
        return switched_off(&req);
    }
    if sso.site.config.response_mode != ResponseMode::FormPost {
        tracing::warn!(
            code = "form_post_off",
            "a callback was posted, and `response_mode` is `query`"
        );
        let text = "This sign-in came back in a way that is switched off. Please sign in again.";
        let status = StatusCode::METHOD_NOT_ALLOWED;
        return page::notice(is_navigation(&req), status, "form_post_off", text);
    }
    let sealed = form.ok().and_then(|Form(Posted { state, answer })| {
        let state = state?;
        // Only what this application began is answered.
        State::open(&sso.sealer, &sso.site, &state)?;
        let plain = serde_json::to_vec(&answer).ok()?;
        let sealed = sso.sealer.seal(&purpose(&sso, &state), &plain).ok()?;
        Some((state, sealed))
    });
    let Some((state, answer)) = sealed else {
        return refused(&req, &sso, &SignInError::State);
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("state", &state)
        .append_pair("answer", &answer)
        .finish();
    let to = format!("{}/callback/?{query}", origin::scope_path(&req));
    redirect(StatusCode::SEE_OTHER, &to, None)
}

/// Both methods of the callback.
pub(crate) fn resource() -> actix_web::Resource {
    web::resource(["/callback/", "/callback"])
        .route(web::get().to(super::callback::callback))
        .route(web::post().to(posted))
}
