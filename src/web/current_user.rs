//! Extractors for the application's handlers: who is signed in.

use std::{
    future::{Ready, ready},
    ops::Deref,
};

use actix_session::SessionExt;
use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    error::{ErrorNotFound, ErrorServiceUnavailable},
};
use futures_util::future::LocalBoxFuture;
use serde::{Serialize, Serializer};

use super::{extract::Sso, login_required::LoginRequired, wiring::check_sessions};
use crate::{
    account::user::{MicrosoftUser, User},
    session::identity::{self, Identity},
    store::error::StoreError,
    util::log::chain,
};

impl FromRequest for Identity {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(signed_in(req).map(|(_, identity)| identity))
    }
}

fn signed_in(req: &HttpRequest) -> Result<(Sso, Identity), Error> {
    let sso = Sso::for_request(req)?;
    check_sessions(req)?;
    match sso.identity(&req.get_session()) {
        Some(identity) => Ok((sso, identity)),
        None => Err(LoginRequired::new(req).into()),
    }
}

/// The signed-in user, read from the store once per request. As JSON it is the [`User`].
///
/// It answers 401 when nobody is signed in, or the user is gone, inactive, or signed out everywhere;
/// then it also ends the session. `Option<CurrentUser>` is `None` in these cases, and when the store is unavailable.
#[derive(Clone, Debug)]
pub struct CurrentUser {
    user: User,
    identity: Identity,
}

impl CurrentUser {
    /// Who signed in, as the session knows it.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The user alone.
    pub fn into_user(self) -> User {
        self.user
    }

    pub(super) async fn read(req: &HttpRequest) -> Result<Self, Error> {
        if let Some(user) = req.extensions().get::<Self>() {
            return Ok(user.clone());
        }
        let (sso, identity) = signed_in(req)?;
        let user = sso.store.find(&identity.user_id).await;
        let user = user.map_err(|error| unavailable(&error))?;
        // Sessions outside the database learn here that they have been ended.
        let is_current =
            |user: &User| user.is_active && user.session_generation == identity.generation;
        let Some(user) = user.filter(is_current) else {
            identity::end(&req.get_session());
            return Err(LoginRequired::new(req).into());
        };
        let user = Self { user, identity };
        req.extensions_mut().insert(user.clone());
        Ok(user)
    }
}

impl Deref for CurrentUser {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

impl Serialize for CurrentUser {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.user.serialize(serializer)
    }
}

impl FromRequest for CurrentUser {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { Self::read(&req).await })
    }
}

/// What `microsoft_sso_users` holds of the signed-in user.
///
/// It answers as [`CurrentUser`] when nobody is signed in, and 404 when nothing is stored of the
/// user (`save_basic_info = false`); `Option<MicrosoftUser>` is `None` in these cases.
impl FromRequest for MicrosoftUser {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let user = CurrentUser::read(&req).await?;
            let sso = Sso::for_request(&req)?;
            let found = sso.store.microsoft_user(&user.id).await;
            let found = found.map_err(|error| unavailable(&error))?;
            found.ok_or_else(|| ErrorNotFound("Nothing of Microsoft is stored of this user."))
        })
    }
}

fn unavailable(error: &StoreError) -> Error {
    tracing::error!(reason = %chain(error), "the signed-in user can't be read");
    ErrorServiceUnavailable("Please try again in a moment.")
}
