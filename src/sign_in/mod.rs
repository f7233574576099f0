//! One sign-in, from the attempt that a browser begins to the session.

pub(crate) mod another_account;
pub(crate) mod ask;
pub(crate) mod attempt;
pub(crate) mod attempt_cookies;
pub(crate) mod audit;
pub(crate) mod authorization_response;
pub(crate) mod concurrency_limit;
pub(crate) mod destination;
pub(crate) mod error;
pub(crate) mod failing_clients;
pub(crate) mod hooks;
pub(crate) mod link;
pub(crate) mod next_step;
mod rest_cookies;
mod session_tokens;
pub(crate) mod state;
pub(crate) mod steps;
