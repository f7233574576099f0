//! Settings from a TOML file and from the environment, by the `config` crate.

use std::{fs, path::Path};

use config::{Environment, File, FileFormat, Map, Source, Value, ValueKind};

use super::{
    azure::AzureVariables,
    builder::{Change, ConfigBuilder, Values},
    problem::ConfigProblem,
    suggest,
};
use crate::util::environment::variable;

const PREFIX: &str = "MICROSOFT_SSO";

/// The table of the hosts that have settings of their own; not a setting itself.
const SITES: &str = "sites";

/// Names a settings file; not a setting itself.
const FILE: &str = "config";

/// The settings that are secrets.
const SECRETS: [&str; 5] = [
    "client_secret",
    "client_secret_next",
    "proxy",
    "secret_key",
    "secret_key_previous",
];

impl ConfigBuilder {
    /// Reads the environment: each variable `MICROSOFT_SSO_<NAME>` that is set. Lists are
    /// separated by commas, durations carry their unit (`10m`).
    #[must_use]
    pub fn environment(mut self) -> Self {
        self.azure = AzureVariables::read(variable);
        let source = Environment::with_prefix(PREFIX).prefix_separator("_");
        match source.collect() {
            Ok(values) => self.set_variables(values),
            Err(error) => {
                let help = "set variables that are valid UTF-8";
                let problem = ConfigProblem::new("environment", error.to_string(), help);
                self.problems.push(problem);
                self
            }
        }
    }

    /// Sets what variables of the prefix hold, by their names in lower case without it.
    fn set_variables(mut self, mut values: Map<String, Value>) -> Self {
        if let Some(path) = values.remove(FILE).and_then(|path| path.into_string().ok()) {
            self = self.file(&path);
        }
        // A deployment may have variables of its own under the prefix, so an unknown one is a warning.
        self.apply(values, "environment", |builder, problem| {
            builder.warnings.push(problem);
        });
        self
    }

    /// Reads a TOML file: the settings are at the top level, or in the table `[microsoft_sso]`.
    #[must_use]
    pub fn file(mut self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        match read(path) {
            Ok(mut values) => {
                let table = values.remove("microsoft_sso").map(Value::into_table);
                let values = match table {
                    Some(Ok(table)) => table,
                    _ => values,
                };
                if is_open_to_all(path) && holds_secret(&values) {
                    let problem = format!("each user of the machine can read {}", path.display());
                    let help = "let the user of the application alone read it (`chmod 600`; for a mounted secret of Kubernetes, `defaultMode: 0400`)";
                    let warning = ConfigProblem::new(FILE, problem, help);
                    self.warnings.push(warning);
                }
                let origin = path.display().to_string();
                self.apply(values, &origin, |builder, problem| {
                    builder.problems.push(problem);
                });
            }
            Err(problem) => self.problems.push(problem),
        }
        self
    }

    /// Sets what a table holds; `report_unknown` is given what is no setting.
    pub(super) fn apply(
        &mut self,
        values: Map<String, Value>,
        origin: &str,
        report_unknown: impl Fn(&mut Self, ConfigProblem),
    ) {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, value) in values {
            if name == SITES {
                self.site_tables(value);
            } else if !Values::NAMES.contains(&name.as_str()) {
                let help = suggest::help(&name, "settings", Values::NAMES);
                let problem = ConfigProblem::new(name, "there is no setting of this name", help);
                report_unknown(self, problem);
            } else if let Err(problem) = self.values.set(&name, &value) {
                let help = "see its description in the documentation of `ConfigBuilder`";
                self.problems.push(ConfigProblem::new(name, problem, help));
            } else {
                self.origins.insert(name, origin.to_owned());
            }
        }
    }

    /// The tables of the sites, one per host.
    fn site_tables(&mut self, value: Value) {
        let problem = || {
            ConfigProblem::new(
                SITES,
                "it is not a table of tables",
                "write `[sites.\"app.example.com\"]` and settings below it",
            )
        };
        let Ok(hosts) = value.into_table() else {
            return self.problems.push(problem());
        };
        let mut hosts: Vec<_> = hosts.into_iter().collect();
        hosts.sort_by(|a, b| a.0.cmp(&b.0));
        for (host, settings) in hosts {
            match settings.into_table() {
                Ok(settings) => self.sites.push((host, Change::Table(settings))),
                Err(_) => self.problems.push(problem()),
            }
        }
    }
}

/// The settings of a TOML file. The parser's error quotes the file, which holds secrets, so of it
/// only the place is taken.
fn read(path: &Path) -> Result<Map<String, Value>, ConfigProblem> {
    let file = path.display();
    let text = fs::read_to_string(path).map_err(|error| {
        let problem = format!("the file {file} can't be read: {error}");
        ConfigProblem::new(
            FILE,
            problem,
            "give the path of a file that this process may read",
        )
    })?;
    let parsed = File::from_str(&text, FileFormat::Toml).collect();
    parsed.map_err(|error| {
        let at = place(&error.to_string()).map_or_else(String::new, |(line, column)| {
            format!(" (line {line}, column {column})")
        });
        let problem = format!("the file {file} is not TOML{at}");
        let help = "correct that line; text stands in quotes, and each name once in its table";
        ConfigProblem::new(FILE, problem, help)
    })
}

/// Whether users other than the file's own and its group may read it.
fn is_open_to_all(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).is_ok_and(|metadata| metadata.mode() & 0o004 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

fn holds_secret(values: &Map<String, Value>) -> bool {
    values.iter().any(|(name, value)| match &value.kind {
        ValueKind::Table(values) => holds_secret(values),
        ValueKind::String(text) if text.is_empty() => false,
        _ => SECRETS.contains(&name.as_str()),
    })
}

/// Line and column of the parser's error, which begins "TOML parse error at line 2, column 17".
fn place(error: &str) -> Option<(u32, u32)> {
    let (_, rest) = error.lines().next()?.split_once("at line ")?;
    let (line, column) = rest.split_once(", column ")?;
    let digits = column.find(|c: char| !c.is_ascii_digit());
    let column = &column[..digits.unwrap_or(column.len())];
    Some((line.parse().ok()?, column.parse().ok()?))
}

#[cfg(test)]
impl ConfigBuilder {
    /// As [`environment`](Self::environment), with these variables.
    pub(super) fn variables<const N: usize>(self, variables: [(&str, &str); N]) -> Self {
        let variables = variables.map(|(name, value)| (name.to_owned(), value.into()));
        self.set_variables(variables.into_iter().collect())
    }

    /// As [`environment`](Self::environment), with these variables of Azure.
    pub(super) fn azure<const N: usize>(mut self, variables: [(&str, &str); N]) -> Self {
        let value = |name: &str| {
            let set = variables.iter().find(|(own, _)| *own == name)?;
            Some(set.1.to_owned())
        };
        self.azure = AzureVariables::read(value);
        self
    }
}
