//! Connections that were idle and are gone: no sign-in fails for them.

use std::time::Duration;

use actix_web::rt::time::sleep;
use microsoft_sso::testing::{Endpoint, FakeEntra, Fault};

use crate::{
    harness::TestApp,
    log,
    relay::{Loss, Relay},
};

const ADA: &str = "ada@contoso.example";

async fn behind_a_relay() -> (TestApp, Relay) {
    log::begin();
    let entra = FakeEntra::start().unwrap();
    let relay = Relay::before(&entra).await;
    (TestApp::with_entra(entra, |settings| settings).await, relay)
}

#[actix_web::test]
async fn a_connection_that_is_closed_under_a_request_is_replaced() {
    let (app, relay) = behind_a_relay().await;
    app.signs_in(ADA).await;
    for _ in 0..3 {
        relay.lose(Loss::Closed);
        let (tokens, profiles) = (
            app.entra.count(Endpoint::Token),
            app.entra.count(Endpoint::Me),
        );
        app.signs_in(ADA).await;
        // What was lost never came, so that nothing was asked twice.
        assert_eq!(app.entra.count(Endpoint::Token), tokens + 1);
        assert_eq!(app.entra.count(Endpoint::Me), profiles + 1);
    }
}

#[actix_web::test]
async fn a_connection_that_was_silently_forgotten_is_replaced() {
    let (app, relay) = behind_a_relay().await;
    app.signs_in(ADA).await;
    // As long as it takes until a silent connection is suspected.
    sleep(Duration::from_millis(5100)).await;
    relay.lose(Loss::Forgotten);
    app.signs_in(ADA).await;
    assert!(!log::lines(&["an idle connection was gone", "/oauth2/v2.0/token"]).is_empty());
}

#[actix_web::test]
async fn a_new_connection_is_not_asked_twice() {
    let (app, _relay) = behind_a_relay().await;
    app.entra.fault(Endpoint::Token, Fault::Hang);
    let slow = app.beside(|settings| settings.entra_timeout(Duration::from_secs(1)));
    let message = slow.browser().refused(ADA).await;
    assert!(message.contains("Microsoft"), "{message}");
    assert_eq!(app.entra.count(Endpoint::Token), 1);
}
