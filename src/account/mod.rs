//! Whether a verified person gets in, and as which user: decided without a database at hand.

mod decide;
mod domain;
mod policy;
mod profile;
mod rights;
#[cfg(test)]
mod tests;

pub use decide::{Changes, Decision, Denied, NewUser, SignIn};
pub(crate) use policy::AccountPolicy;
pub use profile::{BasicInfo, PictureUpdate, Profile};
