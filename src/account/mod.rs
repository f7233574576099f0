//! Whether a verified person gets in, and as which user: decided without a database at hand.

mod decide;
mod denied;
mod domain;
#[cfg(test)]
mod personal_tests;
mod policy;
mod profile;
mod rights;
#[cfg(test)]
mod rights_tests;
mod roles;
#[cfg(test)]
mod tests;

pub use decide::{Changes, Decision, NewUser, SignIn};
pub use denied::Denied;
pub(crate) use policy::AccountPolicy;
pub use profile::{BasicInfo, PictureUpdate, Profile};
pub(crate) use roles::{Grants, NamedRoles, named};
