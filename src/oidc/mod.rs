//! OpenID Connect with Entra: metadata, keys, the authorization code flow, ID tokens, refusals.

pub(crate) mod claims;
pub(crate) mod flow;
pub(crate) mod keys;
mod lenient;
pub(crate) mod metadata;
pub(crate) mod provider;
pub(crate) mod refusal;
pub(crate) mod token_bucket;
pub(crate) mod verify;
