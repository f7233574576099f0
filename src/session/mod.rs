//! Sessions: who is signed in, and the session store on the application's database.

#[cfg(feature = "_diesel")]
pub(crate) mod diesel;
pub(crate) mod identity;
