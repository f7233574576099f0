//! The program as whoever runs an application uses it: an environment, a folder, and what is printed.

use std::process::{Command, Output};

use microsoft_sso::testing::{CONTOSO, FakeEntra};
use tempfile::TempDir;

/// An application's environment, and its folder.
pub(crate) struct Setup {
    pub(crate) entra: FakeEntra,
    pub(crate) dir: TempDir,
    database: String,
    variables: Vec<(String, String)>,
}

impl Setup {
    /// One that lacks nothing.
    pub(crate) fn new() -> Self {
        Self::with_database("sqlite://app.sqlite3")
    }

    pub(crate) fn with_database(url: &str) -> Self {
        let entra = FakeEntra::start().unwrap();
        let dir = TempDir::new().unwrap();
        let mut setup = Self {
            variables: Vec::new(),
            entra,
            dir,
            database: url.to_owned(),
        };
        let entra = setup.entra.clone();
        setup.set("AUTHORITY", &entra.authority(CONTOSO));
        setup.set("GRAPH_URL", &entra.graph_url());
        setup.set("APPLICATION_ID", entra.application_id());
        setup.set("CLIENT_SECRET", entra.client_secret());
        setup.set("ALLOWABLE_DOMAINS", "contoso.example");
        setup.set("BASE_URL", "https://app.example");
        setup.set("SECRET_KEY", &setup.run(&["secret"]).0);
        setup.run(&["migrate"]);
        setup
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let name = format!("MICROSOFT_SSO_{name}");
        self.variables.retain(|(other, _)| *other != name);
        self.variables.push((name, value.trim().to_owned()));
    }

    fn output(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_microsoft-sso"));
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("DATABASE_URL", &self.database)
            .envs(variables);
        command.output().unwrap()
    }

    /// What it prints, and its exit status.
    pub(crate) fn run(&self, arguments: &[&str]) -> (String, i32) {
        let output = self.output(arguments);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (said, output.status.code().unwrap())
    }

    pub(crate) fn check(&self) -> (String, i32) {
        let (said, status) = self.run(&["check"]);
        let secret = self
            .variables
            .iter()
            .find(|(name, _)| name.ends_with("SECRET_KEY"));
        if let Some((_, secret)) = secret.filter(|(_, secret)| !secret.is_empty()) {
            assert!(!said.contains(secret), "{said}");
        }
        (said.replace(&self.entra.url(), "https://entra"), status)
    }
}
