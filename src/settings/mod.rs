//! The settings: where they come from, their types, and the checks at start.

pub(crate) mod authority;
mod azure;
mod build;
pub(crate) mod builder;
mod check;
mod check_addresses;
mod check_credential;
mod check_network;
mod check_people;
pub(crate) mod choices;
mod cloud;
pub(crate) mod codes;
pub(crate) mod config;
pub(crate) mod credential;
#[cfg(test)]
mod credential_tests;
pub(crate) mod from_value;
pub(crate) mod grants;
pub(crate) mod hint;
mod load;
mod own_credential;
pub(crate) mod problem;
mod sites;
#[cfg(test)]
mod start_tests;
mod suggest;
#[cfg(test)]
mod tests;
pub(crate) mod texts;
pub(crate) mod trusted_proxies;
