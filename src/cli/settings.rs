//! `settings`: each value, and where it comes from.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use super::output::write_json;
use crate::{
    settings::{builder::ShownSetting, config::Config},
    util::log::printable,
};

pub(super) fn print(json: bool, out: &mut impl Write) -> io::Result<ExitCode> {
    let builder = Config::builder().environment();
    let shown = builder.shown();
    if json {
        write_json(&shown, out)?;
    } else {
        for ShownSetting {
            name,
            value,
            origin,
        } in &shown
        {
            writeln!(
                out,
                "{name:<26} {:<32} {}",
                printable(value),
                printable(origin)
            )?;
        }
    }
    Ok(match builder.build() {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            writeln!(io::stderr(), "{error}")?;
            ExitCode::FAILURE
        }
    })
}
