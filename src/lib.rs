#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
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
mod util;
mod web;

pub use actix_session;
#[cfg(feature = "_diesel")]
pub use diesel;

pub use account::{
    decide::{Changes, Decision, NewUser, SignIn},
    denied::Denied,
    profile::{BasicInfo, Profile},
    user::{MicrosoftUser, User, UserId},
};
pub use routes::{config, config_at};
#[cfg(feature = "_diesel")]
pub use session::diesel::DieselSessions;
pub use session::identity::{ACCESS_TOKEN_KEY, IDENTITY_KEY, Identity};
pub use settings::{
    builder::ConfigBuilder,
    choices::{Guests, Prompt, ResponseMode},
    config::Config,
    from_value::List,
    problem::{ConfigError, ConfigProblem},
    texts::Texts,
};
pub use sign_in::hooks::{GraphQueryError, HookContext, Hooks};
pub use site::{Site, UnnamedSite};
pub use sso::{BuildError, Builder, MicrosoftSso};
#[cfg(feature = "_diesel")]
pub use store::{diesel::DieselStore, pool::DatabasePool, schema};
pub use store::{
    error::StoreError,
    user_store::{SessionSelector, SignInOutcome, SignedInUser, UserStore},
};
pub use util::{
    clock::{Clock, SystemClock},
    crypto::CryptoError,
    picture::{Picture, PictureUpdate},
    secret::Secret,
};
pub use web::{
    button::{Button, Theme},
    current_user::CurrentUser,
    login_required::LoginRequired,
    messages::{Level, Message, Messages},
    require_login::require_login,
    session_middleware::Sessions,
    sign_out::sign_out,
};
