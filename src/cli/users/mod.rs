//! `users`: who is here, and what whoever runs the application may change of it.

mod change;
mod find;
mod import;
mod list;
mod show;

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use uuid::Uuid;

use self::change::Change;
use super::database::Database;
use crate::store::people::NewRights;

#[derive(Args)]
pub(super) struct Users {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    database: Database,
    /// JSON for scripts.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Lists users by id.
    List {
        /// Those whose names or address have this text.
        text: Option<String>,
        /// Those after this id: the last one of the page before.
        #[arg(long, default_value_t = i64::MIN, hide_default_value = true)]
        after: i64,
        /// How many at most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..))]
        limit: i64,
    },
    /// Shows a user, their Microsoft accounts and how many sessions they have.
    Show {
        /// An id, a user name or a proved e-mail address; `id:7` is the id alone.
        user: String,
    },
    /// Makes a user staff.
    Promote {
        #[command(flatten)]
        whom: Whom,
        /// A superuser, too.
        #[arg(long)]
        superuser: bool,
    },
    /// Takes a user's rights: both.
    Demote {
        #[command(flatten)]
        whom: Whom,
        /// That of a superuser alone: staff stays staff.
        #[arg(long)]
        superuser: bool,
    },
    /// Lets a user sign in.
    Activate {
        #[command(flatten)]
        whom: Whom,
    },
    /// Keeps a user out, and ends their sessions.
    Deactivate {
        #[command(flatten)]
        whom: Whom,
    },
    /// Ends a user's sessions.
    SignOut {
        #[command(flatten)]
        whom: Whom,
    },
    /// Gives a user, who has none, a Microsoft account.
    Link {
        #[command(flatten)]
        whom: Whom,
        /// The tenant of the account (the claim `tid`).
        tenant: Uuid,
        /// The object id of the account (the claim `oid`).
        object: String,
    },
    /// Takes a user's Microsoft accounts away, and ends their sessions.
    Unlink {
        #[command(flatten)]
        whom: Whom,
    },
    /// Deletes a user for good.
    Delete {
        #[command(flatten)]
        whom: Whom,
        /// Without it, nothing is deleted.
        #[arg(long)]
        yes: bool,
    },
    /// Links many users: a file with a line `USER,TENANT,OBJECT` each.
    Import {
        /// UTF-8, without quotes.
        file: PathBuf,
        /// Says what would come of it, and writes nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Whom a change is of.
#[derive(Args)]
struct Whom {
    /// An id, a user name or a proved e-mail address; `id:7` is the id alone.
    user: String,
    /// Says what would change, and writes nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Users {
    pub(super) async fn run(self, out: &mut impl Write) -> Result<ExitCode, String> {
        let store = self.database.connect_existing()?;
        let json = self.json;
        let (whom, change) = match self.command {
            Command::List { text, after, limit } => {
                let text = text.unwrap_or_default();
                return list::list(&store, &text, after, limit, json, out).await;
            }
            Command::Show { user } => return show::show(&store, &user, json, out).await,
            Command::Import { file, dry_run } => {
                return import::import(&store, &file, dry_run, json, out).await;
            }
            Command::Promote { whom, superuser } => (
                whom,
                Change::Rights(NewRights {
                    is_staff: Some(true),
                    is_superuser: superuser.then_some(true),
                }),
            ),
            Command::Demote { whom, superuser } => (
                whom,
                Change::Rights(NewRights {
                    is_staff: (!superuser).then_some(false),
                    is_superuser: Some(false),
                }),
            ),
            Command::Activate { whom } => (whom, Change::Active(true)),
            Command::Deactivate { whom } => (whom, Change::Active(false)),
            Command::SignOut { whom } => (whom, Change::SignOut),
            Command::Link {
                whom,
                tenant,
                object,
            } => (whom, Change::Link(tenant, object)),
            Command::Unlink { whom } => (whom, Change::Unlink),
            Command::Delete { whom, yes } => (whom, Change::Delete { yes }),
        };
        change::run(&store, &whom.user, change, whom.dry_run, json, out).await
    }
}
