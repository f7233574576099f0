//! The session middleware: actix-session's, with the right cookie, a clear page while its store is
//! unavailable, and the additions of [`Outbox`] to the response.

#[cfg(feature = "_diesel")]
use std::sync::Arc;
use std::{any::TypeId, cell::RefCell, fmt, future::ready, rc::Rc, sync::atomic::Ordering};

use actix_session::{
    SessionMiddleware,
    config::{CookieContentSecurity, PersistentSession},
    storage::{CookieSessionStore, SessionStore},
};
use actix_web::{
    Error, HttpMessage, ResponseError,
    body::MessageBody,
    cookie::{SameSite, time},
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
    http::header::{HeaderMap, HeaderValue, SET_COOKIE},
    web::Data,
};
use futures_util::future::LocalBoxFuture;

#[cfg(feature = "_diesel")]
use super::recheck::CheckedRequest;
use super::{
    messages::MessageCookie,
    origin,
    outbox::Outbox,
    session_cookie::SessionCookie,
    session_outage::SessionStoreUnavailable,
    session_store::{GuardedStore, Update},
    visitor::Visitor,
    wiring::SessionWiring,
};
#[cfg(feature = "_diesel")]
use crate::{
    session::{
        diesel::{DieselSessions, Users},
        written,
    },
    store::diesel::DieselStore,
};
use crate::{
    settings::codes::Code,
    site::Site,
    sso::MicrosoftSso,
    util::{cookies::Transport, log::printable},
};

impl MicrosoftSso {
    /// The middleware for sessions in the database of the user store. Make it the App's last
    /// `.wrap`, so that it runs before all others.
    ///
    /// The cookie is `HttpOnly`, `SameSite=Lax` (Microsoft's redirect would not bring a `Strict`
    /// one), over https `Secure` and named `__Host-…`, lives for `session_age`, and is sealed with a
    /// key derived from `secret_key`. While the database is unavailable, people get a page that
    /// says so (503). The session also holds the application's own values
    /// ([`actix_session::Session`](crate::actix_session::Session)).
    #[cfg(feature = "_diesel")]
    pub fn sessions(&self) -> Sessions<DieselSessions> {
        let database = self.store.session_database();
        let users = if self.store.is_session_database() {
            Users::SameDatabase
        } else {
            Users::Elsewhere
        };
        let store = DieselSessions::in_database(database, users, &self.sealer, &self.clock);
        let wiring = if !store.has_database() {
            SessionWiring::NoDatabase
        } else if users == Users::SameDatabase {
            SessionWiring::WithUsers(Arc::new(store.clone()))
        } else {
            SessionWiring::Ready
        };
        self.middleware(GuardedStore::new(store, Update::Plain), wiring)
    }

    /// The middleware for sessions in a store of your choice, such as Redis or a cookie; otherwise
    /// as [`sessions`](Self::sessions).
    ///
    /// With [`CookieSessionStore`], oversized access tokens are dropped with a log line; the sign-in
    /// still succeeds.
    pub fn sessions_in<S: SessionStore + 'static>(&self, store: S) -> Sessions<S> {
        if TypeId::of::<S>() == TypeId::of::<CookieSessionStore>() {
            let is_first = !self.has_cookie_sessions.swap(true, Ordering::Relaxed);
            let saves_token = |site: &Site| site.config.save_access_token;
            if is_first && self.sites.known().any(saves_token) {
                tracing::warn!(
                    "`save_access_token` is on and sessions are kept in a cookie: most access tokens are too large for one and will not be saved; use a server-side session store"
                );
            }
        }
        let store = GuardedStore::new(store, Update::AfterLoad);
        self.middleware(store, SessionWiring::Ready)
    }

    fn middleware<S: SessionStore + 'static>(
        &self,
        store: GuardedStore<S>,
        wiring: SessionWiring,
    ) -> Sessions<S> {
        let age = time::Duration::try_from(self.session_age);
        let age = age.unwrap_or(time::Duration::MAX);
        let inner = SessionMiddleware::builder(store, self.session_key.key.clone())
            .cookie_name(self.session_key.inner_name.clone())
            .cookie_path("/".to_owned())
            .cookie_http_only(true)
            .cookie_same_site(SameSite::Lax)
            // Added where the browser comes by https.
            .cookie_secure(false)
            .cookie_content_security(CookieContentSecurity::Private)
            .session_lifecycle(PersistentSession::default().session_ttl(age))
            .build();
        Sessions { inner, wiring }
    }
}

#[cfg(feature = "_diesel")]
impl DieselSessions {
    /// Sessions in a database, for [`MicrosoftSso::sessions_in`].
    pub fn new(database: &DieselStore, sso: &MicrosoftSso) -> Self {
        Self::in_database(Some(database), Users::Elsewhere, &sso.sealer, &sso.clock)
    }
}

/// The session middleware that [`MicrosoftSso::sessions`] and [`MicrosoftSso::sessions_in`] make.
#[must_use]
pub struct Sessions<S: SessionStore> {
    inner: SessionMiddleware<GuardedStore<S>>,
    wiring: SessionWiring,
}

