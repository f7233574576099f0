//! Variables of the environment that are not this library's: those of proxies and of Azure.

use std::env;

/// The value of a variable, where it is set and text.
#[expect(
    clippy::disallowed_methods,
    reason = "they have names of their own, which other programs read, too"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}
