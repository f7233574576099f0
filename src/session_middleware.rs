//! The session middleware with a clear answer for the time that its store is away.

use actix_session::{
    SessionMiddleware,
    storage::{SaveError, SessionStore, UpdateError},
};
use actix_web::{
    Error, HttpResponse, ResponseError,
    body::MessageBody,
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
    error::InternalError,
    http::StatusCode,
};
use futures_util::future::LocalBoxFuture;

use crate::{guard, page};

/// Made by [`MicrosoftSso::session_middleware`](crate::MicrosoftSso::session_middleware): the
/// stock [`SessionMiddleware`], which answers an empty 500 when its store fails, around which the
/// person gets a page that says so (503, with `Retry-After`) and the operator the reason.
pub struct SsoSessionMiddleware<S: SessionStore>(SessionMiddleware<S>);

impl<S: SessionStore> SsoSessionMiddleware<S> {
    pub(crate) fn new(inner: SessionMiddleware<S>) -> Self {
        Self(inner)
    }
}

/// The service behind [`SsoSessionMiddleware`].
#[doc(hidden)]
pub struct SsoSessionService<T> {
    inner: T,
}

type Inner<St, S> = <SessionMiddleware<St> as Transform<S, ServiceRequest>>::Transform;
type Making<St, S> = <SessionMiddleware<St> as Transform<S, ServiceRequest>>::Future;

impl<St, S, B> Transform<S, ServiceRequest> for SsoSessionMiddleware<St>
where
    St: SessionStore + 'static,
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
    SessionMiddleware<St>:
        Transform<S, ServiceRequest, Response = ServiceResponse<B>, Error = Error, InitError = ()>,
    Making<St, S>: 'static,
    Inner<St, S>: 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = SsoSessionService<Inner<St, S>>;
    type InitError = ();
    type Future = LocalBoxFuture<'static, Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let made = self.0.new_transform(service);
        Box::pin(async move { made.await.map(|inner| SsoSessionService { inner }) })
    }
}

impl<T, B> Service<ServiceRequest> for SsoSessionService<T>
where
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    T::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(inner);

    fn call(&self, req: ServiceRequest) -> Self::Future {
        let is_navigation = guard::is_navigation(req.request());
        let served = self.inner.call(req);
        Box::pin(async move {
            served.await.map_err(|error| match is_of_the_store(&error) {
                true => {
                    let reason = crate::error::printable(&error.to_string());
                    tracing::error!(code = "session_store_failed", %reason, "sessions can't be read or written");
                    SessionsAway { is_navigation }.into()
                }
                false => error,
            })
        })
    }
}

/// The errors that the stock middleware makes of its store's: of these types, and nobody else's.
fn is_of_the_store(error: &Error) -> bool {
    error.as_error::<InternalError<anyhow::Error>>().is_some()
        || error.as_error::<InternalError<SaveError>>().is_some()
        || error.as_error::<InternalError<UpdateError>>().is_some()
}

#[derive(Debug, thiserror::Error)]
#[error("the session store can't be used")]
struct SessionsAway {
    is_navigation: bool,
}

impl ResponseError for SessionsAway {
    fn status_code(&self) -> StatusCode {
        StatusCode::SERVICE_UNAVAILABLE
    }

    fn error_response(&self) -> HttpResponse {
        let text = "The application can't look up who is signed in at the moment. Please try again in a few minutes.";
        page::notice(
            self.is_navigation,
            self.status_code(),
            "session_store_failed",
            text,
        )
    }
}
