//! What the setting `recheck` costs a request that needs no check: CPU time of the demo's process, a release
//! build, for guarded pages, with the setting and without it, in turns. Only the ratio counts.
//!
//! `cargo build --release --example demo && cargo bench --bench recheck`
//!
//! `REDIS_URL` keeps sessions in Redis. `REQUESTS` is how many there are in a turn.

#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark has settings of its own"
)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark that panics has failed"
)]

#[path = "../tests/integration/browser.rs"]
#[expect(dead_code, reason = "it serves the integration tests, too")]
mod browser;
#[path = "../tests/support/demo_process.rs"]
#[expect(dead_code, reason = "it serves another benchmark, too")]
mod demo_process;
#[path = "../tests/support/tls.rs"]
mod tls;

use std::{env, path::Path};

use browser::Browser;
use demo_process::Demo;
use futures_util::future::join_all;
use microsoft_sso::testing::{Endpoint, FakeEntra};
use tempfile::TempDir;

/// Turns of each, of which the best counts.
const TURNS: usize = 5;

/// Browsers at once, each with a session.
const AT_ONCE: usize = 16;

/// CPU time of a request, in microseconds.
async fn turn(entra: &FakeEntra, roots: &Path, recheck: &str, requests: usize) -> f64 {
    let dir = TempDir::new().unwrap();
    let redis = env::var("REDIS_URL").unwrap_or_default();
    let settings = [("MICROSOFT_SSO_RECHECK", recheck), ("REDIS_URL", &redis)];
    let demo = Demo::start(entra, dir.path(), roots, &settings).await;
    let browsers: Vec<_> = (0..AT_ONCE)
        .map(|_| Browser::new(&demo.url, entra.clone()))
        .collect();
    for browser in &browsers {
        assert_eq!(browser.sign_in("ada@contoso.example").await.status, 303);
    }
    let round = async || {
        for reply in join_all(browsers.iter().map(|browser| browser.get("/private"))).await {
            assert_eq!(reply.status, 200);
        }
    };
    for _ in 0..requests / AT_ONCE / 10 {
        round().await;
    }
    let asked = entra.count(Endpoint::Token);
    let cpu = demo.cpu();
    for _ in 0..requests / AT_ONCE {
        round().await;
    }
    assert_eq!(entra.count(Endpoint::Token), asked, "a session was due");
    (demo.cpu() - cpu).as_secs_f64() * 1e6 / requests as f64
}

#[actix_web::main]
async fn main() {
    let entra = FakeEntra::start().unwrap();
    let dir = TempDir::new().unwrap();
    let (roots, config) = tls::authority(dir.path());
    tls::over_tls(&entra, config).await;
    let requests = env::var("REQUESTS").ok().and_then(|n| n.parse().ok());
    let requests = requests.unwrap_or(32_000);
    let (mut off, mut on) = (f64::MAX, f64::MAX);
    for _ in 0..TURNS {
        off = off.min(turn(&entra, &roots, "", requests).await);
        on = on.min(turn(&entra, &roots, "1h", requests).await);
    }
    println!("| CPU-µs without | with | ratio |");
    println!("| --- | --- | --- |");
    println!("| {off:.1} | {on:.1} | {:.3} |", on / off);
}
