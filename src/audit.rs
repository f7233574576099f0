//! The audit trail: one event for each outcome, under a target of its own and with field names
//! that stay. `docs/entra.md` lists them.

use std::fmt;

use tracing::field::display;
use uuid::Uuid;

use crate::{
    error::{SignInError, chain},
    session::Identity,
    site::Site,
    store::UserId,
};

/// A verified person, by Entra's key.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) tenant_id: Uuid,
    pub(crate) object_id: String,
}

/// How a sign-out came about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SignOut {
    /// The person asked for it, here.
    Person,
    /// The person signed out at Microsoft.
    Entra,
    /// The application ended all sessions of the user.
    Application,
}

impl fmt::Display for SignOut {
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

pub(crate) fn signed_in(identity: &Identity, created: bool) {
    event!(
        info,
        event = "signed_in",
        user = %identity.user_id,
        tenant = %identity.tenant_id,
        object = %identity.object_id,
        site = identity.site.as_str(),
        created,
        "signed in"
    );
}

/// A sign-in that ended without anybody signed in.
pub(crate) fn refused(site: &Site, error: &SignInError) {
    let person = error.person();
    let tenant = person.map(|person| display(person.tenant_id));
    let object = person.map(|person| display(&person.object_id));
    let (code, reason, site) = (error.code(), chain(error), site.name());
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
    // An outage is the operator's to mend, and anything else most likely isn't.
    match error.is_outage() {
        true => refused!(error, "sign-in is out of order"),
        false => refused!(warn, "sign-in failed"),
    }
}

/// `sessions` is how many ended; `site` is known where a person asks.
pub(crate) fn signed_out(by: SignOut, user: Option<&UserId>, site: Option<&Site>, sessions: usize) {
    let (user, site) = (user.map(display), site.map(Site::name));
    event!(info, event = "signed_out", %by, user, sessions, site, "signed out");
}
