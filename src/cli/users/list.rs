//! `users list`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use crate::{
    account::user::User,
    cli::output::{unwritable, write_json},
    store::diesel::DieselStore,
    util::log::{chain, printable},
};

/// The widest a column gets, in characters.
const WIDEST: usize = 40;

pub(super) async fn list(
    store: &DieselStore,
    text: &str,
    after: i64,
    limit: i64,
    json: bool,
    out: &mut impl Write,
) -> Result<ExitCode, String> {
    // One more tells whether there are more.
    let users = store.people(text, after, limit.saturating_add(1)).await;
    let mut users = users.map_err(|error| chain(&error))?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let are_more = users.len() > limit;
    users.truncate(limit);
    let printed = if json {
        write_json(&users, out)
    } else {
        print_table(&users, are_more, out)
    };
    printed.map_err(|error| unwritable(&error))?;
    Ok(ExitCode::SUCCESS)
}

fn print_table(users: &[User], are_more: bool, out: &mut impl Write) -> io::Result<()> {
    let head = [
        "id",
        "user name",
        "address",
        "name",
        "rights",
        "last sign-in",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(users.iter().map(row));
    let widths: [usize; 6] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    });
    for row in &rows {
        let cells = row.iter().zip(widths);
        let cells: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    if let Some(last) = users.last().filter(|_| are_more) {
        writeln!(out, "\nThere are more: --after {}", last.id)?;
    }
    Ok(())
}

fn row(user: &User) -> [String; 6] {
    let mut email = cell(&user.email);
    if !user.email.is_empty() && !user.email_verified {
        email.push_str(" (unproved)");
    }
    let login = user.last_login.map(|at| at.format("%Y-%m-%d %H:%M"));
    [
        user.id.to_string(),
        cell(&user.username),
        email,
        cell(format!("{} {}", user.first_name, user.last_name).trim()),
        rights(user).to_owned(),
        login.map_or_else(|| "never".to_owned(), |at| at.to_string()),
    ]
}

/// Text that came from outside, as it may go to a terminal.
fn cell(text: &str) -> String {
    let text = printable(text);
    if text.chars().count() <= WIDEST {
        return text;
    }
    let kept = text.chars().take(WIDEST - 1);
    kept.chain(['…']).collect()
}

pub(super) fn rights(user: &User) -> &'static str {
    match (user.is_active, user.is_superuser, user.is_staff) {
        (false, ..) => "inactive",
        (_, true, _) => "superuser",
        (_, _, true) => "staff",
        _ => "",
    }
}
