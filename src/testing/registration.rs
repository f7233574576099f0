//! The application as it is registered in every emulated tenant.

/// The registered application's id.
pub const APPLICATION_ID: &str = "00001111-aaaa-2222-bbbb-3333cccc4444";
/// The registered application's client secret.
pub const CLIENT_SECRET: &str = "emulated-client-secret.~_-";
