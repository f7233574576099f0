//! Rights from Entra's app roles and groups, and the rule for guests.

use microsoft_sso::{
    ConfigBuilder, Guests,
    testing::{CONTOSO, Endpoint, FABRIKAM, Fault, Person},
};

use serde_json::json;

use crate::{browser::Browser, harness::TestApp};

const ADA: &str = "ada@contoso.example";
const FRANK: &str = "frank@fabrikam.example";
const GUEST: &str = "guest_mail.example#EXT#@contoso.onmicrosoft.example";
const STAFF: &str = "6f3b1c5e-0000-4000-8000-00000000000a";

fn roles(settings: ConfigBuilder) -> ConfigBuilder {
    settings
        .tenants([CONTOSO, FABRIKAM])
        .superuser_roles(["App.Admin"])
        .staff_roles([STAFF])
        .roles([
            "editor=Docs.Editor",
            "editor=6F3B1C5E-0000-4000-8000-00000000000B",
            "auditor=Audit",
        ])
}

fn change(app: &TestApp, name: &str, change: impl FnOnce(&mut Person)) {
    let oid = Person::new(if name == FRANK { FABRIKAM } else { CONTOSO }, name).oid;
    app.entra.update_person(&oid, change);
}

/// Staff, superuser, named roles.
async fn rights(app: &TestApp, browser: &Browser) -> (bool, bool, Vec<String>) {
    let me = browser.get("/identity").await.json();
    let id = me["user_id"].as_str().unwrap().to_owned();
    let is = |right: &str| app.count(&format!("users WHERE id = {id} AND {right}")) == 1;
    let roles = me["roles"].as_array().cloned().unwrap_or_default();
    let roles = roles.iter().map(|role| role.as_str().unwrap().to_owned());
    (is("is_staff"), is("is_superuser"), roles.collect())
}

fn many() -> Vec<String> {
    let others = (0..250).map(|n| format!("00000000-0000-4000-8000-{n:012}"));
    others.chain([STAFF.to_owned()]).collect()
}

#[actix_web::test]
async fn rights_follow_entra_at_every_sign_in() {
    let app = TestApp::with_settings(roles).await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert_eq!(rights(&app, &browser).await, (false, false, vec![]));
    change(&app, ADA, |ada| {
        ada.roles = vec!["App.Admin".into(), "Docs.Editor".into(), "auditor".into()];
    });
    browser.sign_in(ADA).await;
    assert_eq!(
        rights(&app, &browser).await,
        (true, true, vec!["editor".into()])
    );
    change(&app, ADA, |ada| {
        ada.roles = vec!["app.admin".into(), "Audit".into()];
        ada.groups = vec![
            STAFF.to_uppercase(),
            "6f3b1c5e-0000-4000-8000-00000000000b".into(),
        ];
    });
    browser.sign_in(ADA).await;
    let named = vec!["auditor".into(), "editor".into()];
    assert_eq!(rights(&app, &browser).await, (true, false, named));
    change(&app, ADA, |ada| {
        ada.roles.clear();
        ada.groups.clear();
    });
    browser.sign_in(ADA).await;
    assert_eq!(rights(&app, &browser).await, (false, false, vec![]));
    assert_eq!(
        app.entra.count(Endpoint::MemberObjects),
        0,
        "Graph is asked for too many groups alone"
    );
}

#[actix_web::test]
async fn groups_that_are_too_many_for_the_token_are_asked_of_graph() {
    let app =
        TestApp::with_settings(|s| roles(s).scopes(["User.Read", "GroupMember.Read.All"])).await;
    change(&app, ADA, |ada| ada.groups = many());
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert_eq!(rights(&app, &browser).await, (true, false, vec![]));
    assert_eq!(app.entra.count(Endpoint::MemberObjects), 1);
    assert_eq!(browser.message().await, "");
}

#[actix_web::test]
async fn groups_that_cannot_be_read_give_no_right_and_the_message_names_the_scope() {
    let app = TestApp::with_settings(roles).await;
    change(&app, ADA, |ada| ada.groups = vec![STAFF.into()]);
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert_eq!(rights(&app, &browser).await, (true, false, vec![]));
    change(&app, ADA, |ada| ada.groups = many());
    browser.sign_in(ADA).await;
    assert_eq!(rights(&app, &browser).await, (false, false, vec![]));
    let message = browser.message().await;
    assert!(message.contains("GroupMember.Read.All"), "{message}");
}

