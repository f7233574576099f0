//! Members of a JSON document that decide nothing: of an odd type they count as absent, and the
//! document is read all the same.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Text, or nothing.
pub(crate) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

/// What the text means, or nothing.
pub(crate) fn parsed<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr,
{
    Ok(text(from)?.and_then(|text| text.parse().ok()))
}
