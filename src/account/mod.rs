//! Who is admitted, as which user, with which rights. Pure functions: no I/O.

pub(crate) mod decide;
pub(crate) mod denied;
mod domain;
#[cfg(test)]
mod personal_tests;
pub(crate) mod policy;
pub(crate) mod profile;
pub(crate) mod rights;
#[cfg(test)]
mod rights_tests;
#[cfg(test)]
mod tests;
pub(crate) mod user;
