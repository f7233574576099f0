//! What Microsoft's side of a sign-in is: Entra's endpoints, tokens and keys, and Graph.

pub(crate) mod claims;
pub(crate) mod flow;
pub(crate) mod graph;
pub(crate) mod groups;
pub(crate) mod http;
pub(crate) mod keys;
pub(crate) mod limit;
pub(crate) mod metadata;
pub(crate) mod provider;
pub(crate) mod verify;
