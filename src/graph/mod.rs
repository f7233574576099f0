//! Microsoft Graph: who the account is, its photo and its groups.

pub(crate) mod groups;
pub(crate) mod health;
pub(crate) mod profile;
pub(crate) mod response;
