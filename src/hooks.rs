//! What an application can add to a sign-in: three moments, each of which may refuse.

use actix_web::HttpRequest;
use futures_util::future::LocalBoxFuture;

use crate::{
    account::{Denied, NewUser, Profile},
    entra::{
        graph::{self, GraphError},
        http::HttpClient,
    },
    secret::Secret,
    settings::Settings,
    store::User,
};

/// What a hook is given to decide by.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct HookContext<'a> {
    /// The request of the callback.
    pub request: &'a HttpRequest,
    /// The verified person.
    pub profile: &'a Profile,
    /// The access token, for questions to Graph that the scopes allow. Never log it.
    pub access_token: &'a Secret,
    pub(crate) http: &'a HttpClient,
    pub(crate) settings: &'a Settings,
}

impl HookContext<'_> {
    /// Asks Graph for JSON with the person's access token: `GET` of a path below the setting
    /// `graph_url`, such as `/me/mailboxSettings`, within `graph_timeout` and 1 MB.
    ///
    /// # Errors
    /// Graph gave no answer, another one than 200 (403: a scope is missing), or no JSON.
    pub async fn graph(&self, path: &str) -> Result<serde_json::Value, GraphQueryError> {
        let answer = graph::query(self.http, self.settings, self.access_token, path).await;
        answer.map_err(GraphQueryError)
    }
}

/// Graph could not be asked by a hook. `Display` and the sources are for the log; they hold no
/// token.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct GraphQueryError(GraphError);

/// The answer of a hook. [`Denied::Refused`] ends the sign-in with a message for the person.
pub type HookResult<'a> = LocalBoxFuture<'a, Result<(), Denied>>;

/// Moments of a sign-in that an application can take part in. Each has a body that does nothing.
///
/// They run before the person's answer is sent, within the sign-in, on the worker's thread; work
/// that blocks belongs into [`actix_web::web::block`], and what asks others should end in time.
///
/// ```
/// use microsoft_sso::{Denied, HookContext, HookResult, Hooks, NewUser};
///
/// struct OnlyEngineers;
///
/// impl Hooks for OnlyEngineers {
///     fn before_validation<'a>(&'a self, context: HookContext<'a>) -> HookResult<'a> {
///         Box::pin(async move {
///             match context.profile.email.as_deref() {
///                 Some(email) if email.starts_with("eng-") => Ok(()),
///                 _ => Err(Denied::Refused("This is for engineers.".into())),
///             }
///         })
///     }
///
///     fn before_creation<'a>(&'a self, _: HookContext<'a>, user: &'a mut NewUser) -> HookResult<'a> {
///         user.username = user.username.replace("@contoso.com", "");
///         Box::pin(async { Ok(()) })
///     }
/// }
/// ```
pub trait Hooks: Send + Sync + 'static {
    /// The person is verified; the rules of the settings come after this.
    fn before_validation<'a>(&'a self, _context: HookContext<'a>) -> HookResult<'a> {
        Box::pin(async { Ok(()) })
    }

    /// The rules let the person in, and they are new: the user that is about to be created may be
    /// changed, or replaced by one who is there already ([`NewUser::existing`]).
    fn before_creation<'a>(
        &'a self,
        _context: HookContext<'a>,
        _user: &'a mut NewUser,
    ) -> HookResult<'a> {
        Box::pin(async { Ok(()) })
    }

    /// The user is there; they are signed in after this.
    fn before_login<'a>(&'a self, _context: HookContext<'a>, _user: &'a User) -> HookResult<'a> {
        Box::pin(async { Ok(()) })
    }
}

/// No hooks.
impl Hooks for () {}
