//! What is done with the tokens of users who are signed in.

pub(crate) mod access_tokens;
mod known_checks;
pub(crate) mod refresh;
pub(crate) mod session_checks;
