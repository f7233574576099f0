//! Sessions: who is signed in, and the session store on the application's database.

pub(crate) mod cookie_key;
mod cookie_size;
#[cfg(feature = "_diesel")]
pub(crate) mod diesel;
#[cfg(feature = "_diesel")]
pub(crate) mod draft;
#[cfg(feature = "_diesel")]
mod expiry;
pub(crate) mod identity;
#[cfg(feature = "_diesel")]
mod key;
#[cfg(feature = "_diesel")]
pub(crate) mod token_store;
pub(crate) mod tokens;
#[cfg(feature = "_diesel")]
pub(crate) mod written;
