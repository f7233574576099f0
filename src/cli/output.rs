//! What is printed.

use std::io::{self, Write};

use serde::Serialize;

/// For scripts.
pub(super) fn write_json(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

/// The error of output that nobody takes.
pub(super) fn unwritable(error: &io::Error) -> String {
    format!("the output can't be written: {error}")
}
