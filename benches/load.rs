//! A Monday morning in a minute, and then twice what the application holds: thousands of different
//! people against an Entra that takes 100 ms a call. Nobody may be lost, memory stays flat, and what
//! is too much is answered 503.
//!
//! `cargo build --release --example demo && cargo bench --bench load`

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

use std::{
    path::Path,
    time::{Duration, Instant},
};

use actix_web::rt::{spawn, time::sleep};
use browser::Browser;
use demo_process::Demo;
use microsoft_sso::testing::{CONTOSO, Endpoint, FakeEntra, Fault, Person};

const SLOW: Duration = Duration::from_millis(100);

/// How one person's sign-in ended.
#[derive(PartialEq, Eq)]
enum End {
    In(Duration),
    Shed,
    Wrong(String),
}

async fn sign_in(url: String, entra: FakeEntra, name: String) -> End {
    let browser = Browser::new(&url, entra.clone());
    let before = Instant::now();
    let login = browser.get("/microsoft_sso/login/").await;
    if login.status == 503 {
        return End::Shed;
    }
    let Ok(callback) = entra.sign_in(login.location(), &name) else {
        return End::Wrong(format!("login {}", login.status));
    };
    let reply = browser.get(&callback).await;
    if reply.status == 503 {
        return End::Shed;
    }
    let page = browser.get("/private").await;
    match (reply.status.as_u16(), page.status.as_u16()) {
        (303, 200) => End::In(before.elapsed()),
        other => End::Wrong(format!("{other:?}")),
    }
}

/// People arrive at a steady rate, whether or not those before them are in.
async fn arrive(demo: &Demo, entra: &FakeEntra, (first, people): (usize, usize), a_second: f64) {
    let (began, cpu) = (Instant::now(), demo.cpu());
    let mut arrivals = Vec::new();
    let mut memory = Vec::new();
    for number in 0..people {
        let due = Duration::from_secs_f64(number as f64 / a_second);
        sleep(due.saturating_sub(began.elapsed())).await;
        let name = format!("person{}@contoso.example", first + number);
        arrivals.push(spawn(sign_in(demo.url.clone(), entra.clone(), name)));
        if number % (people / 6) == 0 {
            memory.push(demo.resident());
            entra.clear_requests();
        }
    }
    let (mut times, mut shed) = (Vec::new(), 0);
    for arrival in arrivals {
        match arrival.await.unwrap() {
            End::In(time) => times.push(time),
            End::Shed => shed += 1,
            End::Wrong(how) => panic!("a sign-in ended with {how}"),
        }
    }
    times.sort();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_millis();
    println!(
        "{people} people, {a_second:.0} a second: {} in, {shed} shed, none lost; half within {} ms, \
         99 of 100 within {} ms; {:.1} s in all, {:.1} s of CPU; resident (kB) {memory:?}, at the end {}",
        times.len(),
        at(50),
        at(99),
        began.elapsed().as_secs_f64(),
        (demo.cpu() - cpu).as_secs_f64(),
        demo.resident(),
    );
}

async fn with(entra: &FakeEntra, roots: &Path, places: &str, rounds: &[(usize, f64)]) {
    let dir = tempfile::TempDir::new().unwrap();
    let places = [("MICROSOFT_SSO_MAX_SIGN_INS", places)];
    let demo = Demo::start(entra, dir.path(), roots, &places).await;
    let mut first = 0;
    for (people, a_second) in rounds {
        arrive(&demo, entra, (first, *people), *a_second).await;
        first += people;
    }
}

#[actix_web::main]
async fn main() {
    let entra = FakeEntra::start().unwrap();
    let dir = tempfile::TempDir::new().unwrap();
    let (roots, config) = tls::authority(dir.path());
    tls::over_tls(&entra, config).await;
    for number in 0..9000 {
        let name = format!("person{number}@contoso.example");
        entra.add_person(Person::new(CONTOSO, &name));
    }
    for endpoint in [Endpoint::Token, Endpoint::Me, Endpoint::Photo] {
        entra.fault(endpoint, Fault::Delay(SLOW));
    }
    println!("a Monday morning, and its beginning at once");
    with(&entra, &roots, "200", &[(6000, 150.0), (1000, 1_000_000.0)]).await;
    println!("40 places, which hold some 180 a second: that, and twice as many");
    with(&entra, &roots, "40", &[(3000, 150.0), (6000, 360.0)]).await;
}
