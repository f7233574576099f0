//! From given settings to checked ones: every problem is found, not the first alone.

use super::{
    builder::ConfigBuilder,
    check::Check,
    config::{Config, Settings},
    problem::{ConfigError, ConfigProblem},
    suggest::DID_YOU_MEAN,
};

impl Config {
    /// Settings from the environment: `MICROSOFT_SSO_APPLICATION_ID` and so on, each named after
    /// the setting. Where `MICROSOFT_SSO_CONFIG` names a TOML file, that is read, too; the
    /// environment takes precedence.
    ///
    /// # Errors
    /// All problems at once, each with the setting, what is wrong and how to correct it.
    pub fn load() -> Result<Self, ConfigError> {
        Self::builder().environment().build()
    }
}

impl ConfigBuilder {
    /// Checks the settings.
    ///
    /// # Errors
    /// All problems at once, those of reading the file and the environment included.
    pub fn build(self) -> Result<Config, ConfigError> {
        let Self {
            mut values,
            problems,
            warnings,
            sites,
            azure,
            ..
        } = self;
        // Sites are made of what was given: the pod's credential is not that of a site with its own.
        let given = values.clone();
        values.fill_from_azure(azure.clone(), !sites.is_empty());
        let is_misspelt = |warning: &&ConfigProblem| warning.help.starts_with(DID_YOU_MEAN);
        let misspelt: Vec<_> = warnings.iter().filter(is_misspelt).cloned().collect();
        let mut check = Check { problems, warnings };
        let settings = check.settings(&values, sites.is_empty());
        // After the base settings, so that an inherited problem is reported once.
        let sites = check.sites(&given, &azure, sites, Self::build);
        let Check { problems, warnings } = check;
        match settings {
            Some(settings) if problems.is_empty() => Ok(Config(Settings {
                sites,
                warnings,
                ..settings
            })),
            _ => Err(ConfigError::new(problems, misspelt)),
        }
    }
}
