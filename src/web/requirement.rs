//! Middleware for pages that need more than a signed-in user: a role, a right, a fresh or a stronger
//! sign-in.

use std::{rc::Rc, time::Duration};

use actix_session::SessionExt;
use actix_web::{
    Error, HttpRequest, HttpResponse, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
    http::StatusCode,
};
use futures_util::future::{LocalBoxFuture, Ready, ready};

use super::{
    current_user::CurrentUser, extract::Sso, login_required::LoginRequired, notice::Notice,
    request::is_own_endpoint, visitor::Visitor, wiring::check_sessions,
};
use crate::{
    account::user::UserId,
    session::identity::Identity,
    settings::{
        codes::Code,
        texts::{Text, Wording},
    },
    sign_in::ask::{Ask, Demand, is_auth_context},
    util::log::printable,
};

/// Middleware that admits only users who meet a requirement, for `.wrap(…)` on a scope or an App. The
/// functions that begin with `require_` make it; [`require_login`](crate::require_login) is for whoever is
/// signed in.
///
/// Nobody signed in: a browser is redirected to sign in and comes back, an API client gets 401 with the URL
/// to sign in at. Who is signed in and doesn't meet it gets 403: a page, or JSON
/// (`{"error": "forbidden", "message": …}`). The plugin's own endpoints are always admitted, so it may
/// guard a whole App; `.wrap(sso.sessions())` comes after it.
#[derive(Clone, Debug)]
#[must_use]
pub struct Requirement(Kind);

#[derive(Clone, Debug)]
enum Kind {
    CurrentUser,
    Staff,
    Superuser,
    Role(Rc<str>),
    Fresh(Duration),
    AuthContext(Rc<str>),
}

/// Admits users who are there and active: it asks the store, as [`CurrentUser`] does, which the handler
/// then has at no further cost.
///
/// ```
/// use actix_web::{App, web};
/// use microsoft_sso::{CurrentUser, require_current_user};
///
/// async fn orders(user: CurrentUser) -> String {
///     user.username.clone()
/// }
///
/// let scope = web::scope("/orders").wrap(require_current_user()).route("", web::get().to(orders));
/// App::new().service(scope);
/// ```
pub fn require_current_user() -> Requirement {
    Requirement(Kind::CurrentUser)
}

/// Admits users with `is_staff`, as stored now.
pub fn require_staff() -> Requirement {
    Requirement(Kind::Staff)
}

/// Admits users with `is_superuser`, as stored now.
pub fn require_superuser() -> Requirement {
    Requirement(Kind::Superuser)
}

/// Admits users with a role of the setting `roles`. It reads the session alone: the role is that of the
/// sign-in, or of the last check with the setting `recheck`.
///
/// ```
/// # use actix_web::{App, web};
/// App::new().service(web::scope("/articles").wrap(microsoft_sso::require_role("editor")));
/// ```
pub fn require_role(name: &str) -> Requirement {
    Requirement(Kind::Role(name.into()))
}

/// Admits users who entered their credentials at Microsoft lately: not longer ago than `age`. All others
/// are sent there to do so (`prompt=login`), and come back. The time is `auth_time`, an optional claim of
/// the ID token; without it, that of the sign-in here. Add the claim to the app registration: without it
/// nothing proves that Microsoft asked.
///
/// ```
/// # use std::time::Duration;
/// # use actix_web::{App, web};
/// let fresh = microsoft_sso::require_fresh(Duration::from_secs(300));
/// App::new().service(web::scope("/payments").wrap(fresh));
/// ```
pub fn require_fresh(age: Duration) -> Requirement {
    Requirement(Kind::Fresh(age))
}

/// Admits users whose sign-in satisfied a Conditional Access authentication context of the tenant (`c1` to
/// `c99`). All others are sent to Microsoft to satisfy it, and come back. It needs the optional claim
/// `acrs` in the ID token, and Entra ID P1 (Microsoft identity platform, "Developer guide to Conditional
/// Access authentication context").
///
/// ```
/// # use actix_web::{App, web};
/// App::new().service(web::scope("/payroll").wrap(microsoft_sso::require_auth_context("c1")));
/// ```
///
/// # Panics
/// The context isn't 1 to 16 letters and digits.
pub fn require_auth_context(context: &str) -> Requirement {
    assert!(
        is_auth_context(context),
        "microsoft_sso::require_auth_context takes the id of an authentication context, such as `c1`: {context}"
    );
    Requirement(Kind::AuthContext(context.into()))
}

/// What a request lacks.
enum Lack {
    Login(LoginRequired),
    Right { user: UserId, lacks: String },
    Failed(Error),
}

