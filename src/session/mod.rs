//! Sessions: who is signed in, and the session store on the application's database.

#[cfg(feature = "_diesel")]
pub(crate) mod diesel;
#[cfg(feature = "_diesel")]
mod expiry;
pub(crate) mod identity;
