//! What is done with the tokens of users who are signed in.

mod known_checks;
pub(crate) mod refresh;
pub(crate) mod session_checks;