impl Kind {
    async fn check(&self, req: &HttpRequest) -> Result<(), Lack> {
        match self {
            Self::CurrentUser => current_user(req).await.map(drop),
            Self::Staff => {
                let user = current_user(req).await?;
                right(&user.id, "is_staff", user.is_staff)
            }
            Self::Superuser => {
                let user = current_user(req).await?;
                right(&user.id, "is_superuser", user.is_superuser)
            }
            Self::Role(role) => {
                let (_, identity) = identity(req)?;
                let name = format!("the role {role}");
                right(&identity.user_id, &name, identity.has_role(role))
            }
            Self::Fresh(age) => {
                let (sso, identity) = identity(req)?;
                let at = identity.authenticated_at.unwrap_or(identity.signed_in_at);
                let is_fresh = (sso.clock.now() - at)
                    .to_std()
                    .is_ok_and(|since| since <= *age);
                // A clock that is behind Microsoft's makes no sign-in stale.
                let is_ahead = sso.clock.now() < at;
                demand(req, (&sso, &identity), is_fresh || is_ahead, || Demand {
                    fresh: true,
                    auth_context: None,
                })
            }
            Self::AuthContext(context) => {
                let (sso, identity) = identity(req)?;
                let has = identity.auth_contexts.iter().any(|had| **had == **context);
                demand(req, (&sso, &identity), has, || Demand {
                    fresh: false,
                    auth_context: Some(context.to_string()),
                })
            }
        }
    }
}

fn right(user: &UserId, name: &str, has: bool) -> Result<(), Lack> {
    if has {
        return Ok(());
    }
    Err(Lack::Right {
        user: user.clone(),
        lacks: name.to_owned(),
    })
}

fn demand(
    req: &HttpRequest,
    (sso, identity): (&Sso, &Identity),
    is_met: bool,
    demand: impl FnOnce() -> Demand,
) -> Result<(), Lack> {
    if is_met {
        return Ok(());
    }
    let ask = Ask::demand(demand());
    Err(Lack::Login(LoginRequired::asking(
        req,
        sso,
        &identity.user_id,
        &ask,
    )))
}

fn identity(req: &HttpRequest) -> Result<(Sso, Identity), Lack> {
    let sso = Sso::for_request(req).map_err(Lack::Failed)?;
    check_sessions(req).map_err(|error| Lack::Failed(error.into()))?;
    match sso.identity(&req.get_session()) {
        Some(identity) => Ok((sso, identity)),
        None => Err(Lack::Login(LoginRequired::new(req))),
    }
}

async fn current_user(req: &HttpRequest) -> Result<CurrentUser, Lack> {
    CurrentUser::read(req).await.map_err(|error| {
        if error.as_error::<LoginRequired>().is_some() {
            Lack::Login(LoginRequired::new(req))
        } else {
            Lack::Failed(error)
        }
    })
}

impl Lack {
    fn response(self, req: &HttpRequest) -> Result<HttpResponse, Error> {
        match self {
            Self::Login(required) => Ok(required.redirecting(req).error_response()),
            Self::Failed(error) => Err(error),
            Self::Right { user, lacks } => {
                tracing::info!(
                    code = Code::Forbidden.as_str(),
                    %user,
                    path = printable(req.path()),
                    lacks,
                    "a signed-in user was refused a page"
                );
                let notice = Notice {
                    status: StatusCode::FORBIDDEN,
                    code: Code::Forbidden,
                    title: Wording::Known(Text::ForbiddenTitle),
                    text: Wording::Known(Text::Forbidden),
                };
                Ok(notice.respond(&Visitor::without_retry(req)))
            }
        }
    }
}

impl<S, B> Transform<S, ServiceRequest> for Requirement
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = RequirementService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(RequirementService {
            service: Rc::new(service),
            kind: self.0.clone(),
        }))
    }
}

/// The service behind [`Requirement`].
#[doc(hidden)]
#[derive(Debug)]
pub struct RequirementService<S> {
    service: Rc<S>,
    kind: Kind,
}

impl<S, B> Service<ServiceRequest> for RequirementService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(service);

    fn call(&self, req: ServiceRequest) -> Self::Future {
        let (service, kind) = (Rc::clone(&self.service), self.kind.clone());
        Box::pin(async move {
            let is_open = is_own_endpoint(req.request());
            if !is_open && let Err(lack) = kind.check(req.request()).await {
                let response = lack.response(req.request())?;
                return Ok(req.into_response(response).map_into_right_body());
            }
            service
                .call(req)
                .await
                .map(ServiceResponse::map_into_left_body)
        })
    }
}
