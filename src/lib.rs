#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod aadsts;
mod account;
mod area;
mod attempt;
mod audit;
mod button;
mod clock;
mod cookies;
mod entra;
mod error;
mod extract;
mod flash;
mod flights;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod guard;
mod hooks;
mod next_path;
mod origin;
mod page;
mod picture;
mod places;
mod plugin;
mod prompt;
mod proxy;
mod routes;
mod seal;
mod secret;
mod session;
mod session_middleware;
mod settings;
mod signing_in;
mod site;
mod slots;
mod sso;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod text;

pub use actix_web_flash_messages::IncomingFlashMessages;

pub use account::{BasicInfo, Changes, Decision, Denied, NewUser, PictureUpdate, Profile, SignIn};
pub use button::{Button, Theme};
pub use clock::{Clock, SystemClock};
pub use extract::CurrentUser;
pub use guard::{LoginRequired, require_login};
pub use hooks::{GraphQueryError, HookContext, HookResult, Hooks};
pub use picture::Picture;
pub use plugin::{config, config_at};
pub use secret::Secret;
pub use session::{ACCESS_TOKEN_KEY, IDENTITY_KEY, Identity};
pub use session_middleware::SsoSessionMiddleware;
pub use settings::{Config, ConfigBuilder, ConfigError, List, Mistake};
pub use site::Site;
pub use sso::{BuildError, Builder, MicrosoftSso};
pub use store::{Admitted, MicrosoftUser, Sessions, StoreError, User, UserId, UserStore};
#[cfg(feature = "_diesel")]
pub use store::{DieselSessions, DieselStore};
pub use text::Texts;
