//! What a whole sign-in costs the application: CPU time of the demo's process, a release build, for
//! login, callback and a landing page that is guarded, with all checks on, Entra over TLS, SQLite
//! and the sessions in it. Browsers and Entra are this process, so their work isn't counted.
//!
//! `cargo build --release --example demo && cargo bench --bench sign_in`

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark that panics has failed"
)]

#[path = "../tests/integration/browser.rs"]
#[expect(dead_code, reason = "it serves the integration tests, too")]
mod browser;
#[path = "../tests/support/tls.rs"]
mod tls;

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use actix_web::rt::time::sleep;
use browser::Browser;
use futures_util::future::join_all;
use microsoft_sso::testing::FakeEntra;

const WARM_UP: usize = 300;
const SIGN_INS: usize = 3000;

/// The demo, ended with the benchmark.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Demo {
    /// CPU time so far, user's and system's (Linux).
    fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        let fields: Vec<_> = stat
            .rsplit_once(')')
            .unwrap()
            .1
            .split_whitespace()
            .collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        // The kernel's clock for this file has 100 ticks a second.
        Duration::from_millis(ticks * 10)
    }

    fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

async fn sign_in(url: &str, entra: &FakeEntra, browser: &Browser) {
    browser.forget_cookies();
    assert_eq!(
        browser.sign_in("ada@contoso.example").await.status,
        303,
        "at {url}"
    );
    assert_eq!(browser.get("/private").await.status, 200);
    entra.clear_requests();
}

#[actix_web::main]
async fn main() {
    let entra = FakeEntra::start().unwrap();
    let dir = tempfile::TempDir::new().unwrap();
    let (file, config) = tls::authority(dir.path());
    tls::over_tls(&entra, config).await;
    let bench = std::env::current_exe().unwrap();
    let demo = bench
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("examples/demo");
    let address = "127.0.0.1:18000";
    let process = Command::new(demo)
        .current_dir(dir.path())
        .env("BIND_ADDRESS", address)
        .env("RUST_LOG", "warn")
        .env("SSL_CERT_FILE", file)
        .env("SSL_CERT_DIR", "")
        .env("MICROSOFT_SSO_APPLICATION_ID", entra.application_id())
        .env("MICROSOFT_SSO_CLIENT_SECRET", entra.client_secret())
        .env("MICROSOFT_SSO_AUTHORITY", entra.authority("common"))
        .env("MICROSOFT_SSO_GRAPH_URL", entra.graph_url())
        .env("MICROSOFT_SSO_ALLOWABLE_DOMAINS", "*")
        .stdout(Stdio::null())
        .spawn();
    let demo = Demo(process.unwrap());
    sleep(Duration::from_millis(800)).await;
    let url = format!("http://{address}");
    let browsers: Vec<_> = (0..8).map(|_| Browser::new(&url, entra.clone())).collect();
    for at_once in [1, 8] {
        round(&browsers[..at_once], WARM_UP, &url, &entra).await;
        let (cpu, wall, connections) = (demo.cpu(), Instant::now(), entra.connections());
        round(&browsers[..at_once], SIGN_INS, &url, &entra).await;
        let each = |time: Duration| time.as_secs_f64() * 1000.0 / SIGN_INS as f64;
        println!(
            "{SIGN_INS} sign-ins, {at_once} at once: {:.3} ms of CPU each, {:.0} a second, \
             {} new connections to Microsoft, {} kB resident",
            each(demo.cpu() - cpu),
            SIGN_INS as f64 / wall.elapsed().as_secs_f64(),
            entra.connections() - connections,
            demo.resident(),
        );
    }
}

async fn round(browsers: &[Browser], sign_ins: usize, url: &str, entra: &FakeEntra) {
    for _ in 0..sign_ins / browsers.len() {
        join_all(browsers.iter().map(|browser| sign_in(url, entra, browser))).await;
    }
}
