//! What is wrong with the settings, and how to correct it.

use std::fmt;

/// A problem with one setting. It never holds the value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigProblem {
    /// The name of the setting.
    pub setting: String,
    /// What is wrong with it.
    pub problem: String,
    /// How to correct it.
    pub help: String,
}

impl ConfigProblem {
    pub(crate) fn new(
        setting: impl Into<String>,
        problem: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            setting: setting.into(),
            problem: problem.into(),
            help: help.into(),
        }
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            setting,
            problem,
            help,
        } = self;
        write!(f, "`{setting}`")?;
        // The environment can't name a site.
        if !setting.starts_with("sites") {
            write!(f, " (MICROSOFT_SSO_{})", setting.to_uppercase())?;
        }
        write!(f, ": {problem}; {help}")
    }
}

/// The settings can't be used: all problems at once.
///
/// `Debug` prints the same list as `Display`, because a `main` that returns the error shows that.
#[derive(Clone, thiserror::Error)]
pub struct ConfigError {
    problems: Vec<ConfigProblem>,
    /// Variables that are no settings, but look like some: a setting is missing for its spelling.
    misspelt: Vec<ConfigProblem>,
}

impl ConfigError {
    pub(super) fn new(problems: Vec<ConfigProblem>, misspelt: Vec<ConfigProblem>) -> Self {
        Self { problems, misspelt }
    }

    /// All problems, in the order of the settings.
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the settings of microsoft_sso have ")?;
        match self.problems.len() + self.misspelt.len() {
            1 => write!(f, "a problem:")?,
            n => write!(f, "{n} problems:")?,
        }
        for problem in self.problems.iter().chain(&self.misspelt) {
            write!(f, "\n  - {problem}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
