//! Whether a verified person gets in, and as which user: decided without a database at hand.

mod decide;
mod domain;
mod profile;
#[cfg(test)]
mod tests;

pub(crate) use decide::AccountPolicy;
pub use decide::{Changes, Decision, Denied, NewUser, SignIn};
pub use profile::{BasicInfo, PictureUpdate, Profile};
