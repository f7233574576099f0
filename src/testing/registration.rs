//! The application as it is registered in every emulated tenant.

/// The registered application's id.
pub const APPLICATION_ID: &str = "00001111-aaaa-2222-bbbb-3333cccc4444";
/// The registered application's client secret.
pub const CLIENT_SECRET: &str = "emulated-client-secret.~_-";
/// The client id of the managed identity that the registration admits.
pub const MANAGED_IDENTITY: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
/// The value of `IDENTITY_HEADER` for the emulated App Service.
pub const IDENTITY_HEADER: &str = "emulated-identity-header";

/// The object id of the managed identity.
pub(super) const MANAGED_IDENTITY_PRINCIPAL: &str = "bbbbcccc-1111-dddd-2222-eeee3333ffff";
/// The subject of the federated credential for a pod.
pub(super) const FEDERATED_SUBJECT: &str = "system:serviceaccount:default:app";
