//! The rules of the contract, and how a store breaks them.

use std::fmt;

/// A rule that each [`UserStore`](crate::UserStore) must hold. `Display` is the rule in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContractRule {
    /// An unknown id finds nobody. Sessions outlive users, and stores.
    UnknownUser,
    /// The first sign-in of an account creates one user, and the next finds the same.
    FirstSignIn,
    /// The key of an account is its tenant id and object id, never a name or an address.
    AccountKey,
    /// Object ids that differ in letter case are different accounts.
    ObjectIdCase,
    /// A denied sign-in writes nothing.
    DeniedWritesNothing,
    /// Concurrent first sign-ins of one account create one user.
    ConcurrentFirstSignIns,
    /// An inactive user is denied, and nothing is written.
    Inactive,
    /// Names and addresses are written when so decided (`always_update_user_data`), and only then.
    UserData,
    /// The rights of a user follow the settings at each sign-in, removal included.
    Rights,
    /// With `unique_email`, no two users get the same address.
    UniqueEmail,
    /// With `auto_create_first_superuser`, exactly one of concurrent first users is superuser.
    FirstSuperuser,
    /// `microsoft_user` tells what the last sign-in brought, or always `None`.
    MicrosoftData,
}

impl ContractRule {
    /// All rules.
    pub const ALL: &'static [Self] = &[
        Self::UnknownUser,
        Self::FirstSignIn,
        Self::AccountKey,
        Self::ObjectIdCase,
        Self::DeniedWritesNothing,
        Self::ConcurrentFirstSignIns,
        Self::Inactive,
        Self::UserData,
        Self::Rights,
        Self::UniqueEmail,
        Self::FirstSuperuser,
        Self::MicrosoftData,
    ];
}

impl fmt::Display for ContractRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownUser => "an unknown id finds nobody",
            Self::FirstSignIn => "a first sign-in creates one user, and the next finds the same",
            Self::AccountKey => "the key of an account is its tenant id and object id",
            Self::ObjectIdCase => {
                "object ids that differ in letter case are different accounts"
            }
            Self::DeniedWritesNothing => "a denied sign-in writes nothing",
            Self::ConcurrentFirstSignIns => {
                "concurrent first sign-ins of one account create one user"
            }
            Self::Inactive => "an inactive user is denied, and nothing is written",
            Self::UserData => "names and addresses are written when so decided, and only then",
            Self::Rights => "the rights of a user follow the settings at each sign-in",
            Self::UniqueEmail => "with `unique_email`, no two users get the same address",
            Self::FirstSuperuser => {
                "with `auto_create_first_superuser`, exactly one of concurrent first users is superuser"
            }
            Self::MicrosoftData => {
                "`microsoft_user` tells what the last sign-in brought, or always `None`"
            }
        })
    }
}

/// A rule that a store breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContractViolation {
    /// The rule.
    pub rule: ContractRule,
    /// What the store did.
    pub message: String,
}

/// A store breaks its contract.
///
/// `Debug` prints the same list as `Display`, because `unwrap` in a test shows that.
#[derive(Clone, thiserror::Error)]
pub struct ContractError {
    violations: Vec<ContractViolation>,
}

impl ContractError {
    /// `Ok` without violations.
    pub(super) fn unless_empty(violations: Vec<ContractViolation>) -> Result<(), Self> {
        if violations.is_empty() {
            Ok(())
        } else {
            Err(Self { violations })
        }
    }

    /// What is broken: one entry per rule, in the order of [`ContractRule`].
    pub fn violations(&self) -> &[ContractViolation] {
        &self.violations
    }

    /// The rules that are broken.
    pub fn rules(&self) -> Vec<ContractRule> {
        self.violations.iter().map(|broken| broken.rule).collect()
    }
}

impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the user store breaks its contract:")?;
        for ContractViolation { rule, message } in &self.violations {
            write!(f, "\n- {rule} ({rule:?}): {message}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
