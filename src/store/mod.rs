//! The store of users: the trait, and the diesel repository that implements it.

#[cfg(feature = "_diesel")]
pub(crate) mod connections;
#[cfg(feature = "_diesel")]
pub(crate) mod dialect;
#[cfg(feature = "_diesel")]
pub(crate) mod diesel;
pub(crate) mod dyn_user_store;
#[cfg(feature = "_diesel")]
mod end;
pub(crate) mod error;
#[cfg(feature = "_diesel")]
mod known_user;
#[cfg(feature = "_diesel")]
mod link;
#[cfg(feature = "_diesel")]
mod migrations;
#[cfg(feature = "_diesel")]
mod models;
#[cfg(feature = "cli")]
pub(crate) mod people;
#[cfg(feature = "_diesel")]
mod place;
#[cfg(feature = "_diesel")]
pub(crate) mod pool;
#[cfg(feature = "sqlite")]
mod pragmas;
#[cfg(feature = "_diesel")]
mod repository;
#[cfg(feature = "_diesel")]
mod routine;
#[cfg(feature = "_diesel")]
pub mod schema;
#[cfg(feature = "_diesel")]
pub(crate) mod session_row;
#[cfg(feature = "_diesel")]
mod sign_in;
#[cfg(feature = "_diesel")]
mod statements;
#[cfg(feature = "_diesel")]
pub(crate) mod token_row;
pub(crate) mod user_store;
