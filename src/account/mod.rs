//! Who is admitted, as which user, with which rights. Pure functions: no I/O.

pub(crate) mod decide;
pub(crate) mod denied;
mod domain;
mod evidence;
mod guest_name;
#[cfg(test)]
mod guest_tests;
pub(crate) mod known;
pub(crate) mod new_user;
#[cfg(test)]
mod outage_tests;
#[cfg(test)]
mod personal_tests;
pub(crate) mod policy;
pub(crate) mod profile;
#[cfg(test)]
mod proof_tests;
pub(crate) mod rights;
#[cfg(test)]
mod rights_tests;
#[cfg(test)]
mod tests;
pub(crate) mod user;
