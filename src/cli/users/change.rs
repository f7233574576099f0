//! A change of one user.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use serde::Serialize;
use uuid::Uuid;

use super::find::{find, label, number};
use crate::{
    account::user::User,
    cli::output::{unwritable, write_json},
    settings::config::Config,
    sso::links::AccountToImport,
    store::{
        diesel::DieselStore,
        people::NewRights,
        user_store::{LinkOutcome, SessionSelector, UserStore},
    },
    util::{
        clock::{Clock, SystemClock},
        log::chain,
    },
};

/// The settings that give rights at each sign-in.
const GRANTS: [&str; 4] = [
    "staff_list",
    "staff_roles",
    "superuser_list",
    "superuser_roles",
];

/// Somebody else deleted the user meanwhile.
const GONE: &str = "the user is gone";

pub(super) enum Change {
    Rights(NewRights),
    Active(bool),
    SignOut,
    Link(Uuid, String),
    Unlink,
    Delete { yes: bool },
}

/// What came of it, or would.
#[derive(Serialize)]
struct Done {
    user: User,
    /// Whether anything is other than before.
    changed: bool,
    dry_run: bool,
    said: &'static str,
    /// How many sessions ended.
    sessions: usize,
}

pub(super) async fn run(
    store: &DieselStore,
    name: &str,
    change: Change,
    dry_run: bool,
    json: bool,
    out: &mut impl Write,
) -> Result<ExitCode, String> {
    let user = find(store, name).await?;
    let is_unconfirmed = matches!(change, Change::Delete { yes: false }) && !dry_run;
    let now = SystemClock.now().timestamp();
    let sessions = store.count_sessions(number(&user)?, now).await;
    let sessions = sessions.map_err(|error| chain(&error))?;
    let said = change.said(store, &user, sessions > 0).await?;
    let mut done = Done {
        changed: said.is_some(),
        dry_run: dry_run || is_unconfirmed,
        said: said.unwrap_or("is so already"),
        sessions: 0,
        user,
    };
    if done.changed && change.ends_sessions() {
        done.sessions = usize::try_from(sessions).unwrap_or_default();
    }
    if done.changed && !done.dry_run {
        let ended = change.carry_out(store, &done.user).await?;
        done.sessions = ended.unwrap_or(done.sessions);
    }
    let printed = if json {
        write_json(&done, out)
    } else {
        print_text(&done, out)
    };
    printed.map_err(|error| unwritable(&error))?;
    if done.changed && matches!(change, Change::Rights(_)) && rights_follow_settings() {
        let _ = writeln!(
            io::stderr(),
            "The settings say who has rights ({}): they decide again at each sign-in.",
            GRANTS.join(", ")
        );
    }
    if is_unconfirmed {
        return Err("nothing is deleted without --yes; `users deactivate` keeps the user, and keeps them out".to_owned());
    }
    Ok(ExitCode::SUCCESS)
}

fn print_text(done: &Done, out: &mut impl Write) -> io::Result<()> {
    let dry = if done.dry_run && done.changed {
        "would be changed: "
    } else {
        ""
    };
    write!(out, "{}: {dry}{}", label(&done.user), done.said)?;
    match done.sessions {
        0 => writeln!(out),
        1 => writeln!(out, "; 1 session ends"),
        n => writeln!(out, "; {n} sessions end"),
    }
}

/// Whether the environment's settings give rights. An application may have set them in its code, too.
fn rights_follow_settings() -> bool {
    let shown = Config::builder().environment().shown();
    let mut shown = shown.iter();
    shown.any(|setting| GRANTS.contains(&setting.name) && setting.origin != "default")
}

