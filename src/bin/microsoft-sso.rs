//! `microsoft-sso`: what whoever runs the application needs. The commands are in the library's `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    microsoft_sso::cli::main()
}
