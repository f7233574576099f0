//! `users import`: links for many, for those who come from another library.

use std::{
    collections::{HashMap, HashSet},
    fs,
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
};

use serde::Serialize;
use uuid::Uuid;

use super::{
    change::{linked, object_id, would_link},
    find::find,
};
use crate::{
    account::user::UserId,
    cli::output::{unwritable, write_json},
    store::{
        diesel::DieselStore,
        user_store::{LinkOutcome, UserStore},
    },
    util::log::chain,
};

/// Progress is shown once in so many lines.
const SHOWN_EVERY: usize = 100;

/// What some spreadsheets begin a file with.
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// What came of a file, or would.
#[derive(Default, Serialize)]
struct Summary {
    dry_run: bool,
    linked: usize,
    unchanged: usize,
    failed: Vec<Failed>,
}

/// A line that nothing came of.
#[derive(Serialize)]
struct Failed {
    line: usize,
    reason: String,
}

/// What the lines before would have linked.
#[derive(Default)]
struct Planned {
    users: HashSet<UserId>,
    accounts: HashMap<(Uuid, String), UserId>,
}

impl Planned {
    fn add(&mut self, alone: LinkOutcome, user: UserId, account: (Uuid, String)) -> LinkOutcome {
        if alone != LinkOutcome::Linked {
            return alone;
        }
        match self.accounts.get(&account) {
            Some(owner) if *owner == user => return LinkOutcome::Unchanged,
            Some(_) => return LinkOutcome::AccountTaken,
            None => {}
        }
        if !self.users.insert(user.clone()) {
            return LinkOutcome::UserTaken;
        }
        self.accounts.insert(account, user);
        LinkOutcome::Linked
    }
}

pub(super) async fn import(
    store: &DieselStore,
    file: &Path,
    dry_run: bool,
    json: bool,
    out: &mut impl Write,
) -> Result<ExitCode, String> {
    let unreadable = |error| format!("{} can't be read: {error}", file.display());
    let text = fs::read(file).map_err(unreadable)?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text);
    let mut planned = Planned::default();
    let mut summary = Summary {
        dry_run,
        ..Summary::default()
    };
    let shows_progress = io::stderr().is_terminal();
    for (line, number) in text.split(|byte| *byte == b'\n').zip(1..) {
        if shows_progress && number % SHOWN_EVERY == 0 {
            let _ = write!(io::stderr(), "\r{number} lines");
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let planned = dry_run.then_some(&mut planned);
        match import_line(store, line, planned).await {
            Ok(true) => summary.linked += 1,
            Ok(false) => summary.unchanged += 1,
            Err(reason) => summary.failed.push(Failed {
                line: number,
                reason,
            }),
        }
    }
    if shows_progress {
        let _ = write!(io::stderr(), "\r");
    }
    print(&summary, json, out).map_err(|error| unwritable(&error))?;
    Ok(if summary.failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Whether the link is new.
async fn import_line(
    store: &DieselStore,
    line: &[u8],
    planned: Option<&mut Planned>,
) -> Result<bool, String> {
    let line = str::from_utf8(line).map_err(|_error| "it is not UTF-8".to_owned())?;
    let fields: Vec<_> = line.split(',').map(str::trim).collect();
    let &[user, tenant, object] = fields.as_slice() else {
        return Err("it is not USER,TENANT,OBJECT".to_owned());
    };
    let tenant = Uuid::try_parse(tenant).map_err(|_error| "the tenant is no UUID".to_owned())?;
    let user = find(store, user).await?;
    let object = object_id(&user, tenant, object)?;
    let outcome = if let Some(planned) = planned {
        let outcome = would_link(store, &user, tenant, &object).await?;
        planned.add(outcome, user.id, (tenant, object))
    } else {
        let outcome = store.link(&user.id, tenant, &object).await;
        outcome.map_err(|error| chain(&error))?
    };
    linked(outcome)
}

fn print(summary: &Summary, json: bool, out: &mut impl Write) -> io::Result<()> {
    if json {
        return write_json(summary, out);
    }
    for Failed { line, reason } in &summary.failed {
        writeln!(out, "line {line}: {reason}")?;
    }
    let dry = if summary.dry_run { "would be " } else { "" };
    writeln!(
        out,
        "{} {dry}linked, {} linked before, {} failed",
        summary.linked,
        summary.unchanged,
        summary.failed.len()
    )
}
