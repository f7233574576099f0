//! An application below a path of its host, which the proxy in front takes away.

use crate::{
    browser::{Browser, Reply},
    harness::TestApp,
};

const ADA: &str = "ada@contoso.example";

async fn shop() -> TestApp {
    TestApp::with_settings(|settings| {
        settings
            .base_url("https://app.example/shop/")
            .login_failed_url("/sorry")
            .logout_redirect_path("/bye")
            .other_providers(["Password=/password"])
            .logo_url("/logo.svg")
            .slo_enabled(true)
    })
    .await
}

const HOST: (&str, &str) = ("Host", "app.example");

/// Begins a sign-in; returns the callback's path as the application sees it, and its cookie.
async fn begun(app: &TestApp, browser: &Browser) -> (String, String) {
    let reply = browser
        .get_with("/microsoft_sso/login/?next=/orders", &[HOST])
        .await;
    let callback = app.entra.sign_in(reply.location(), ADA).unwrap();
    let path = callback.strip_prefix("https://app.example/shop").unwrap();
    let cookie = reply.cookies()[0].split("; ").next().unwrap().to_owned();
    (path.to_owned(), cookie)
}

#[actix_web::test]
async fn every_address_that_the_browser_sees_has_the_path() {
    let app = shop().await;
    let browser = app.browser();
    let guarded = browser.get("/private/report?x=1").await;
    assert_eq!(
        guarded.location(),
        "/shop/microsoft_sso/login/?next=%2Fprivate%2Freport%3Fx%3D1"
    );
    let api = [("Accept", "application/json")];
    let reply = browser.get_with("/private/data", &api).await;
    assert_eq!(
        reply.json()["login_url"],
        "/shop/microsoft_sso/login/?next=%2Fprivate%2Fdata"
    );
    let page = browser.get("/microsoft_sso/?next=/orders").await.body;
    for link in [
        "href=\"/shop/microsoft_sso/login/?next=%2Forders\"",
        "href=\"/shop/microsoft_sso/style.css\"",
        "href=\"/shop/password\"",
        "src=\"/shop/logo.svg\"",
    ] {
        assert!(page.contains(link), "{link}: {page}");
    }
    let button = browser.get("/button").await.body;
    assert!(
        button.contains("href=\"/shop/microsoft_sso/login/?next=%2Forders\""),
        "{button}"
    );
    let moved = browser
        .get_with(
            "/microsoft_sso/login/?next=/x",
            &[("Host", "www.app.example")],
        )
        .await;
    assert_eq!(
        moved.location(),
        "https://app.example/shop/microsoft_sso/login/?next=/x&moved=1"
    );

    let (path, cookie) = begun(&app, &browser).await;
    let stray = app.browser().get(&path).await;
    assert_eq!(
        stray.location(),
        "/shop/microsoft_sso/login/?next=%2Forders&again=1"
    );
    let reply = browser.get_with(&path, &[("Cookie", &cookie)]).await;
    assert_eq!(reply.location(), "/shop/orders");
    let session = reply.cookies();
    let session = session.iter().find(|cookie| cookie.contains("_session"));
    let session = session.unwrap().split("; ").next().unwrap();
    let again = browser
        .get_with(&path, &[("Cookie", &format!("{cookie}; {session}"))])
        .await;
    assert_eq!(again.location(), "/shop/orders");
    let reply = browser
        .post_with("/microsoft_sso/logout/", &[("Cookie", session)])
        .await;
    let url = url::Url::parse(reply.location()).unwrap();
    let back = url.query_pairs().next().unwrap().1.into_owned();
    assert_eq!(back, "https://app.example/shop/bye");
    let reply = browser.post_with("/microsoft_sso/logout/", &[]).await;
    assert_eq!(reply.location(), "/shop/bye");
    let refused = browser.get("/microsoft_sso/callback/?state=x").await;
    assert_eq!(refused.location(), "/shop/sorry");
}

#[actix_web::test]
async fn two_applications_on_one_host_have_cookies_of_their_own() {
    let names = async |base: &str| {
        let app = TestApp::with_settings(|settings| settings.base_url(base)).await;
        let browser = app.browser();
        let login = browser.get_with("/microsoft_sso/login/", &[HOST]).await;
        let callback = app.entra.sign_in(login.location(), ADA).unwrap();
        let attempt = login.cookies()[0].split("; ").next().unwrap().to_owned();
        let path = url::Url::parse(&callback).unwrap();
        let path = path[url::Position::BeforePath..].to_owned();
        let path = path.strip_prefix("/shop").unwrap_or(&path);
        let path = path.strip_prefix("/desk").unwrap_or(path);
        let signed_in = browser.get_with(path, &[("Cookie", &attempt)]).await;
        let stray = app.browser().get("/microsoft_sso/callback/?state=x").await;
        let replies = [login, signed_in, stray];
        let cookies = replies.iter().flat_map(Reply::cookies);
        let name = |cookie: String| {
            assert!(cookie.starts_with("__Host-microsoft_sso_"), "{cookie}");
            assert!(
                cookie.contains("Path=/;") || cookie.ends_with("Path=/"),
                "{cookie}"
            );
            let name = cookie.split('=').next().unwrap();
            name.trim_end_matches(|letter: char| {
                letter.is_ascii_digit() && name.contains("attempt")
            })
            .to_owned()
        };
        cookies.map(name).collect::<std::collections::BTreeSet<_>>()
    };
    let (shop, desk) = (
        names("https://app.example/shop").await,
        names("https://app.example/desk/").await,
    );
    let plain = names("https://app.example").await;
    assert!(shop.is_disjoint(&desk), "{shop:?} {desk:?}");
    assert!(shop.is_disjoint(&plain), "{shop:?} {plain:?}");
    assert_eq!(
        plain.iter().map(String::as_str).collect::<Vec<_>>(),
        [
            "__Host-microsoft_sso_attempt_",
            "__Host-microsoft_sso_messages",
            "__Host-microsoft_sso_session"
        ]
    );
    assert_eq!(shop, names("https://app.example/shop/").await);
}
