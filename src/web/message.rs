//! A message of the plugin for the person.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A message of the plugin for the person, such as why a sign-in failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    level: Level,
    text: String,
}

/// How serious a [`Message`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Level {
    /// Nothing is wrong: the person cancelled the sign-in.
    Info,
    /// The sign-in succeeded, but something is missing.
    Warning,
    /// The sign-in failed.
    Error,
}

impl Message {
    pub(super) fn new(level: Level, text: String) -> Self {
        Self { level, text }
    }

    /// How serious it is.
    pub fn level(&self) -> Level {
        self.level
    }

    /// What the login page's stylesheet calls it.
    pub(super) fn class(&self) -> &'static str {
        match self.level {
            Level::Info => "microsoft-sso-info",
            Level::Warning => "microsoft-sso-warning",
            Level::Error => "microsoft-sso-error",
        }
    }

    /// How screen readers announce it: at once, or when they come to it.
    pub(super) fn role(&self) -> &'static str {
        match self.level {
            Level::Info => "status",
            Level::Warning | Level::Error => "alert",
        }
    }

    /// Plain text in the language of the person: escape it in HTML.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
