//! What a whole sign-in costs the application: CPU time of the demo's process, a release build, for
//! login, callback and a landing page that is guarded, with all checks on and Entra over TLS. Beside it,
//! in turns, runs a bare server that makes the same upstream calls and statements and checks nothing: the
//! ratio to it is what counts, since absolute times differ by machine and hour. Browsers and Entra are
//! this process, so their work isn't counted.
//!
//! `cargo build --release --all-features --example demo && cargo bench --all-features --bench sign_in`
//!
//! `DATABASE_URLS` names databases, with spaces between them, beside SQLite (each is written to), and
//! `REDIS_URL` a Redis for sessions. `SIGN_INS` is how many there are in a turn.

#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark has settings of its own"
)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark that panics has failed"
)]

#[path = "../../tests/integration/browser.rs"]
#[expect(dead_code, reason = "it serves the integration tests, too")]
mod browser;
#[path = "../../tests/support/demo_process.rs"]
mod demo_process;
#[path = "../../tests/support/tls.rs"]
mod tls;

mod bare;

use std::{env, path::Path, time::Duration};

use browser::Browser;
use demo_process::Demo;
use futures_util::future::join_all;
use microsoft_sso::testing::{Endpoint, FakeEntra, Fault};
use tempfile::TempDir;

/// Tells this program to be the bare server.
const BARE: &str = "BARE_ADDRESS";
const BARE_ADDRESS: &str = "127.0.0.1:18001";

/// Turns of each server, of which the best counts.
const TURNS: usize = 3;

const LATENCY: Duration = Duration::from_millis(50);

/// One server, and where it keeps what.
struct Subject {
    name: String,
    settings: Vec<(&'static str, String)>,
}

fn subjects() -> Vec<Subject> {
    let subject = |name: &str, settings: &[(&'static str, &str)]| Subject {
        name: name.to_owned(),
        settings: settings
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
    };
    let mut subjects = vec![
        subject("SQLite", &[]),
        subject("SQLite, sessions in the cookie", &[("SESSIONS", "cookie")]),
    ];
    if let Ok(redis) = env::var("REDIS_URL") {
        subjects.push(subject(
            "SQLite, sessions in Redis",
            &[("REDIS_URL", &redis)],
        ));
    }
    for url in env::var("DATABASE_URLS").unwrap_or_default().split(' ') {
        if let Some((scheme, _)) = url.split_once("://") {
            subjects.push(subject(scheme, &[("DATABASE_URL", url)]));
        }
    }
    subjects
}

struct Bench {
    entra: FakeEntra,
    roots: std::path::PathBuf,
}

/// What a turn cost.
struct Cost {
    cpu: f64,
    connections: usize,
    /// Memory at the end, in MB.
    resident: u64,
}

impl Bench {
    /// A turn of a server; `None` is the bare one.
    async fn turn(&self, subject: Option<&Subject>, at_once: usize, sign_ins: usize) -> Cost {
        let dir = TempDir::new().unwrap();
        let server = match subject {
            Some(subject) => self.demo(subject, dir.path()).await,
            None => self.bare(dir.path()).await,
        };
        let browsers: Vec<_> = (0..at_once)
            .map(|_| Browser::new(&server.url, self.entra.clone()))
            .collect();
        self.round(&browsers, (sign_ins / 10).max(2 * at_once), &server.url)
            .await;
        let (cpu, connections) = (server.cpu(), self.entra.connections());
        let done = self.round(&browsers, sign_ins, &server.url).await;
        Cost {
            cpu: (server.cpu() - cpu).as_secs_f64() * 1000.0 / done as f64,
            connections: self.entra.connections() - connections,
            resident: server.resident() / 1000,
        }
    }

    async fn demo(&self, subject: &Subject, dir: &Path) -> Demo {
        let settings = subject.settings.iter();
        let mut settings: Vec<_> = settings
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        settings.push(("MICROSOFT_SSO_MAX_SIGN_INS", "1000"));
        Demo::start(&self.entra, dir, &self.roots, &settings).await
    }

    async fn bare(&self, dir: &Path) -> Demo {
        let this = env::current_exe().unwrap();
        let settings = [(BARE, BARE_ADDRESS)];
        let (entra, roots) = (&self.entra, &self.roots);
        Demo::start_program(&this, BARE_ADDRESS, entra, dir, roots, &settings).await
    }

    async fn round(&self, browsers: &[Browser], sign_ins: usize, url: &str) -> usize {
        let rounds = sign_ins.div_ceil(browsers.len());
        for _ in 0..rounds {
            join_all(browsers.iter().map(|browser| sign_in(url, browser))).await;
            self.entra.clear_requests();
        }
        rounds * browsers.len()
    }

    /// Prints a line: the best turns, and their ratio.
    async fn compare(&self, subject: &Subject, at_once: usize, sign_ins: usize, latency: &str) {
        let (mut ours, mut bare) = (f64::MAX, f64::MAX);
        let (mut connections, mut resident) = (0, 0);
        for _ in 0..TURNS {
            bare = bare.min(self.turn(None, at_once, sign_ins).await.cpu);
            let cost = self.turn(Some(subject), at_once, sign_ins).await;
            ours = ours.min(cost.cpu);
            (connections, resident) = (cost.connections, cost.resident);
        }
        println!(
            "| {} | {latency} | {at_once} | {ours:.2} | {bare:.2} | {:.2} | {connections} | {resident} MB |",
            subject.name,
            ours / bare
        );
    }
}

async fn sign_in(url: &str, browser: &Browser) {
    browser.forget_cookies();
    let reply = browser.sign_in("ada@contoso.example").await;
    assert_eq!(reply.status, 303, "at {url}");
    assert_eq!(browser.get("/private").await.status, 200);
}

#[actix_web::main]
async fn main() {
    if let Ok(address) = env::var(BARE) {
        return bare::serve(&address).await;
    }
    let entra = FakeEntra::start().unwrap();
    let dir = TempDir::new().unwrap();
    let (roots, config) = tls::authority(dir.path());
    tls::over_tls(&entra, config).await;
    let bench = Bench { entra, roots };
    let sign_ins = env::var("SIGN_INS").ok().and_then(|n| n.parse().ok());
    let sign_ins = sign_ins.unwrap_or(2000);
    println!(
        "| database | latency of a call | at once | CPU-ms | bare | ratio | new connections | resident |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for subject in subjects() {
        for at_once in [1, 8, 64] {
            bench.compare(&subject, at_once, sign_ins, "0").await;
        }
    }
    for endpoint in [Endpoint::Token, Endpoint::Me, Endpoint::Photo] {
        bench.entra.fault(endpoint, Fault::Delay(LATENCY));
    }
    for at_once in [64, 512] {
        bench
            .compare(&subjects()[0], at_once, sign_ins, "50 ms")
            .await;
    }
}
