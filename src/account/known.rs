//! What is kept of an account for sign-ins during which Graph is unavailable.

/// What Graph said at the account's last sign-in with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KnownAccount {
    pub(crate) email: Option<String>,
    pub(crate) user_principal_name: Option<String>,
    /// `None` if no sign-in with Graph was recorded.
    pub(crate) is_guest: Option<bool>,
}
