//! Sign in with Microsoft Entra ID.
#[cfg(feature = "testing")]
pub mod testing;
