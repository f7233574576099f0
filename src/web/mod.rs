//! The actix side: extractors, middleware, pages.

#[cfg(feature = "_diesel")]
pub(crate) mod access_token;
pub(crate) mod api_caller;
pub(crate) mod attempts;
pub(crate) mod button;
pub(crate) mod callback_site;
pub(crate) mod current_user;
pub(crate) mod extract;
#[cfg(feature = "_diesel")]
pub(crate) mod graph_client;
#[cfg(feature = "_diesel")]
pub(crate) mod graph_client_error;
pub(crate) mod localize;
pub(crate) mod login_required;
pub(crate) mod message;
pub(crate) mod messages;
pub(crate) mod notice;
pub(crate) mod origin;
pub(crate) mod outbox;
pub(crate) mod page;
#[cfg(feature = "_diesel")]
mod recheck;
pub(crate) mod request;
pub(crate) mod require_login;
pub(crate) mod requirement;
pub(crate) mod respond;
pub(crate) mod session_cookie;
pub(crate) mod session_middleware;
mod session_outage;
mod session_store;
pub(crate) mod sign_out;
pub(crate) mod visitor;
pub(crate) mod wiring;
