//! The application's part in a sign-in: three moments, each of which may refuse.

use std::{
    fmt,
    future::{Future, ready},
};

use actix_web::HttpRequest;
use futures_util::future::LocalBoxFuture;

use crate::{
    account::{denied::Denied, new_user::NewUser, profile::Profile, user::User},
    graph::{profile::query, response::GraphError},
    http_client::HttpClient,
    settings::config::Settings,
    util::{log::readable_debug, secret::Secret},
};

/// What a hook may look at.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct HookContext<'a> {
    /// The request of the callback.
    pub request: &'a HttpRequest,
    /// The verified account.
    pub profile: &'a Profile,
    /// The access token, for requests to Graph that the scopes allow. Never log it.
    pub access_token: &'a Secret,
    pub(crate) http: &'a HttpClient,
    pub(crate) settings: &'a Settings,
}

impl fmt::Debug for HookContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let profile = self.profile;
        f.debug_struct("HookContext")
            .field("profile", profile)
            .finish_non_exhaustive()
    }
}

impl HookContext<'_> {
    /// Asks Graph for JSON with the access token: `GET` of a path below the setting `graph_url`, such
    /// as `/me/mailboxSettings`, within `graph_timeout` and 1 MB.
    ///
    /// # Errors
    /// Graph is unavailable, answers with another status than 200 (403: a scope is missing), or with
    /// other content than JSON.
    pub async fn graph(&self, path: &str) -> Result<serde_json::Value, GraphQueryError> {
        let response = query(self.http, self.settings, self.access_token, path).await;
        response.map_err(GraphQueryError)
    }
}

/// A hook's request to Graph failed. `Display` and the sources are for the log; they hold no token.
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct GraphQueryError(GraphError);

readable_debug!(GraphQueryError);

/// The moments of a sign-in in which an application can take part. By default each does nothing.
///
/// [`Denied::Refused`] ends the sign-in with a message for the person. Hooks run on the worker's
/// thread, before the response is sent: run work that blocks in [`actix_web::web::block`], and
/// bound the time of requests to others.
///
/// ```
/// use microsoft_sso::{Denied, HookContext, Hooks, NewUser};
///
/// struct OnlyEngineers;
///
/// impl Hooks for OnlyEngineers {
///     async fn before_validation(&self, context: HookContext<'_>) -> Result<(), Denied> {
///         if context.profile.app_roles.iter().any(|role| role == "Engineer") {
///             return Ok(());
///         }
///         Err(Denied::Refused("This is for engineers.".into()))
///     }
///
///     async fn before_creation(
///         &self,
///         _: HookContext<'_>,
///         user: &mut NewUser,
///     ) -> Result<(), Denied> {
///         user.username = user.username.replace("@contoso.com", "");
///         Ok(())
///     }
/// }
/// ```
pub trait Hooks: Send + Sync + 'static {
    /// The account is verified; the rules of the settings come next.
    fn before_validation(
        &self,
        context: HookContext<'_>,
    ) -> impl Future<Output = Result<(), Denied>> {
        let _ = context;
        ready(Ok(()))
    }

    /// The rules admit the account, and it has no user: change the user that is to be created, or
    /// link the account to an existing one ([`NewUser::existing`]).
    fn before_creation(
        &self,
        context: HookContext<'_>,
        user: &mut NewUser,
    ) -> impl Future<Output = Result<(), Denied>> {
        let _ = (context, user);
        ready(Ok(()))
    }

    /// The user exists; the session comes next.
    fn before_login(
        &self,
        context: HookContext<'_>,
        user: &User,
    ) -> impl Future<Output = Result<(), Denied>> {
        let _ = (context, user);
        ready(Ok(()))
    }
}

type HookFuture<'a> = LocalBoxFuture<'a, Result<(), Denied>>;

/// [`Hooks`] as a trait object.
pub(crate) trait DynHooks: Send + Sync {
    fn before_validation<'a>(&'a self, context: HookContext<'a>) -> HookFuture<'a>;

    fn before_creation<'a>(
        &'a self,
        context: HookContext<'a>,
        user: &'a mut NewUser,
    ) -> HookFuture<'a>;

    fn before_login<'a>(&'a self, context: HookContext<'a>, user: &'a User) -> HookFuture<'a>;
}

impl<T: Hooks> DynHooks for T {
    fn before_validation<'a>(&'a self, context: HookContext<'a>) -> HookFuture<'a> {
        Box::pin(Hooks::before_validation(self, context))
    }

    fn before_creation<'a>(
        &'a self,
        context: HookContext<'a>,
        user: &'a mut NewUser,
    ) -> HookFuture<'a> {
        Box::pin(Hooks::before_creation(self, context, user))
    }

    fn before_login<'a>(&'a self, context: HookContext<'a>, user: &'a User) -> HookFuture<'a> {
        Box::pin(Hooks::before_login(self, context, user))
    }
}
