//! Pages for signed-in people alone.

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";

#[actix_web::test]
async fn a_browser_is_sent_to_sign_in_and_comes_back_where_it_was() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let reply = browser.get("/private/report?year=2026&q=a%26b").await;
    assert_eq!(reply.status, 302);
    assert_eq!(
        reply.location(),
        "/microsoft_sso/login/?next=%2Fprivate%2Freport%3Fyear%3D2026%26q%3Da%2526b"
    );
    let reply = browser.get(reply.location()).await;
    let callback = app.entra.sign_in(reply.location(), ADA).unwrap();
    let reply = browser.get(&callback).await;
    assert_eq!(reply.location(), "/private/report?year=2026&q=a%26b");
    assert_eq!(browser.get(reply.location()).await.body, "private");
}

#[actix_web::test]
async fn an_api_client_gets_401_and_the_login_url() {
    let app = TestApp::start().await;
    for headers in [
        &[("Accept", "application/json")][..],
        &[("Accept", "application/problem+json, */*")],
        &[("Accept", "*/*"), ("Sec-Fetch-Mode", "cors")],
        &[("Accept", "text/html"), ("Sec-Fetch-Mode", "no-cors")],
        &[("X-Requested-With", "XMLHttpRequest")],
    ] {
        let reply = app.browser().get_with("/private/data?x=1", headers).await;
        assert_eq!(reply.status, 401, "{headers:?}");
        assert_eq!(
            reply.json()["login_url"],
            "/microsoft_sso/login/?next=%2Fprivate%2Fdata%3Fx%3D1"
        );
    }
    let navigation = [("Accept", "*/*"), ("Sec-Fetch-Mode", "navigate")];
    assert_eq!(
        app.browser()
            .get_with("/private/data", &navigation)
            .await
            .status,
        302
    );
}

#[actix_web::test]
async fn what_was_posted_is_not_come_back_to() {
    let app = TestApp::start().await;
    let reply = app.browser().post_with("/private/orders", &[]).await;
    assert_eq!(
        (reply.status.as_u16(), reply.location()),
        (302, "/microsoft_sso/login/")
    );
}

#[actix_web::test]
async fn an_extractor_answers_401_when_nobody_is_signed_in() {
    let app = TestApp::start().await;
    for path in ["/me", "/identity"] {
        let reply = app.browser().get(path).await;
        assert_eq!(reply.status, 401);
        assert_eq!(reply.json()["error"], "login_required");
    }
}
