//! Signing out from an application's own handler.

use actix_session::SessionExt;
use actix_web::{Error, HttpRequest};

use super::{attempts::attempt_cookies, extract::Sso, outbox::Outbox, wiring::check_sessions};
use crate::{
    session::identity::{self, Identity},
    sign_in::audit,
};

/// Signs the user of a request out, as `POST /microsoft_sso/logout/` does: ends the session, in its
/// store too, removes the plugin's cookies, and writes the audit event. Returns who was signed in.
///
/// Call it only for a request that your own pages post: it doesn't check the origin.
///
/// ```
/// use actix_web::{HttpRequest, HttpResponse, Responder, post};
///
/// #[post("/goodbye")]
/// async fn goodbye(req: HttpRequest) -> actix_web::Result<impl Responder> {
///     microsoft_sso::sign_out(&req)?;
///     Ok(HttpResponse::SeeOther().insert_header(("Location", "/")).finish())
/// }
/// ```
///
/// # Errors
/// The plugin's state is not in app data, or there is no session middleware (500), or the request
/// is for no site of the settings (421).
pub fn sign_out(req: &HttpRequest) -> Result<Option<Identity>, Error> {
    let sso = Sso::for_request(req)?;
    check_sessions(req)?;
    let session = req.get_session();
    let identity = sso.identity(&session);
    identity::end(&session);
    if let Some(identity) = &identity {
        audit::signed_out_here(identity);
    }
    let removals = attempt_cookies(req, &sso).removals().collect::<Vec<_>>();
    Outbox::change(req, |outbox| outbox.cookies.extend(removals));
    Ok(identity)
}
