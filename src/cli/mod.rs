//! The commands of `microsoft-sso`, for whoever runs the application.

mod check_database;
mod check_entra;
mod check_settings;
mod database;
mod doctor;
mod finding;
mod instruments;
mod output;
mod settings;
mod simulate;
mod users;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use actix_web::rt::System;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::{Parser, Subcommand};

use self::database::Database;
use crate::util::{crypto::random, log::chain};

/// What whoever runs an application with microsoft_sso needs. The settings are read as the application reads
/// them: from MICROSOFT_SSO_… and the file that MICROSOFT_SSO_CONFIG names.
#[derive(Parser)]
#[command(name = "microsoft-sso", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Looks for what would keep people out, and says how to mend it.
    Check {
        #[command(flatten)]
        database: Database,
        /// Where the application mounts the endpoints.
        #[arg(long, default_value = "/microsoft_sso")]
        path: String,
        /// JSON for scripts.
        #[arg(long)]
        json: bool,
    },
    /// Creates or updates the tables.
    Migrate {
        #[command(flatten)]
        database: Database,
    },
    /// Prints a new secret_key.
    Secret,
    /// Shows and changes users.
    Users(users::Users),
    /// Tells who would get in, as what, by the settings as they are.
    Simulate {
        /// JSON of `claims` (an ID token's), `graph` (Graph's answer to /me) and `groups`.
        file: PathBuf,
        /// The site, by its host; by default the base settings.
        #[arg(long, default_value = "", hide_default_value = true)]
        site: String,
        /// The database, if it is somebody who is known.
        #[command(flatten)]
        database: Database,
        /// JSON for scripts.
        #[arg(long)]
        json: bool,
    },
    /// Prints each setting, and where it comes from. Secrets are hidden.
    Settings {
        /// JSON for scripts.
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command of the process's arguments. The exit status is 0; 1 where something failed or is wrong;
/// 2 where the arguments are.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match System::new().block_on(run(cli.command)) {
        Ok(status) => status,
        Err(error) => {
            let _ = writeln!(io::stderr(), "microsoft-sso: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<ExitCode, String> {
    let mut out = io::stdout().lock();
    let printed = match command {
        Command::Check {
            database,
            path,
            json,
        } => {
            let findings = doctor::check(database.url(), &path).await;
            let printed = finding::print(&findings, json, &mut out);
            printed.map(|()| finding::exit_status(&findings))
        }
        Command::Migrate { database } => {
            let migrated = database.connect()?.migrate();
            migrated.map_err(|error| chain(&error))?;
            writeln!(out, "The tables are up to date.").map(|()| ExitCode::SUCCESS)
        }
        Command::Secret => {
            let secret = random::<64>().map_err(|error| error.to_string())?;
            let secret = URL_SAFE_NO_PAD.encode(secret);
            writeln!(out, "{secret}").map(|()| ExitCode::SUCCESS)
        }
        Command::Simulate {
            file,
            site,
            database,
            json,
        } => {
            let store = database
                .url()
                .map(|_| database.connect_existing())
                .transpose()?;
            return simulate::simulate(&file, &site, store, json, &mut out).await;
        }
        Command::Users(users) => return users.run(&mut out).await,
        Command::Settings { json } => settings::print(json, &mut out),
    };
    printed.map_err(|error| output::unwritable(&error))
}
