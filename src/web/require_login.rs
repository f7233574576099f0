//! The middleware for pages that need a signed-in user.

use actix_web::{
    Error, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};

use super::{
    extract::Sso, login_required::LoginRequired, request::is_own_endpoint, wiring::check_sessions,
};

/// Middleware that admits only signed-in users:
/// `.wrap(actix_web::middleware::from_fn(microsoft_sso::require_login))`.
///
/// A browser is redirected to sign in, and returns to the page it asked for. An API client (a
/// `Sec-Fetch-Mode` other than `navigate`, or an `Accept` of JSON and not HTML) gets 401 and JSON
/// with the URL to sign in at. The plugin's own endpoints are always admitted, so it may guard a
/// whole App; `.wrap(sso.sessions())` comes after it.
///
/// It reads the session alone. [`CurrentUser`](crate::CurrentUser) also refuses a user who was set
/// inactive.
///
/// # Errors
/// The plugin's state is not in app data, or there is no session middleware around it (500), and
/// whatever the wrapped service answers.
pub async fn require_login(
    mut req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    if !is_own_endpoint(req.request()) {
        let sso = req.extract::<Sso>().await?;
        check_sessions(req.request())?;
        let session = req.extract::<actix_session::Session>().await?;
        if sso.identity(&session).is_none() {
            let required = LoginRequired::new(req.request()).redirecting(req.request());
            let response = required.error_response();
            return Ok(req.into_response(response).map_into_right_body());
        }
    }
    let served = next.call(req).await;
    served.map(ServiceResponse::map_into_left_body)
}
