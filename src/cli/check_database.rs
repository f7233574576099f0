//! The doctor's look at the database.

use super::{database::NO_DATABASE, finding::Finding};
use crate::{settings::config::Config, store::diesel::DieselStore, util::log::chain};

pub(super) fn check(url: Option<String>) -> Vec<Finding> {
    let Some(url) = url else {
        return vec![Finding::unknown("database", NO_DATABASE)];
    };
    // The settings were checked; a store needs two of them.
    let Ok(config) = Config::load() else {
        return Vec::new();
    };
    let mend = "the reason names the place and the next step";
    let pending = DieselStore::connect(&url, &config).and_then(|store| store.pending_migrations());
    vec![match pending {
        Ok(0) => Finding::ok("database", "reached, and its tables are up to date"),
        Ok(pending) => Finding::failure(
            "database",
            format!("reached; {pending} migrations are to be run"),
            "run `microsoft-sso migrate`, or let the application call `DieselStore::migrate` at start",
        ),
        Err(error) => Finding::failure("database", chain(&error), mend),
    }]
}
