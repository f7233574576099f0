//! A Graph that swallows questions, is slow, or asks to wait: who is known hardly waits for it.

#![expect(
    clippy::disallowed_methods,
    reason = "how long a sign-in takes is measured in wall time"
)]

use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;
use microsoft_sso::testing::{Endpoint, FakeEntra, Fault};

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";
const GRACE: &str = "grace@contoso.example";

const GRAPH_TIMEOUT: Duration = Duration::from_secs(4);

async fn app() -> TestApp {
    let entra = FakeEntra::start().unwrap();
    TestApp::with_entra(entra, |settings| settings.graph_timeout(GRAPH_TIMEOUT)).await
}

/// How long a sign-in took.
async fn sign_in(app: &TestApp, username: &str) -> Duration {
    let browser = app.browser();
    let begun = Instant::now();
    browser.sign_in(username).await;
    let took = begun.elapsed();
    assert!(browser.me().await.is_some());
    took
}

fn hang(app: &TestApp) {
    app.entra.fault(Endpoint::Me, Fault::Hang);
    app.entra.fault(Endpoint::Photo, Fault::Hang);
}

#[actix_web::test]
async fn a_silent_graph_costs_who_is_known_its_time_limit_once_and_then_a_second() {
    let app = app().await;
    sign_in(&app, ADA).await;
    hang(&app);
    assert!(sign_in(&app, ADA).await >= GRAPH_TIMEOUT);
    for _ in 0..2 {
        let took = sign_in(&app, ADA).await;
        assert!(took < Duration::from_millis(1900), "{took:?}");
    }
    // Somebody new can't do without, and waits.
    app.entra.clear_faults();
    let late = Fault::Delay(Duration::from_secs(2));
    app.entra.fault(Endpoint::Me, late.clone());
    sign_in(&app, GRACE).await;
    // That was an answer, so that who is known waits for the next one.
    let took = sign_in(&app, ADA).await;
    assert!(took >= Duration::from_secs(2), "{took:?}");
}

#[actix_web::test]
async fn a_graph_that_is_slow_alone_is_found_out_while_nobody_waits() {
    let app = app().await;
    sign_in(&app, ADA).await;
    hang(&app);
    sign_in(&app, ADA).await;
    app.entra.clear_faults();
    app.entra
        .fault(Endpoint::Me, Fault::Delay(Duration::from_millis(1500)));
    app.pass(31);
    let took = sign_in(&app, ADA).await;
    assert!(took < Duration::from_millis(1450), "{took:?}");
    sleep(Duration::from_millis(1700)).await;
    let took = sign_in(&app, ADA).await;
    assert!(took >= Duration::from_millis(1500), "{took:?}");
}

#[actix_web::test]
async fn a_photo_that_hangs_costs_two_seconds_and_the_stored_one_stays() {
    let app = app().await;
    sign_in(&app, ADA).await;
    app.entra.fault(Endpoint::Photo, Fault::Hang);
    let took = sign_in(&app, ADA).await;
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(
        app.count("microsoft_sso_users WHERE picture_raw IS NOT NULL"),
        1
    );
}

#[actix_web::test]
async fn somebody_new_is_asked_about_again_where_graph_wants_a_second() {
    for status in [429, 503] {
        let app = app().await;
        let busy = Fault::RetryAfter(status, 1);
        app.entra.fault_times(Endpoint::Me, busy.clone(), 1);
        assert!(sign_in(&app, ADA).await >= Duration::from_secs(1));
        assert_eq!(app.entra.count(Endpoint::Me), 2);
        // Who is known is let in without the answer.
        app.entra.fault_times(Endpoint::Me, busy, 1);
        assert!(sign_in(&app, ADA).await < Duration::from_secs(1));
        assert_eq!(app.entra.count(Endpoint::Me), 3);
    }
    let app = app().await;
    app.entra.fault(Endpoint::Me, Fault::RetryAfter(429, 60));
    let begun = Instant::now();
    app.browser().refused(ADA).await;
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert_eq!(app.entra.count(Endpoint::Me), 1);
}
