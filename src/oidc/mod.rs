//! OpenID Connect with Entra: metadata, keys, the authorization code flow, ID tokens, refusals.

pub(crate) mod aadsts;
pub(crate) mod api_token;
pub(crate) mod claims;
pub(crate) mod client_capability;
pub(crate) mod credential;
mod entra_values;
pub(crate) mod exchange;
pub(crate) mod flow;
pub(crate) mod id_token;
pub(crate) mod keys;
pub(crate) mod metadata;
pub(crate) mod provider;
pub(crate) mod refusal;
pub(crate) mod token_bucket;
pub(crate) mod token_error;
pub(crate) mod token_response;
pub(crate) mod verify;
