//! How a setting is read from a file or the environment, where most values are text.

use std::time::Duration;

use crate::{secret::Secret, text::Texts};

/// A list of strings. In the environment it is written with commas: `a.example, b.example`.
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

/// A type that a setting can have. The error says what was expected; it never repeats the value,
/// which may be a secret.
pub(crate) trait FromValue: Sized {
    fn from_value(value: &config::Value) -> Result<Self, String>;
}

impl FromValue for bool {
    fn from_value(value: &config::Value) -> Result<Self, String> {
        let value = value.clone();
        value
            .into_bool()
            .map_err(|_| "it is neither `true` nor `false`".to_owned())
    }
}

impl FromValue for u32 {
    fn from_value(value: &config::Value) -> Result<Self, String> {
        let number = value.clone().into_uint();
        let number = number.ok().and_then(|number| number.try_into().ok());
        number.ok_or_else(|| "it is no whole number".to_owned())
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
        humantime::parse_duration(&String::from_value(value)?)
            .map_err(|_| "it is no duration with its unit, such as `90s`, `10m` or `1h`".to_owned())
    }
}

impl FromValue for List {
    fn from_value(value: &config::Value) -> Result<Self, String> {
        match value.clone().into_array() {
            Ok(entries) => entries.iter().map(String::from_value).collect(),
            Err(_) => Ok(List::from(String::from_value(value)?.as_str())),
        }
    }
}

impl FromValue for Texts {
    fn from_value(value: &config::Value) -> Result<Self, String> {
        let wrong = |_| "it is no table of languages with texts".to_owned();
        let mut texts = Self::new();
        for (tag, of_language) in value.clone().into_table().map_err(wrong)? {
            let mut said = Vec::new();
            for (name, text) in of_language.into_table().map_err(wrong)? {
                said.push((name, String::from_value(&text)?));
            }
            texts = texts.language(tag, said);
        }
        Ok(texts)
    }
}