impl Change {
    /// What it makes of a user; `None` if that is so already.
    async fn said(
        &self,
        store: &DieselStore,
        user: &User,
        has_sessions: bool,
    ) -> Result<Option<&'static str>, String> {
        let said = match self {
            Self::Rights(rights) => {
                let is = (user.is_staff, user.is_superuser);
                let staff = rights.is_staff.unwrap_or(is.0);
                let superuser = rights.is_superuser.unwrap_or(is.1);
                let said = match (staff, superuser) {
                    (_, true) => "is a superuser",
                    (true, false) => "is staff",
                    (false, false) => "has no rights",
                };
                (is != (staff, superuser)).then_some(said)
            }
            Self::Active(true) => (!user.is_active).then_some("may sign in"),
            Self::Active(false) => (user.is_active || has_sessions).then_some("may not sign in"),
            Self::SignOut => Some("is signed out"),
            Self::Link(tenant, object) => {
                let object = object_id(user, *tenant, object)?;
                let outcome = would_link(store, user, *tenant, &object).await?;
                linked(outcome)?.then_some("has the account")
            }
            Self::Unlink => {
                let accounts = store.accounts(number(user)?).await;
                let accounts = accounts.map_err(|error| chain(&error))?;
                (!accounts.is_empty()).then_some("has no Microsoft account")
            }
            Self::Delete { .. } => Some("is deleted"),
        };
        Ok(said)
    }

    fn ends_sessions(&self) -> bool {
        match self {
            Self::Rights(_) | Self::Link(..) | Self::Active(true) => false,
            Self::Active(false) | Self::SignOut | Self::Unlink | Self::Delete { .. } => true,
        }
    }

    /// Returns how many sessions ended, where that is told.
    async fn carry_out(&self, store: &DieselStore, user: &User) -> Result<Option<usize>, String> {
        let done = match self {
            Self::Rights(rights) => store
                .set_rights(number(user)?, *rights)
                .await
                .map(|()| None),
            Self::Active(active) => store.set_active(&user.id, *active).await,
            Self::SignOut => {
                let which = SessionSelector::User(user.id.clone());
                store.end_sessions(which).await.map(Some)
            }
            Self::Link(tenant, object) => {
                let object = object_id(user, *tenant, object)?;
                let outcome = store.link(&user.id, *tenant, &object).await;
                linked(outcome.map_err(|error| chain(&error))?)?;
                Ok(None)
            }
            Self::Unlink => store.unlink(&user.id).await.map(|_| None),
            Self::Delete { .. } => store.delete(&user.id).await,
        };
        let ended = done.map_err(|error| chain(&error))?;
        match self {
            Self::Active(_) | Self::Delete { .. } if ended.is_none() => Err(GONE.to_owned()),
            _ => Ok(ended),
        }
    }
}

/// The object id, as it is stored.
pub(super) fn object_id(user: &User, tenant: Uuid, id: &str) -> Result<String, String> {
    let account = AccountToImport::new(user.id.clone(), tenant, id);
    let object = account.object_id();
    object.ok_or_else(|| {
        "that is no object id: it looks like 87d349ed-44d7-43e1-9a83-5f2406dee5bd".to_owned()
    })
}

/// What [`UserStore::link`] would return.
pub(super) async fn would_link(
    store: &DieselStore,
    user: &User,
    tenant: Uuid,
    object: &str,
) -> Result<LinkOutcome, String> {
    let failed = |error| chain(&error);
    let owner = store
        .find_by_account(tenant, object)
        .await
        .map_err(failed)?;
    if let Some(owner) = owner {
        return Ok(if owner.id == user.id {
            LinkOutcome::Unchanged
        } else {
            LinkOutcome::AccountTaken
        });
    }
    let accounts = store.accounts(number(user)?).await.map_err(failed)?;
    Ok(if accounts.is_empty() {
        LinkOutcome::Linked
    } else {
        LinkOutcome::UserTaken
    })
}

/// Whether the link is new.
pub(super) fn linked(outcome: LinkOutcome) -> Result<bool, String> {
    match outcome {
        LinkOutcome::Linked => Ok(true),
        LinkOutcome::Unchanged => Ok(false),
        LinkOutcome::NoUser => Err(GONE.to_owned()),
        LinkOutcome::AccountTaken => Err("the account is another user's".to_owned()),
        LinkOutcome::UserTaken => {
            Err("the user has another account: `users unlink` takes it away".to_owned())
        }
    }
}
