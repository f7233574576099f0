//! What is done with the tokens of users who are signed in.

pub(crate) mod access_tokens;
pub(crate) mod check;
mod check_state;
mod known_checks;
mod outages;
pub(crate) mod refresh;
pub(crate) mod session_checks;
