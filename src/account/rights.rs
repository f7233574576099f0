//! Who is staff and who is a superuser, by the lists of the settings.

use std::collections::BTreeSet;

use super::{domain, policy::AccountPolicy, profile::Profile};

/// What the lists say; `None` where a list is empty and says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rights {
    pub(super) is_staff: Option<bool>,
    pub(super) is_superuser: Option<bool>,
}

pub(super) fn rights(profile: &Profile, policy: &AccountPolicy) -> Rights {
    let listed = |list: &BTreeSet<String>| {
        let upn = profile.user_principal_name.as_ref();
        let proved = |email: &&String| domain::counts_of(profile, email, policy);
        let email = profile.email.as_ref().filter(proved);
        [upn, email]
            .into_iter()
            .flatten()
            .any(|name| list.contains(name))
    };
    let is_superuser = (!policy.superusers.is_empty()).then(|| listed(&policy.superusers));
    let everybody = policy.staff.contains("*");
    let is_staff = (!policy.staff.is_empty()).then(|| everybody || listed(&policy.staff));
    Rights {
        // A superuser is staff, even where no list of staff says so.
        is_staff: match is_superuser {
            Some(true) => Some(true),
            _ => is_staff,
        },
        is_superuser,
    }
}
