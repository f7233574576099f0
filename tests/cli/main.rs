//! `microsoft-sso`, as whoever runs an application uses it: the program itself.

#![cfg(feature = "cli")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed"
)]

#[path = "../support/certificate.rs"]
mod certificate;
mod check;
#[path = "../integration/database.rs"]
#[expect(dead_code, reason = "it serves other tests, too")]
mod database;
mod setup;
mod simulate;
mod users;