#[actix_web::test]
async fn odd_answers_about_groups_give_no_right_and_end_no_sign_in() {
    let app = TestApp::with_settings(|s| {
        roles(s)
            .scopes(["User.Read", "GroupMember.Read.All"])
            .graph_timeout(std::time::Duration::from_millis(300))
    })
    .await;
    change(&app, ADA, |ada| ada.groups = many());
    for fault in [
        Fault::Status(503),
        Fault::RetryAfter(429, 30),
        Fault::Hang,
        Fault::Endless,
        Fault::Bomb,
        Fault::Truncated,
        Fault::Json(serde_json::json!({ "value": STAFF })),
        Fault::Json(
            serde_json::json!({ "value": [STAFF], "@odata.nextLink": "http://evil.example" }),
        ),
        Fault::Body(200, "text/html".into(), b"<html>".to_vec()),
    ] {
        app.entra.fault(Endpoint::MemberObjects, fault.clone());
        let browser = app.browser();
        browser.sign_in(ADA).await;
        assert_eq!(
            rights(&app, &browser).await,
            (false, false, vec![]),
            "{fault:?}"
        );
    }
    app.entra.clear_faults();
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert_eq!(rights(&app, &browser).await, (true, false, vec![]));
}

#[actix_web::test]
async fn another_tenants_administrator_gives_no_right_over_all_users() {
    let app = TestApp::with_settings(|s| roles(s).tenants([""; 0])).await;
    change(&app, FRANK, |frank| {
        frank.roles = vec!["App.Admin".into(), "Docs.Editor".into()];
        frank.groups = vec![STAFF.into(), "6f3b1c5e-0000-4000-8000-00000000000b".into()];
    });
    let browser = app.browser();
    browser.sign_in(FRANK).await;
    // The app role counts among his own; it is no right over everybody.
    assert_eq!(
        rights(&app, &browser).await,
        (false, false, vec!["editor".into()])
    );
}

#[actix_web::test]
async fn guests_have_a_rule_of_their_own() {
    let domains = |s: ConfigBuilder| s.tenants([CONTOSO]).allowable_domains(["contoso.example"]);
    let app = TestApp::with_settings(domains).await;
    let message = app.browser().refused(GUEST).await;
    assert!(message.contains("organisation"), "{message}");

    let app =
        TestApp::with_settings(|s| domains(s).guests(Guests::Allowed).staff_list(["*"])).await;
    let browser = app.browser();
    browser.sign_in(GUEST).await;
    let everybody_but_guests = (false, false, vec![]);
    assert_eq!(rights(&app, &browser).await, everybody_but_guests);
    let message = app.browser().refused(FRANK).await;
    assert!(
        message.contains("organisation"),
        "a stranger isn't a guest: {message}"
    );

    let app = TestApp::with_settings(|s| s.guests(Guests::Refused)).await;
    let message = app.browser().refused(GUEST).await;
    assert!(message.contains("guests"), "{message}");
    app.browser().sign_in(ADA).await;
    change(&app, ADA, |ada| {
        ada.extra_claims.insert("acct".to_owned(), json!(1));
    });
    let message = app.browser().refused(ADA).await;
    assert!(
        message.contains("guests"),
        "Entra's own word counts, too: {message}"
    );
}

#[actix_web::test]
async fn a_tenant_that_nobody_listed_invites_nobody() {
    let app = TestApp::with_settings(|s| {
        s.allowable_domains(["contoso.example"])
            .guests(Guests::Allowed)
    })
    .await;
    app.browser().refused(GUEST).await;
}

#[actix_web::test]
async fn groups_count_wherever_entra_puts_them() {
    let app = TestApp::with_settings(roles).await;
    let editors = "6F3B1C5E-0000-4000-8000-00000000000B";
    for (claim, value) in [
        ("groups", json!([STAFF.to_uppercase(), editors])),
        ("roles", json!([STAFF, editors.to_lowercase(), "Other"])),
        ("roles", json!([STAFF.to_uppercase(), editors])),
    ] {
        change(&app, ADA, |ada| {
            ada.extra_claims = [(claim.to_owned(), value.clone())].into_iter().collect();
        });
        let browser = app.browser();
        browser.sign_in(ADA).await;
        let expected = (true, false, vec!["editor".into()]);
        assert_eq!(rights(&app, &browser).await, expected, "{claim} {value}");
    }
    for (claim, value, expected) in [
        ("groups", STAFF, (true, false, vec![])),
        ("roles", STAFF, (true, false, vec![])),
        ("roles", "App.Admin", (true, true, vec![])),
        ("roles", "Audit", (false, false, vec!["auditor".into()])),
    ] {
        change(&app, ADA, |ada| {
            ada.extra_claims = [(claim.to_owned(), json!(value))].into_iter().collect();
        });
        let browser = app.browser();
        browser.sign_in(ADA).await;
        assert_eq!(
            rights(&app, &browser).await,
            expected,
            "one text: {claim} {value}"
        );
    }
    // A group belongs to one tenant, under whatever claim it comes.
    let open = app.beside(|s| roles(s).tenants([""; 0]));
    change(&open, FRANK, |frank| {
        frank.roles = vec![STAFF.into(), editors.into()]
    });
    let browser = open.browser();
    browser.sign_in(FRANK).await;
    assert_eq!(rights(&open, &browser).await, (false, false, vec![]));
}
