//! The log of this process, in which all its tests write.

use std::{
    io::Write,
    sync::{LazyLock, Mutex},
};

use tracing_subscriber::fmt::MakeWriter;

static LOG: LazyLock<Mutex<Vec<u8>>> = LazyLock::new(|| {
    tracing_subscriber::fmt()
        .with_env_filter("microsoft_sso=trace,actix_session=trace")
        .with_ansi(false)
        .with_writer(Log)
        .init();
    Mutex::default()
});

#[derive(Clone)]
struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// From here on everything is logged, at all levels.
pub(crate) fn begin() {
    LazyLock::force(&LOG);
}

pub(crate) fn text() -> String {
    String::from_utf8(LOG.lock().unwrap().clone()).unwrap()
}

/// The lines that hold all of these.
pub(crate) fn lines(parts: &[&str]) -> Vec<String> {
    let text = text();
    let lines = text.lines();
    let lines = lines.filter(|line| parts.iter().all(|part| line.contains(part)));
    lines.map(str::to_owned).collect()
}
