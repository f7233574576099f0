//! Which database the commands are about.

use std::path::Path;

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

    /// Connects to a database that is there: a mistyped path makes no file.
    pub(super) fn connect_existing(&self) -> Result<DieselStore, String> {
        let url = self.url().ok_or(NO_DATABASE)?;
        missing_file(&url).map_or_else(|| self.connect(), Err)
    }

    pub(super) fn connect(&self) -> Result<DieselStore, String> {
        connect(&self.url().ok_or(NO_DATABASE)?)
    }
}

pub(super) fn connect(url: &str) -> Result<DieselStore, String> {
    let config = Config::builder().enabled(false).build();
    let config = config.map_err(|error| error.to_string())?;
    DieselStore::connect(url, &config).map_err(|error| chain(&error))
}

/// What to say where the URL names an SQLite file that isn't there.
pub(super) fn missing_file(url: &str) -> Option<String> {
    let path = url.strip_prefix("sqlite://")?;
    let path = path.split('?').next().unwrap_or_default();
    let is_file = !path.starts_with(':') && !path.starts_with("file:");
    (is_file && !Path::new(path).exists()).then(|| {
        format!(
            "there is no file `{path}`; if that is the right one, `microsoft-sso migrate` makes it"
        )
    })
}
