//! The audit trail: one event per outcome, under a target of its own and with stable field names.
//! `docs/entra.md` lists them.

use std::fmt;

use tracing::field::display;
use uuid::Uuid;

use super::error::SignInError;
use crate::{
    account::user::UserId,
    session::identity::{Identity, UserIs},
    site::Site,
    util::log::chain,
};

/// What caused a sign-out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SignOutCause {
    /// The user signed out here.
    Person,
    /// The user signed out at Microsoft.
    Entra,
    /// The application ended all sessions of the user.
    Application,
}

impl fmt::Display for SignOutCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Person => "person",
            Self::Entra => "entra",
            Self::Application => "application",
        })
    }
}

macro_rules! event {
    ($level:ident, $($rest:tt)*) => {
        tracing::$level!(target: "microsoft_sso::audit", $($rest)*)
    };
}

pub(crate) fn signed_in(identity: &Identity, user: UserIs) {
    event!(
        info,
        event = "signed_in",
        user = %identity.user_id,
        tenant = %identity.tenant_id,
        object = %identity.object_id,
        site = identity.site.as_str(),
        created = user == UserIs::New,
        "signed in"
    );
}

/// A local user and a Microsoft account who belong together from now on.
pub(crate) fn linked(identity: &Identity, by: &str) {
    event!(
        info,
        event = "linked",
        user = %identity.user_id,
        tenant = %identity.tenant_id,
        object = %identity.object_id,
        site = identity.site.as_str(),
        by,
        "linked"
    );
}

/// An account that the application has given a user.
pub(crate) fn imported(user: &UserId, tenant: Uuid, object: &str) {
    event!(
        info,
        event = "linked",
        %user,
        %tenant,
        object,
        by = "application",
        "linked"
    );
}

/// A user who has no Microsoft account any more; `accounts` is how many there were.
pub(crate) fn unlinked(user: &UserId, accounts: usize) {
    event!(info, event = "unlinked", %user, accounts, "unlinked");
}

/// A sign-in that failed.
pub(crate) fn refused(site: &Site, error: &SignInError) {
    let account = error.account();
    let tenant = account.map(|account| display(account.tenant_id));
    let object = account.map(|account| display(&account.object_id));
    let (code, reason, site) = (error.code().as_str(), chain(error), site.name());
    macro_rules! refused {
        ($level:ident, $text:literal) => {
            event!(
                $level,
                event = "refused",
                code,
                reason,
                tenant,
                object,
                site,
                $text
            )
        };
    }
    // The operator has to act on these, and on little else.
    if error.needs_operator() {
        refused!(error, "sign-in is out of order");
    } else {
        refused!(warn, "sign-in failed");
    }
}

/// The sessions of a user who signed out here.
pub(crate) fn signed_out_here(identity: &Identity) {
    let (user, site) = (Some(&identity.user_id), Some(identity.site.as_str()));
    signed_out(SignOutCause::Person, user, site, 1);
}

/// Sessions that ended on the server; `sessions` is how many.
pub(crate) fn signed_out(
    by: SignOutCause,
    user: Option<&UserId>,
    site: Option<&str>,
    sessions: usize,
) {
    let user = user.map(display);
    event!(info, event = "signed_out", %by, user, sessions, site, "signed out");
}

/// A session that a check ended, with the setting `recheck`.
#[cfg(feature = "_diesel")]
pub(crate) fn session_ended(identity: &Identity, code: crate::settings::codes::Code, reason: &str) {
    event!(
        info,
        event = "session_ended",
        user = %identity.user_id,
        tenant = %identity.tenant_id,
        object = %identity.object_id,
        site = identity.site.as_str(),
        code = code.as_str(),
        reason,
        "session ended"
    );
}

/// A user who may sign in from now on, or no longer; `sessions` is how many ended.
pub(crate) fn active_set(user: &UserId, active: bool, sessions: usize) {
    event!(info, event = "active_set", %user, active, sessions, "active set");
}

/// A user who was deleted; `sessions` is how many ended.
pub(crate) fn user_deleted(user: &UserId, sessions: usize) {
    event!(info, event = "user_deleted", %user, sessions, "user deleted");
}
