//! Sign users in with Microsoft Entra ID (Azure AD): an actix-web plugin with diesel persistence.
//!
//! # An application
//!
//! One builder, one `app_data`, one `configure`, one `wrap`:
//!
//! ```no_run
//! # #[cfg(feature = "sqlite")]
//! # mod app {
//! use actix_web::{App, HttpServer, Responder, get, web::Data};
//! use microsoft_sso::{Config, DieselStore, Identity, Messages, MicrosoftSso};
//!
//! #[get("/")]
//! async fn home(identity: Option<Identity>, messages: Messages) -> impl Responder {
//!     match identity {
//!         Some(identity) => format!("Hello {}", identity.first_name),
//!         None => messages.iter().map(|message| message.text()).collect(),
//!     }
//! }
//!
//! #[actix_web::main]
//! pub async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let config = Config::load()?;
//!     let store = DieselStore::connect("sqlite://app.sqlite3", &config)?;
//!     store.migrate()?;
//!     let sso = Data::new(MicrosoftSso::builder(config).store(store).build()?);
//!     HttpServer::new(move || {
//!         App::new()
//!             .app_data(sso.clone())
//!             .configure(microsoft_sso::config)
//!             .service(home)
//!             .wrap(sso.sessions())
//!     })
//!     .bind(("127.0.0.1", 8000))?
//!     .run()
//!     .await?;
//!     Ok(())
//! }
//! # }
//! # fn main() {}
//! ```
//!
//! `GET /microsoft_sso/login/?next=/reports` begins a sign-in, `GET /microsoft_sso/callback/` ends it,
//! `POST /microsoft_sso/logout/` signs out, and `GET /microsoft_sso/` is a login page.
//!
//! # The way of a sign-in
//!
//! The items of this crate in the order in which a sign-in meets them:
//!
//! 1. [`Config`] holds the settings; [`ConfigBuilder`] documents each.
//! 2. [`MicrosoftSso`] is the state that all workers share; [`config()`] mounts the endpoints;
//!    [`MicrosoftSso::sessions`] is the session middleware.
//! 3. [`require_login`], [`Button`] or a link lead the person to `login/`, and so to Entra.
//! 4. The callback redeems the code, verifies the ID token, and makes a [`Profile`] of its claims and
//!    of Graph's answers.
//! 5. [`Hooks`] are the application's part: before the rules, before a user is created, before the
//!    session.
//! 6. The [`UserStore`] carries out the [`SignIn`]: it finds the user by (`tid`, `oid`), asks
//!    [`SignIn::decide`], and writes. [`DieselStore`] is one.
//! 7. The session holds the [`Identity`]; [`CurrentUser`] and [`MicrosoftUser`] read the database.
//!    [`Messages`] tell the person why a sign-in failed ([`Denied`]).
//! 8. [`sign_out`] ends the session, [`MicrosoftSso::sign_out_everywhere`] all sessions of a user.
//!
//! # Protect a page
//!
//! ```
//! use actix_web::{App, middleware::from_fn, web};
//! use microsoft_sso::{Identity, require_login};
//!
//! async fn report(identity: Identity) -> String {
//!     format!("For {} only", identity.email)
//! }
//!
//! let app = App::new().service(
//!     web::scope("/reports").wrap(from_fn(require_login)).route("", web::get().to(report)),
//! );
//! ```
//!
//! # Read the user
//!
//! [`Identity`] is read from the session alone. [`CurrentUser`] is the row of `users` and refuses an
//! inactive user; [`MicrosoftUser`] is the row of `microsoft_sso_users`. All are JSON, too:
//!
//! ```
//! use actix_web::web::Json;
//! use microsoft_sso::{CurrentUser, MicrosoftUser};
//! use serde_json::{Value, json};
//!
//! async fn me(user: CurrentUser, microsoft: Option<MicrosoftUser>) -> Json<Value> {
//!     Json(json!({ "user": user, "microsoftssouser": microsoft }))
//! }
//! ```
//!
//! # Serve an API
//!
//! An extractor answers 401 as JSON with the `login_url`, and never redirects. [`require_login`] does
//! the same for clients that don't navigate (`Sec-Fetch-Mode`, `Accept`).
//!
//! Single-page apps, daemons and scripts bring an access token instead of a session: [`ApiCaller`].
//!
//! # Check roles
//!
//! ```
//! use actix_web::{App, web};
//! use microsoft_sso::{Config, require_role, require_staff};
//!
//! let config = Config::builder().roles(["editor=App.Editor"]).staff_roles(["App.Staff"]);
//!
//! let app = App::new()
//!     .service(web::scope("/articles").wrap(require_role("editor")))
//!     .service(web::scope("/reports").wrap(require_staff()));
//! ```
//!
//! In a handler, [`Identity::has_role`] tells, and [`CurrentUser`] has `is_staff` and `is_superuser`.
//! [`require_fresh`] and [`require_auth_context`] ask Microsoft for more.
//!
//! # Take part in a sign-in
//!
//! ```
//! use microsoft_sso::{Denied, HookContext, Hooks};
//!
//! struct OnlyEmployees;
//!
//! impl Hooks for OnlyEmployees {
//!     async fn before_validation(&self, context: HookContext<'_>) -> Result<(), Denied> {
//!         if context.profile.is_guest {
//!             return Err(Denied::Refused("This is for employees.".into()));
//!         }
//!         Ok(())
//!     }
//! }
//! ```
//!
//! # Serve several sites
//!
//! ```
//! # fn main() -> Result<(), microsoft_sso::ConfigError> {
//! # let secret_key = "tests-9fQ2xLr7Vb0kWz4JmYcT8uHsNdGe1PoAi6RtKqXw3MvBy5ZlEhUjCpSgDn";
//! use microsoft_sso::Config;
//!
//! let config = Config::builder()
//!     .secret_key(secret_key)
//!     .client_secret("the value of the client secret")
//!     .site("contoso.app.example", |site| {
//!         site.authority("contoso.com").application_id("00001111-aaaa-2222-bbbb-3333cccc4444")
//!     })
//!     .site("fabrikam.app.example", |site| {
//!         site.authority("fabrikam.com").application_id("00001111-aaaa-2222-bbbb-3333cccc5555")
//!     })
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! # Keep users in a table of your own
//!
//! Implement [`UserStore`]; `examples/own_users_table.rs` is one. `MicrosoftSso::sessions_in` takes
//! any session store:
//!
//! ```
//! use microsoft_sso::{SignIn, SignInOutcome, StoreError, User, UserId, UserStore};
//!
//! struct Staff;
//!
//! impl UserStore for Staff {
//!     async fn sign_in(&self, sign_in: SignIn) -> Result<SignInOutcome, StoreError> {
//!         // In one transaction: look the user up by (tenant_id, object_id) of `sign_in.profile()`,
//!         // call `sign_in.decide(user)`, and write what it returns.
//!         # unimplemented!()
//!     }
//!
//!     async fn find(&self, id: &UserId) -> Result<Option<User>, StoreError> {
//!         # unimplemented!()
//!     }
//! }
//! ```
//!
//! # Test your application
//!
//! The feature `testing` has an emulated Entra and Graph, in `microsoft_sso::testing`: `FakeEntra`
//! runs on this machine, and its `sign_in_to` gives the cookies of a signed-in browser.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(
    feature = "cli",
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql"))
))]
compile_error!("the feature `cli` needs a database: `sqlite`, `postgres` or `mysql`");

