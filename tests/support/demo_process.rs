//! The demo, a release build, as a process that is measured.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use actix_web::rt::time::sleep;
use microsoft_sso::testing::FakeEntra;

/// The demo, ended with the benchmark.
pub(crate) struct Demo {
    process: Child,
    pub(crate) url: String,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Demo {
    /// `roots` is the file of the certificates that it trusts.
    pub(crate) async fn start(
        entra: &FakeEntra,
        dir: &Path,
        roots: &Path,
        settings: &[(&str, &str)],
    ) -> Self {
        let bench = std::env::current_exe().unwrap();
        let target = bench.parent().unwrap().parent().unwrap();
        let program = target.join("examples/demo");
        Self::start_program(&program, "127.0.0.1:18000", entra, dir, roots, settings).await
    }

    /// Any program that takes the demo's environment.
    pub(crate) async fn start_program(
        program: &Path,
        address: &str,
        entra: &FakeEntra,
        dir: &Path,
        roots: &Path,
        settings: &[(&str, &str)],
    ) -> Self {
        let process = Command::new(program)
            .current_dir(dir)
            .env("BIND_ADDRESS", address)
            .env("RUST_LOG", "warn")
            .env("SSL_CERT_FILE", roots)
            .env("SSL_CERT_DIR", "")
            .env("MICROSOFT_SSO_APPLICATION_ID", entra.application_id())
            .env("MICROSOFT_SSO_CLIENT_SECRET", entra.client_secret())
            .env("MICROSOFT_SSO_AUTHORITY", entra.authority("common"))
            .env("MICROSOFT_SSO_GRAPH_URL", entra.graph_url())
            .env("MICROSOFT_SSO_ALLOWABLE_DOMAINS", "*")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .spawn();
        let demo = Self {
            process: process.unwrap(),
            url: format!("http://{address}"),
        };
        sleep(Duration::from_millis(800)).await;
        demo
    }

    /// Memory in use, in kB (Linux).
    pub(crate) fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let size = line.unwrap().split_whitespace().nth(1);
        size.unwrap().parse().unwrap()
    }

    /// CPU time so far, user's and system's (Linux).
    pub(crate) fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
        let fields: Vec<_> = fields.collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        // The kernel's clock for this file has 100 ticks a second.
        Duration::from_millis(ticks * 10)
    }
}
