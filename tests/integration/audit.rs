//! One event for each outcome, with names that an operator may build upon.

use microsoft_sso::{
    UserId,
    testing::{CONTOSO, FABRIKAM, Person},
};

use crate::{harness::TestApp, log};

const ADA: &str = "ada@contoso.example";
const TARGET: &str = "microsoft_sso::audit:";

async fn app(name: &str) -> TestApp {
    log::begin();
    TestApp::at_site(name).await
}

fn one(parts: &[&str]) -> String {
    let mut lines = log::lines(parts);
    assert_eq!(lines.len(), 1, "{parts:?}: {lines:?}");
    lines.remove(0)
}

#[actix_web::test]
async fn who_signs_in_and_out_is_one_event_each() {
    let app = app("audit-in").await;
    let browser = app.browser();
    let oid = Person::new(CONTOSO, ADA).oid;
    for created in ["created=true", "created=false"] {
        browser.sign_in(ADA).await;
        let line = one(&[TARGET, "site=\"audit-in\"", "event=\"signed_in\"", created]);
        let (tenant, object) = (format!("tenant={CONTOSO}"), format!("object={oid}"));
        for part in ["INFO", "user=", &tenant, &object] {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
    browser.post_with("/microsoft_sso/logout/", &[]).await;
    let line = one(&[TARGET, "site=\"audit-in\"", "event=\"signed_out\""]);
    for part in ["INFO", "by=person", "user=", "sessions=1"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert_eq!(log::lines(&[TARGET, "audit-in"]).len(), 3, "and no more");
}

#[actix_web::test]
async fn who_is_refused_is_one_event_with_the_reason_and_the_person_where_known() {
    let app = app("audit-refused").await;
    app.entra
        .add_person(Person::new(FABRIKAM, "eve@fabrikam.example"));
    let oid = Person::new(FABRIKAM, "eve@fabrikam.example").oid;
    app.browser().refused("eve@fabrikam.example").await;
    let refused = [TARGET, "site=\"audit-refused\"", "event=\"refused\""];
    let line = one(&refused);
    let (tenant, object) = (format!("tenant={FABRIKAM}"), format!("object={oid}"));
    for part in [
        "WARN",
        "code=\"domain_not_allowed\"",
        "reason=",
        &tenant,
        &object,
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    let reply = app.browser().get("/microsoft_sso/callback/?state=x").await;
    assert_eq!(reply.status, 303);
    let lines = log::lines(&refused);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].contains("code=\"state_invalid\"") && !lines[1].contains("object="));
    app.execute("ALTER TABLE microsoft_sso_identities RENAME TO away");
    assert_eq!(app.browser().sign_in(ADA).await.status, 503);
    let lines = log::lines(&refused);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[2].contains("ERROR") && lines[2].contains("code=\"store_failed\""));
}

#[actix_web::test]
async fn sessions_ended_by_entra_and_by_the_application_are_events_too() {
    let app = app("audit-ended").await;
    let nobody = UserId::new("audit-nobody");
    assert_eq!(app.sso.sign_out_everywhere(&nobody).await.unwrap(), 0);
    let line = one(&[TARGET, "event=\"signed_out\"", "user=audit-nobody"]);
    assert!(line.contains("by=application") && line.contains("sessions=0"));

    // So many sessions of one Entra session has no other test.
    let browsers: Vec<_> = (0..7).map(|_| app.browser()).collect();
    for browser in &browsers {
        browser.sign_in(ADA).await;
    }
    let identity = browsers[0].get("/identity").await.json();
    let sid = identity["session_id"].as_str().unwrap();
    let path = format!("/microsoft_sso/front-channel-logout/?sid={sid}");
    app.browser().get(&path).await;
    let line = one(&[TARGET, "event=\"signed_out\"", "by=entra", "sessions=7"]);
    assert!(line.contains("INFO"), "{line}");
}