mod account;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod graph;
mod http_client;
mod oidc;
mod routes;
mod session;
mod settings;
mod sign_in;
mod site;
mod sso;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "_diesel")]
mod tokens;
mod util;
mod web;

/// The README, whose examples are tests.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../README.md")]
struct Readme;

pub use actix_session;
#[cfg(feature = "_diesel")]
pub use diesel;

pub use account::{
    decide::{Changes, Decision, SignIn},
    denied::Denied,
    new_user::NewUser,
    profile::{BasicInfo, Profile},
    user::{MicrosoftUser, User, UserId},
};
pub use routes::{config, config_at};
#[cfg(feature = "_diesel")]
pub use session::diesel::DieselSessions;
pub use session::{
    identity::{IDENTITY_KEY, Identity},
    tokens::{ACCESS_TOKEN_EXPIRES_AT_KEY, ACCESS_TOKEN_KEY},
};
pub use settings::{
    builder::ConfigBuilder,
    choices::{Guests, Prompt, ResponseMode},
    config::Config,
    from_value::{List, Secrets},
    problem::{ConfigError, ConfigProblem},
    texts::Texts,
};
pub use sign_in::hooks::{GraphQueryError, HookContext, Hooks};
pub use site::{Site, UnnamedSite};
pub use sso::{
    MicrosoftSso,
    builder::{BuildError, Builder},
    links::{AccountToImport, ImportOutcome},
    status::{SiteStatus, Status},
};
#[cfg(feature = "_diesel")]
pub use store::{diesel::DieselStore, pool::DatabasePool, schema};
pub use store::{
    error::StoreError,
    user_store::{LinkOutcome, SessionSelector, SignInOutcome, SignedInUser, UserStore},
};
pub use util::{
    clock::{Clock, SystemClock},
    crypto::CryptoError,
    picture::{Picture, PictureUpdate},
    secret::Secret,
};
#[cfg(feature = "_diesel")]
pub use web::{
    access_token::{AccessToken, AccessTokenError},
    graph_client::GraphClient,
    graph_client_error::{GraphClientError, GraphRefusal},
};
pub use web::{
    api_caller::{ApiApplication, ApiCaller, ApiPerson, ApiRefusal},
    button::{Button, Theme},
    current_user::CurrentUser,
    login_required::LoginRequired,
    message::{Level, Message},
    messages::Messages,
    require_login::require_login,
    requirement::{
        Requirement, require_auth_context, require_current_user, require_fresh, require_role,
        require_staff, require_superuser,
    },
    session_middleware::Sessions,
    sign_out::sign_out,
};
