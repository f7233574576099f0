//! What a link or the settings ask of Entra beside the person.

use std::collections::HashMap;

use microsoft_sso::{
    Prompt,
    testing::{CONTOSO, Endpoint, FakeEntra},
};
use url::Url;

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";

fn pairs(url: &str) -> HashMap<String, String> {
    Url::parse(url)
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect()
}

#[actix_web::test]
async fn a_link_asks_for_what_entra_knows_and_nothing_else() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let asked = pairs(
        &browser
            .start("?login_hint=ada%40contoso.example&domain_hint=contoso.example&prompt=login")
            .await,
    );
    assert_eq!(asked["login_hint"], ADA);
    assert_eq!(asked["domain_hint"], "contoso.example");
    assert_eq!(asked["prompt"], "login");
    let plain = pairs(&browser.start("?prompt=create&login_hint=&domain_hint=%0d%0a&scope=x&redirect_uri=https://evil.example").await);
    for name in ["prompt", "login_hint", "domain_hint"] {
        assert!(!plain.contains_key(name), "{name}");
    }
    assert!(plain["redirect_uri"].starts_with(&app.url) && plain["scope"].contains("openid"));
    let picker = pairs(&browser.start("?prompt=select_account&login_hint=x").await);
    assert!(!picker.contains_key("login_hint"), "Entra refuses both");
}

#[actix_web::test]
async fn what_the_settings_demand_no_link_weakens() {
    for (setting, link, asked) in [
        (Prompt::SelectAccount, "", "select_account"),
        (Prompt::SelectAccount, "?prompt=none", "select_account"),
        (Prompt::SelectAccount, "?prompt=consent", "select_account"),
        // The credentials are more than the choice of an account.
        (Prompt::SelectAccount, "?prompt=login", "login"),
        (Prompt::Login, "?prompt=none", "login"),
        (Prompt::Login, "?prompt=select_account", "login"),
        (Prompt::Login, "?prompt=consent", "login"),
        (Prompt::Consent, "?prompt=login", "consent"),
        (Prompt::Consent, "?prompt=none", "consent"),
    ] {
        let app = TestApp::with_settings(|settings| settings.prompt(setting)).await;
        let browser = app.browser();
        let url = browser.start(link).await;
        assert_eq!(pairs(&url)["prompt"], asked, "{setting:?} {link}");
        // Nobody is signed in without being asked.
        let silent = "/microsoft_sso/login/?silent=1&next=/welcome";
        let reply = browser.get(silent).await;
        assert_eq!((reply.status.as_u16(), reply.location()), (303, "/welcome"));
    }
}

#[actix_web::test]
async fn where_many_tenants_may_come_in_no_link_replaces_the_domain_hint() {
    for (tenant, asked) in [("common", "contoso.example"), (CONTOSO, "other.example")] {
        let entra = FakeEntra::start().unwrap();
        let authority = entra.authority(tenant);
        let app = TestApp::with_entra(entra, |settings| {
            settings.authority(authority).domain_hint("contoso.example")
        })
        .await;
        let url = app.browser().start("?domain_hint=other.example").await;
        assert_eq!(pairs(&url)["domain_hint"], asked);
        let url = app.browser().start("").await;
        assert_eq!(pairs(&url)["domain_hint"], "contoso.example");
    }
}

#[actix_web::test]
async fn a_silent_sign_in_that_entra_must_ask_for_begins_anew_once_and_asks() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let url = browser.start("?prompt=none&next=/orders").await;
    assert_eq!(pairs(&url)["prompt"], "none");
    let reply = browser.get(&url).await;
    assert!(
        reply.location().contains("error=login_required"),
        "{}",
        reply.location()
    );
    let reply = browser.get(reply.location()).await;
    assert_eq!(reply.location(), "/microsoft_sso/login/?next=%2Forders");
    let login = browser.get(reply.location()).await;
    assert!(!pairs(login.location()).contains_key("prompt"));
    let callback = app.entra.sign_in(login.location(), ADA).unwrap();
    assert_eq!(browser.get(&callback).await.location(), "/orders");
    assert_eq!(browser.message().await, "");
}

#[actix_web::test]
async fn a_silent_sign_in_signs_in_whom_entra_knows() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let url = browser
        .start("?prompt=none&login_hint=ada%40contoso.example")
        .await;
    let reply = browser.get(&url).await;
    assert_eq!(browser.get(reply.location()).await.location(), "/");
    assert!(browser.me().await.is_some());
}

#[actix_web::test]
async fn an_attempt_to_sign_in_silently_disturbs_nobody_when_it_fails() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let url = browser.start("?silent=1&next=/welcome").await;
    let reply = browser.get(&url).await;
    let reply = browser.get(reply.location()).await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/welcome"));
    assert_eq!(browser.message().await, "");
    assert!(browser.me().await.is_none());
}

#[actix_web::test]
async fn an_error_that_entra_should_not_send_is_a_refusal_as_always() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let url = browser.start("").await;
    let callback = app.entra.refuse(&url, "login_required", "").unwrap();
    let reply = browser.get(&callback).await;
    browser.is_refused(&reply).await;
}

/// RFC 9207, section 2.4.
#[actix_web::test]
async fn a_callback_that_names_another_issuer_is_refused_before_the_code_is_sent() {
    let app = TestApp::start().await;
    let base = app.entra.authority("common");
    let base = base.strip_suffix("/common").unwrap();
    for issuer in [
        "",
        "https://evil.example",
        "https://login.microsoftonline.com/common/v2.0",
        &format!("{base}/{CONTOSO}/v2.0/"),
        &format!("{base}/common/v2.0"),
    ] {
        let browser = app.browser();
        let callback = browser.to_callback(ADA, "").await;
        let issuer: String = url::form_urlencoded::byte_serialize(issuer.as_bytes()).collect();
        browser.get(&format!("{callback}&iss={issuer}")).await;
        assert!(browser.me().await.is_none(), "{issuer}");
    }
    assert_eq!(app.entra.count(Endpoint::Token), 0);
    for issuer in [
        format!("{base}/{CONTOSO}/v2.0"),
        format!("{base}/%7Btenantid%7D/v2.0"),
    ] {
        let browser = app.browser();
        let callback = browser.to_callback(ADA, "").await;
        browser.get(&format!("{callback}&iss={issuer}")).await;
        assert!(browser.me().await.is_some(), "{issuer}");
    }
}
