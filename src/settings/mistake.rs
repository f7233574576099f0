//! What is wrong with the settings, said so that it can be mended.

use std::fmt;

/// One mistake in the settings: which, what is wrong, how to mend it. Never the value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// The name of the setting.
    pub setting: String,
    /// What is wrong with it.
    pub problem: String,
    /// How to mend it.
    pub remedy: String,
}

impl Mistake {
    pub(crate) fn new(
        setting: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            setting: setting.into(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            setting,
            problem,
            remedy,
        } = self;
        // The environment can't name a site.
        match setting.starts_with("sites") {
            true => write!(f, "`{setting}`: {problem}; {remedy}"),
            false => write!(
                f,
                "`{setting}` (MICROSOFT_SSO_{}): {problem}; {remedy}",
                setting.to_uppercase()
            ),
        }
    }
}

/// The settings can't be used. It holds every mistake that was found.
///
/// `Debug` prints the same list as `Display`, for it is what a `main` that returns the error shows.
#[derive(Clone, thiserror::Error)]
pub struct ConfigError {
    mistakes: Vec<Mistake>,
}

impl ConfigError {
    pub(super) fn new(mistakes: Vec<Mistake>) -> Self {
        Self { mistakes }
    }

    /// All mistakes, in the order of the settings.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the settings of microsoft_sso have ")?;
        match self.mistakes.len() {
            1 => write!(f, "a mistake:")?,
            n => write!(f, "{n} mistakes:")?,
        }
        for mistake in &self.mistakes {
            write!(f, "\n  - {mistake}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
