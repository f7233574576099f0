//! After a refusal that another account could pass, Microsoft asks which account to use.

use microsoft_sso::{Guests, Prompt, testing::Person};

use crate::{browser::Browser, harness::TestApp};

const ADA: &str = "ada@contoso.example";
const FRANK: &str = "frank@fabrikam.example";
const USE_ANOTHER: &str = "Use another account";

/// What the next `login/` of a browser asks of the person.
async fn prompt(browser: &Browser, query: &str) -> Option<String> {
    let url = url::Url::parse(&browser.start(query).await).unwrap();
    let prompt = url.query_pairs().find(|(name, _)| name == "prompt");
    prompt.map(|(_, value)| value.into_owned())
}

#[actix_web::test]
async fn a_refused_account_can_be_changed() {
    let app = TestApp::with_settings(|s| s.allowable_domains(["contoso.example"])).await;
    let browser = app.browser();
    assert_eq!(prompt(&browser, "").await, None);
    let page = browser.get("/microsoft_sso/").await.body;
    assert!(!page.contains(USE_ANOTHER), "{page}");
    browser.refused(FRANK).await;
    for _ in 0..2 {
        assert_eq!(
            prompt(&browser, "").await.as_deref(),
            Some("select_account")
        );
        let page = browser.get("/microsoft_sso/?next=/orders").await.body;
        let link = "/microsoft_sso/login/?next=%2Forders&#38;prompt=select_account";
        assert!(page.contains(USE_ANOTHER) && page.contains(link), "{page}");
    }
    // Once another account is in, nobody is asked any more.
    browser.sign_in(ADA).await;
    assert_eq!(prompt(&browser, "").await, None);
    assert_eq!(prompt(&app.browser(), "").await, None);
}

#[actix_web::test]
async fn each_refusal_of_an_account_counts_and_no_other() {
    let app = TestApp::start().await;
    for (error, description, asks) in [
        ("access_denied", "AADSTS50105: not assigned", true),
        ("access_denied", "AADSTS50020: of another tenant", true),
        ("invalid_request", "AADSTS50034: unknown", true),
        ("access_denied", "AADSTS65004: declined", false),
        ("server_error", "", false),
        ("invalid_client", "AADSTS7000215: wrong secret", false),
    ] {
        let browser = app.browser();
        let url = browser.start("").await;
        let callback = app.entra.refuse(&url, error, description).unwrap();
        let reply = browser.get(&callback).await;
        browser.is_refused(&reply).await;
        let asked = prompt(&browser, "").await;
        assert_eq!(asked.is_some(), asks, "{description}");
    }
    let other = Person::new(
        &app.entra.people()[0].tenant,
        "g_x.example#EXT#@contoso.example",
    );
    app.entra.add_person(other);
    for settings in [0, 1, 2] {
        let app = app.beside(|s| match settings {
            0 => s.guests(Guests::Refused),
            1 => s.auto_create_users(false),
            _ => s.tenants(["00000000-0000-4000-8000-000000000000"]),
        });
        let browser = app.browser();
        browser.refused("g_x.example#EXT#@contoso.example").await;
        assert!(prompt(&browser, "").await.is_some(), "{settings}");
    }
}

#[actix_web::test]
async fn what_the_settings_demand_stays_and_a_silent_sign_in_asks_nothing() {
    let app = TestApp::with_settings(|s| {
        s.allowable_domains(["contoso.example"])
            .prompt(Prompt::Login)
    })
    .await;
    let browser = app.browser();
    browser.refused(FRANK).await;
    assert_eq!(prompt(&browser, "").await.as_deref(), Some("login"));

    let app = TestApp::with_settings(|s| s.allowable_domains(["contoso.example"])).await;
    let browser = app.browser();
    browser.refused(FRANK).await;
    assert_eq!(
        prompt(&browser, "?prompt=none").await.as_deref(),
        Some("select_account")
    );
    let reply = browser
        .get("/microsoft_sso/login/?silent=1&next=/welcome")
        .await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/welcome"));
}
