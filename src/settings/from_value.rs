//! Settings from a file or the environment, where most values are text.

use std::time::Duration;

use super::{
    choices::{Guests, Prompt, ResponseMode},
    texts::Texts,
};
use crate::util::secret::Secret;

/// A list of strings. In the environment it is separated by commas: `a.example, b.example`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List(Vec<String>);

impl List {
    /// The entries.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<T: Into<String>, const N: usize> From<[T; N]> for List {
    fn from(entries: [T; N]) -> Self {
        entries.into_iter().map(Into::into).collect()
    }
}

impl<T: Into<String>> From<Vec<T>> for List {
    fn from(entries: Vec<T>) -> Self {
        entries.into_iter().map(Into::into).collect()
    }
}

impl From<&str> for List {
    fn from(entries: &str) -> Self {
        entries.split(',').map(str::to_owned).collect()
    }
}

impl FromIterator<String> for List {
    fn from_iter<I: IntoIterator<Item = String>>(entries: I) -> Self {
        let trimmed = entries.into_iter().map(|entry| entry.trim().to_owned());
        Self(trimmed.filter(|entry| !entry.is_empty()).collect())
    }
}

/// A list of secrets, written as [`List`] is. `Debug` shows none of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets(Vec<Secret>);

impl Secrets {
    /// The secrets.
    pub fn iter(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter()
    }
}

impl<T: Into<List>> From<T> for Secrets {
    fn from(list: T) -> Self {
        Self(list.into().iter().map(Secret::new).collect())
    }
}

/// A type of a setting. The error says what was expected and never repeats the value, which may be
/// a secret.
pub(super) trait FromValue: Sized {
    fn from_value(value: &config::Value) -> Result<Self, String>;
}

impl FromValue for bool {
    fn from_value(value: &config::Value) -> Result<Self, String> {
        let value = value.clone().into_bool();
        value.map_err(|_| "it is neither `true` nor `false`".to_owned())
    }
}

impl FromValue for u32 {
    fn from_value(value: &config::Value) -> Result<Self, String> {
        let number = value.clone().into_uint();
        let number = number.ok().and_then(|number| number.try_into().ok());
        number.ok_or_else(|| "it is not a whole number".to_owned())
    }
}

impl FromValue for String {
    fn from_value(value: &config::Value) -> Result<Self, String> {
        let text = value.clone().into_string();
        text.map(|text| text.trim().to_owned())
            .map_err(|_| "it is not text".to_owned())
    }
}

impl FromValue for Secret {
    fn from_value(value: &config::Value) -> Result<Self, String> {
        String::from_value(value).map(Secret::new)
    }
}

impl FromValue for Duration {
    fn from_value(value: &config::Value) -> Result<Self, String> {
        let text = String::from_value(value)?;
        // A number alone is repeated, if it is too short for a secret.
        if text.len() <= 8 && text.parse::<u32>().is_ok() {
            return Err(format!(
                "it is a number without a unit; write `{text}s` for seconds"
            ));
        }
        humantime::parse_duration(&text).map_err(|_| {
            "it is not a duration with its unit, such as `90s`, `10m` or `1h`".to_owned()
        })
    }
}

impl FromValue for Option<Duration> {
    /// Empty text is none, as an unset variable, and so is `off`.
    fn from_value(value: &config::Value) -> Result<Self, String> {
        let text = String::from_value(value)?;
        if text.is_empty() || text == "off" {
            return Ok(None);
        }
        Duration::from_value(value).map(Some)
    }
}

impl FromValue for List {
    fn from_value(value: &config::Value) -> Result<Self, String> {
        match value.clone().into_array() {
            Ok(entries) => entries.iter().map(String::from_value).collect(),
            Err(_) => Ok(Self::from(String::from_value(value)?.as_str())),
        }
    }
}

impl FromValue for Secrets {
    fn from_value(value: &config::Value) -> Result<Self, String> {
        List::from_value(value).map(Self::from)
    }
}

impl FromValue for Texts {
    fn from_value(value: &config::Value) -> Result<Self, String> {
        let wrong = |_| "it is not a table of languages with texts".to_owned();
        let mut texts = Self::new();
        for (tag, of_language) in value.clone().into_table().map_err(wrong)? {
            let mut named = Vec::new();
            for (name, text) in of_language.into_table().map_err(wrong)? {
                named.push((name, String::from_value(&text)?));
            }
            texts = texts.language(tag, named);
        }
        Ok(texts)
    }
}

/// One of a few names.
fn choice<T>(
    value: &config::Value,
    names: &[&str],
    parse: fn(&str) -> Option<T>,
) -> Result<T, String> {
    let choice = parse(&String::from_value(value)?);
    choice.ok_or_else(|| format!("it is none of `{}`", names.join("`, `")))
}

impl FromValue for Guests {
    fn from_value(value: &config::Value) -> Result<Self, String> {
        choice(value, Self::NAMES, Self::parse)
    }
}

impl FromValue for ResponseMode {
    fn from_value(value: &config::Value) -> Result<Self, String> {
        choice(value, Self::NAMES, Self::parse)
    }
}

impl FromValue for Option<Prompt> {
    /// Empty text is none, as an unset variable.
    fn from_value(value: &config::Value) -> Result<Self, String> {
        if String::from_value(value)?.is_empty() {
            return Ok(None);
        }
        choice(value, Prompt::NAMES, Prompt::parse).map(Some)
    }
}
