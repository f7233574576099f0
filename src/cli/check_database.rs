//! The doctor's look at the database.

use super::{
    database::{NO_DATABASE, connect, missing_file},
    finding::Finding,
};
use crate::util::log::chain;

pub(super) fn check(url: Option<String>) -> Vec<Finding> {
    let Some(url) = url else {
        return vec![Finding::unknown("database", NO_DATABASE)];
    };
    let mend = "the reason names the place and the next step";
    if let Some(problem) = missing_file(&url) {
        return vec![Finding::failure("database", problem, mend)];
    }
    let pending = connect(&url).and_then(|store| {
        let pending = store.pending_migrations();
        pending.map_err(|error| chain(&error))
    });
    vec![match pending {
        Ok(0) => Finding::ok("database", "reached, and its tables are up to date"),
        Ok(pending) => Finding::failure(
            "database",
            format!("reached; {pending} migrations are to be run"),
            "run `microsoft-sso migrate`, or let the application call `DieselStore::migrate` at start",
        ),
        Err(error) => Finding::failure("database", error, mend),
    }]
}
