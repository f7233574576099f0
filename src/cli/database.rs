//! Which database the commands are about.

use clap::Args;

use crate::{
    settings::config::Config,
    store::diesel::DieselStore,
    util::{environment::variable, log::chain},
};

pub(super) const NO_DATABASE: &str =
    "no database is named: give `--database URL`, or set DATABASE_URL";

#[derive(Args)]
pub(super) struct Database {
    /// The database, such as sqlite://app.sqlite3 or postgres://user@host/name; by default that of the variable
    /// DATABASE_URL.
    #[arg(long = "database", value_name = "URL", global = true)]
    url: Option<String>,
}

impl Database {
    /// The URL. It may hold a password, so nothing prints it.
    pub(super) fn url(&self) -> Option<String> {
        self.url.clone().or_else(|| variable("DATABASE_URL"))
    }

    pub(super) fn connect(&self) -> Result<DieselStore, String> {
        let url = self.url().ok_or(NO_DATABASE)?;
        let config = Config::builder().enabled(false).build();
        let config = config.map_err(|error| error.to_string())?;
        DieselStore::connect(&url, &config).map_err(|error| chain(&error))
    }
}
