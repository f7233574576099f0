//! What is printed.

use std::io::{self, Write};

use serde::Serialize;

use crate::util::log::is_format;

/// For scripts.
pub(super) fn write_json(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    let json = serde_json::to_string_pretty(value)?;
    // Such characters are only in strings. serde_json leaves some that a terminal obeys.
    for letter in json.chars() {
        if letter != '\n' && (letter.is_control() || is_format(letter)) {
            write!(out, "\\u{:04x}", u32::from(letter))?;
        } else {
            write!(out, "{letter}")?;
        }
    }
    writeln!(out)
}

/// The error of output that nobody takes.
pub(super) fn unwritable(error: &io::Error) -> String {
    format!("the output can't be written: {error}")
}
