//! What a whole sign-in costs the application: CPU time of the demo's process, a release build, for
//! login, callback and a landing page that is guarded, with all checks on, Entra over TLS, SQLite
//! and the sessions in it. Browsers and Entra are this process, so their work isn't counted.
//!
//! `cargo build --release --example demo && cargo bench --bench sign_in`

#![expect(clippy::disallowed_methods, reason = "a benchmark measures wall time")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark that panics has failed"
)]

#[path = "../tests/integration/browser.rs"]
#[expect(dead_code, reason = "it serves the integration tests, too")]
mod browser;
#[path = "../tests/support/demo_process.rs"]
mod demo_process;
#[path = "../tests/support/tls.rs"]
mod tls;

use std::time::{Duration, Instant};

use browser::Browser;
use demo_process::Demo;
use futures_util::future::join_all;
use microsoft_sso::testing::FakeEntra;

const WARM_UP: usize = 300;
const SIGN_INS: usize = 3000;

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
    let demo = Demo::start(&entra, dir.path(), &file, &[]).await;
    let url = demo.url.clone();
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
