//! `users show`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use serde::Serialize;

use super::{
    find::{find, number},
    list::rights,
};
use crate::{
    account::user::User,
    cli::output::{unwritable, write_json},
    store::{diesel::DieselStore, people::Account, user_store::UserStore},
    util::{
        clock::{Clock, SystemClock},
        log::{chain, printable},
    },
};

/// What is known of a user.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    user: User,
    accounts: Vec<Account>,
    /// Those in the database, or with a refresh token there.
    sessions: i64,
    microsoft_id: Option<String>,
    locale: Option<String>,
    has_picture: bool,
}

pub(super) async fn show(
    store: &DieselStore,
    name: &str,
    json: bool,
    out: &mut impl Write,
) -> Result<ExitCode, String> {
    let user = find(store, name).await?;
    let shown = shown(store, user).await?;
    let printed = if json {
        write_json(&shown, out)
    } else {
        print_text(&shown, out)
    };
    printed.map_err(|error| unwritable(&error))?;
    Ok(ExitCode::SUCCESS)
}

async fn shown(store: &DieselStore, user: User) -> Result<Shown, String> {
    let failed = |error| chain(&error);
    let number = number(&user)?;
    let accounts = store.accounts(number).await.map_err(failed)?;
    let now = SystemClock.now().timestamp();
    let sessions = store.count_sessions(number, now).await.map_err(failed)?;
    let microsoft = store.microsoft_user(&user.id).await.map_err(failed)?;
    let locale = microsoft.as_ref().and_then(|it| it.locale.clone());
    Ok(Shown {
        user,
        accounts,
        sessions,
        locale,
        has_picture: microsoft.as_ref().is_some_and(|it| it.picture.is_some()),
        microsoft_id: microsoft.map(|it| it.microsoft_id),
    })
}

fn print_text(shown: &Shown, out: &mut impl Write) -> io::Result<()> {
    let user = &shown.user;
    let mut line = |name: &str, value: &str| writeln!(out, "{name:<14} {}", printable(value));
    line("id", &user.id.to_string())?;
    line("user name", &user.username)?;
    let proof = match (user.email.is_empty(), user.email_verified) {
        (true, _) => "",
        (_, true) => " (proved)",
        (_, false) => " (not proved)",
    };
    line("address", &format!("{}{proof}", user.email))?;
    line(
        "name",
        format!("{} {}", user.first_name, user.last_name).trim(),
    )?;
    line("rights", rights(user))?;
    line("joined", &user.date_joined.to_rfc3339())?;
    let login = user.last_login.map(|at| at.to_rfc3339());
    line("last sign-in", login.as_deref().unwrap_or("never"))?;
    line("sessions", &shown.sessions.to_string())?;
    if let Some(id) = &shown.microsoft_id {
        line("microsoft_id", id)?;
        line("locale", shown.locale.as_deref().unwrap_or_default())?;
        line("picture", if shown.has_picture { "yes" } else { "no" })?;
    }
    for account in &shown.accounts {
        let guest = if account.is_guest == Some(true) {
            ", a guest"
        } else {
            ""
        };
        let name = account.user_principal_name.as_deref().unwrap_or_default();
        let (tenant, object) = (&account.tenant_id, &account.object_id);
        line(
            "account",
            &format!("{object} of tenant {tenant} {name}{guest}"),
        )?;
    }
    if shown.accounts.is_empty() {
        line("account", "none at Microsoft")?;
    }
    Ok(())
}