impl<S: SessionStore> fmt::Debug for Sessions<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

type Inner<St, S> =
    <SessionMiddleware<GuardedStore<St>> as Transform<Marked<S>, ServiceRequest>>::Transform;
type Making<St, S> =
    <SessionMiddleware<GuardedStore<St>> as Transform<Marked<S>, ServiceRequest>>::Future;

impl<St, S, B> Transform<S, ServiceRequest> for Sessions<St>
where
    St: SessionStore + 'static,
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
    SessionMiddleware<GuardedStore<St>>: Transform<
            Marked<S>,
            ServiceRequest,
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        >,
    Making<St, S>: 'static,
    Inner<St, S>: 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = SessionsService<Inner<St, S>>;
    type InitError = ();
    type Future = LocalBoxFuture<'static, Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let service = Rc::new(service);
        let making = self.inner.new_transform(Marked { service });
        let wiring = self.wiring.clone();
        Box::pin(async move { making.await.map(|inner| SessionsService { inner, wiring }) })
    }
}

/// The service behind [`Sessions`].
#[doc(hidden)]
pub struct SessionsService<T> {
    inner: T,
    wiring: SessionWiring,
}

impl<T> fmt::Debug for SessionsService<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionsService").finish_non_exhaustive()
    }
}

impl<T, B> Service<ServiceRequest> for SessionsService<T>
where
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    T::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(inner);

    fn call(&self, mut req: ServiceRequest) -> Self::Future {
        // A store that fails takes the request with it.
        let visitor = Visitor::of_any_page(req.request());
        // Without app data nobody signs in, and the log says so there.
        let sso = req.app_data::<Data<MicrosoftSso>>().cloned();
        let transport = match &sso {
            Some(sso) => origin::transport(req.request(), sso),
            None => Transport::Http,
        };
        let names = sso.as_ref().map(|sso| SessionCookie::new(sso, transport));
        if let (Some(names), Some(sso)) = (&names, &sso)
            && let Err(error) = names.receive(&mut req, sso)
        {
            return Box::pin(ready(Err(error.into())));
        }
        req.extensions_mut().insert(self.wiring.clone());
        let served = self.inner.call(req);
        #[cfg(feature = "_diesel")]
        let served = written::with_place(served);
        Box::pin(async move {
            match served.await {
                Ok(mut response) => {
                    if let Some(names) = &names {
                        names.send(response.headers_mut());
                    }
                    if let Some(outbox) = Outbox::take(response.request()) {
                        // Few pages have messages, so their cookie is looked up for those alone.
                        let messages =
                            sso.map(|sso| MessageCookie::for_request(response.request(), &sso));
                        deliver(outbox, messages.as_ref(), response.headers_mut());
                    }
                    Ok(response)
                }
                Err(error) => Err(application_error(error, visitor)),
            }
        })
    }
}

/// Adds the outbox of a request to the headers of its response.
fn deliver(mut outbox: Outbox, messages: Option<&MessageCookie>, headers: &mut HeaderMap) {
    let message_cookie = match messages {
        Some(cookie) if !outbox.messages.is_empty() => cookie.write(&outbox.messages),
        Some(cookie) if outbox.messages_read => Some(cookie.removal()),
        _ => None,
    };
    outbox.cookies.extend(message_cookie);
    for cookie in outbox.cookies {
        if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
            headers.append(SET_COOKIE, value);
        }
    }
}

/// The application's service, whose errors are marked: all others are the session store's.
#[doc(hidden)]
pub struct Marked<S> {
    service: Rc<S>,
}

impl<S> fmt::Debug for Marked<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Marked")
    }
}

/// An error of the application, on its way through the session middleware.
#[derive(Debug)]
struct ApplicationError(RefCell<Option<Error>>);

impl fmt::Display for ApplicationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error of the application")
    }
}

impl ResponseError for ApplicationError {}

impl<S, B> Service<ServiceRequest> for Marked<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(service);

    fn call(&self, req: ServiceRequest) -> Self::Future {
        let marked = |error| ApplicationError(RefCell::new(Some(error))).into();
        #[cfg(feature = "_diesel")]
        if let Some(checked) = CheckedRequest::new(req.request()) {
            let service = Rc::clone(&self.service);
            return Box::pin(async move {
                if !checked.is_known(req.request()) {
                    checked.check(req.request()).await;
                }
                let served = service.call(req).await;
                checked.after().await;
                served.map_err(marked)
            });
        }
        let served = self.service.call(req);
        Box::pin(async move { served.await.map_err(marked) })
    }
}

/// The application's own error; or the page for a session store that is unavailable.
fn application_error(error: Error, visitor: Visitor) -> Error {
    let own = error.as_error::<ApplicationError>();
    if let Some(own) = own.and_then(|own| own.0.take()) {
        return own;
    }
    let reason = printable(&error.to_string());
    tracing::error!(code = Code::SessionStoreFailed.as_str(), %reason, "sessions can't be read or written");
    SessionStoreUnavailable::new(visitor).into()
}
