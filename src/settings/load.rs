//! Settings from a TOML file and from the environment, by the `config` crate.

use std::path::Path;

use config::{Environment, File, FileFormat, Map, Source, Value};

use super::{ConfigBuilder, Mistake, sites, values::Values};

const PREFIX: &str = "MICROSOFT_SSO";

/// The table of the hosts that have settings of their own; it is no setting itself.
const SITES: &str = "sites";

/// Names a settings file; it is no setting itself.
const FILE: &str = "config";

pub(super) fn environment(builder: &mut ConfigBuilder) {
    let source = Environment::with_prefix(PREFIX).prefix_separator("_");
    let mut values = match source.collect() {
        Ok(values) => values,
        Err(error) => {
            let remedy = "set variables that are valid UTF-8";
            let mistake = Mistake::new("environment", error.to_string(), remedy);
            return builder.mistakes.push(mistake);
        }
    };
    if let Some(path) = values.remove(FILE).and_then(|path| path.into_string().ok()) {
        file(builder, Path::new(&path));
    }
    // A deployment may keep variables of its own under the prefix, so a stranger is a warning.
    apply(builder, values, |builder, mistake| {
        builder.warnings.push(mistake);
    });
}

pub(super) fn file(builder: &mut ConfigBuilder, path: &Path) {
    let source = File::from(path).format(FileFormat::Toml);
    match source.collect() {
        Ok(mut values) => {
            let table = values.remove("microsoft_sso").map(Value::into_table);
            let values = match table {
                Some(Ok(table)) => table,
                _ => values,
            };
            apply(builder, values, |builder, mistake| {
                builder.mistakes.push(mistake);
            });
        }
        // The error of the parser may quote the file, and the file holds secrets.
        Err(_) => builder.mistakes.push(Mistake::new(
            FILE,
            format!("the file {} can't be read as TOML", path.display()),
            "check that it is there, readable, and valid TOML",
        )),
    }
}

pub(super) fn apply(
    builder: &mut ConfigBuilder,
    values: Map<String, Value>,
    unknown: impl Fn(&mut ConfigBuilder, Mistake),
) {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, value) in values {
        if name == SITES {
            sites::table(builder, value);
        } else if !Values::NAMES.contains(&name.as_str()) {
            let remedy = format!("the settings are: {}", Values::NAMES.join(", "));
            unknown(
                builder,
                Mistake::new(name, "there is no setting of this name", remedy),
            );
        } else if let Err(problem) = builder.values.set(&name, &value) {
            let remedy = "see its description in the documentation of `ConfigBuilder`";
            builder.mistakes.push(Mistake::new(name, problem, remedy));
        }
    }
}
