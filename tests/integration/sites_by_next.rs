//! The application chooses the site by the page that the sign-in leads to: the callback, which has no
//! `next`, is of the same site.

use std::sync::Arc;

use actix_web::HttpRequest;
use microsoft_sso::{
    Config, ResponseMode, Site,
    testing::{CONTOSO, Endpoint, FABRIKAM, FakeEntra},
};

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";
const FRANK: &str = "frank@fabrikam.example";

fn site(entra: &FakeEntra, name: &str, tenant: &str, mode: ResponseMode) -> Arc<Site> {
    let config = Config::builder()
        .authority(entra.authority(tenant))
        .graph_url(entra.graph_url())
        .application_id(entra.application_id())
        .client_secret(entra.client_secret())
        .response_mode(mode)
        .allowable_domains(["*"]);
    Arc::new(Site::new(name, config.build().unwrap()).unwrap())
}

/// Contoso's staff run the administration; the pages are Fabrikam's, and so is what is below
/// `/by-query` with that parameter.
async fn app(mode: ResponseMode) -> TestApp {
    let entra = FakeEntra::start().unwrap();
    let admin = site(&entra, "admin", CONTOSO, mode);
    let pages = site(&entra, "pages", FABRIKAM, mode);
    let choose = move |req: &HttpRequest| {
        let query = req.query_string();
        let is_admin = req.path().starts_with("/admin")
            || query.contains("next=%2Fadmin")
            || query.contains("next=/admin")
            || query.contains("area=admin");
        Some(Arc::clone(if is_admin { &admin } else { &pages }))
    };
    TestApp::with_builder(entra, |settings| settings, |sso| sso.sites(choose)).await
}

#[actix_web::test]
async fn a_site_chosen_by_next_is_that_of_the_callback_too() {
    for mode in [ResponseMode::Query, ResponseMode::FormPost] {
        let app = app(mode).await;
        for (query, person, lands) in [
            ("?next=/admin/users", ADA, "/admin/users"),
            ("?next=%2Fadmin%2Fusers", ADA, "/admin/users"),
            ("?next=/orders", FRANK, "/orders"),
            ("?area=admin", ADA, "/"),
        ] {
            let browser = app.browser();
            let mut callback = browser.to_callback(person, query).await;
            if mode == ResponseMode::FormPost {
                let (path, form) = callback.split_once('?').unwrap();
                let reply = browser.post_from_elsewhere(path, form).await;
                callback = reply.location().to_owned();
            }
            let reply = browser.get(&callback).await;
            assert_eq!(
                reply.location(),
                lands,
                "{query}: {:?}",
                browser.message().await
            );
            let events = reply.cookies().join("\n");
            assert!(events.contains("microsoft_sso_session="), "{events}");
        }
    }
}

#[actix_web::test]
async fn another_process_finds_the_site_by_next_too() {
    let first = app(ResponseMode::Query).await;
    let browser = first.browser();
    let callback = browser.to_callback(ADA, "?next=/admin/users").await;
    let (_, query) = callback.split_once('?').unwrap();
    // A node of the same application, which has seen no `login/`.
    let entra = first.entra.clone();
    let admin = site(&entra, "admin", CONTOSO, ResponseMode::Query);
    let pages = site(&entra, "pages", FABRIKAM, ResponseMode::Query);
    let choose = move |req: &HttpRequest| {
        let is_admin = req.query_string().contains("next=%2Fadmin");
        Some(Arc::clone(if is_admin { &admin } else { &pages }))
    };
    let second = TestApp::with_builder(entra, |settings| settings, |sso| sso.sites(choose)).await;
    let other = second.browser();
    other.copy_cookies(&browser);
    let host = first.url.strip_prefix("http://").unwrap();
    let path = format!("/microsoft_sso/callback/?{query}");
    let cookies = other.cookie_header("/microsoft_sso/callback/");
    let headers = [("Host", host), ("Cookie", &cookies)];
    let reply = second.browser().get_with(&path, &headers).await;
    assert_eq!(reply.location(), "/admin/users");
}

#[actix_web::test]
async fn a_state_of_one_site_is_never_taken_for_anothers_attempt() {
    let app = app(ResponseMode::Query).await;
    let browser = app.browser();
    let admin = browser.start("?next=/admin/users").await;
    let pages = browser.start("?next=/orders").await;
    let code_of = |callback: &str| {
        let code = callback
            .split(['?', '&'])
            .find(|pair| pair.starts_with("code="));
        code.unwrap().to_owned()
    };
    let admin = app.entra.sign_in(&admin, ADA).unwrap();
    let pages = app.entra.sign_in(&pages, FRANK).unwrap();
    // Frank's code under the state of the administration: nonce and verifier are another attempt's.
    let mixed = admin.replace(&code_of(&admin), &code_of(&pages));
    let reply = browser.get(&mixed).await;
    browser.is_refused(&reply).await;
    // The attempt's cookie of one site in the place of the other's.
    let header = browser.cookie_header("/microsoft_sso/callback/");
    let pairs: Vec<_> = header
        .split("; ")
        .filter_map(|pair| pair.split_once('='))
        .collect();
    let (first, second) = (pairs[0], pairs[1]);
    let swapped = format!("{}={}; {}={}", first.0, second.1, second.0, first.1);
    app.entra.clear_requests();
    app.browser()
        .get_with(&pages, &[("Cookie", &swapped)])
        .await;
    assert_eq!(app.entra.count(Endpoint::Token), 0, "the code is used");
}
