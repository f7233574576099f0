//! `login/` at another name of the application goes to `base_url` first.

use std::sync::Arc;

use microsoft_sso::{Config, Site, testing::FakeEntra};

use crate::harness::{SECRET_KEY, TestApp};

const ADA: &str = "ada@contoso.example";
const LOGIN: &str = "/microsoft_sso/login/";

async fn public() -> TestApp {
    TestApp::with_settings(|settings| settings.base_url("https://app.example")).await
}

#[actix_web::test]
async fn a_sign_in_at_another_name_goes_to_the_base_url_first_and_once() {
    let app = public().await;
    for host in [
        "www.app.example",
        "127.0.0.1",
        "app.example:8443",
        "old.example",
    ] {
        let browser = app.browser();
        let query = "?next=%2Forders%3Fpage%3D2&login_hint=ada%40contoso.example";
        let reply = browser
            .get_with(&format!("{LOGIN}{query}"), &[("Host", host)])
            .await;
        let to = format!("https://app.example{LOGIN}{query}&moved=1");
        assert_eq!(
            (reply.status.as_u16(), reply.location()),
            (302, &*to),
            "{host}"
        );
        assert!(reply.cookies().is_empty(), "{:?}", reply.cookies());
        // The proxy doesn't pass `Host` on.
        let path = to.strip_prefix("https://app.example").unwrap();
        let reply = browser.get_with(path, &[("Host", host)]).await;
        assert!(
            reply.location().starts_with(&app.entra.url()),
            "{}",
            reply.location()
        );
    }
    // A long query keeps its `next`, within the headers.
    let odd = format!("{LOGIN}?next=/orders&x={}", "x".repeat(5000));
    let reply = app.browser().get(&odd).await;
    let to = format!("https://app.example{LOGIN}?next=%2Forders&moved=1");
    assert_eq!(reply.location(), to);
    for host in ["app.example", "APP.example", "app.example:443"] {
        let reply = app.browser().get_with(LOGIN, &[("Host", host)]).await;
        assert!(reply.location().starts_with(&app.entra.url()), "{host}");
    }
}

#[actix_web::test]
async fn both_names_of_this_machine_are_one_origin() {
    // The port is known once the server runs.
    let app = TestApp::start().await;
    let port = app.url.rsplit_once(':').unwrap().1.to_owned();
    let app = app.beside(|settings| settings.base_url(format!("http://localhost:{port}")));
    let own = app.url.rsplit_once(':').unwrap().1;
    let host = format!("127.0.0.1:{port}");
    let reply = app
        .browser()
        .get_with(&format!("{LOGIN}?next=/x"), &[("Host", &host)])
        .await;
    assert_eq!(
        reply.location(),
        format!("http://localhost:{port}{LOGIN}?next=/x&moved=1")
    );
    assert_ne!(own, port);
}

#[actix_web::test]
async fn hosts_of_other_sites_stay_where_they_are() {
    let app = TestApp::with_settings(|settings| {
        settings
            .base_url("https://app.example")
            .site("contoso.example", |site| site)
            .site("fabrikam.example", |site| {
                site.base_url("https://fabrikam.example")
            })
    })
    .await;
    for host in ["contoso.example", "fabrikam.example"] {
        let reply = app.browser().get_with(LOGIN, &[("Host", host)]).await;
        let location = reply.location();
        assert!(location.starts_with(&app.entra.url()), "{host}: {location}");
        let own = format!("redirect_uri=https%3A%2F%2F{host}%2F");
        assert!(location.contains(&own), "{host}: {location}");
    }
}

#[actix_web::test]
async fn a_host_of_another_site_stays_where_the_application_chooses_otherwise() {
    let entra = FakeEntra::start().unwrap();
    let config = Config::builder()
        .authority(entra.authority("common"))
        .graph_url(entra.graph_url())
        .application_id(entra.application_id())
        .client_secret(entra.client_secret())
        .secret_key(SECRET_KEY)
        .base_url("https://app.example");
    let site = Arc::new(Site::new("app", config.build().unwrap()).unwrap());
    let app = TestApp::with_builder(
        entra,
        |settings| settings.site("contoso.example", |site| site),
        |sso| sso.sites(move |_| Some(Arc::clone(&site))),
    )
    .await;
    for (host, stays) in [("contoso.example", true), ("www.app.example", false)] {
        let reply = app.browser().get_with(LOGIN, &[("Host", host)]).await;
        let location = reply.location();
        assert_eq!(location.starts_with(&app.entra.url()), stays, "{location}");
    }
}

#[actix_web::test]
async fn without_a_base_url_each_name_signs_in_by_itself() {
    let app = TestApp::start().await;
    for host in ["localhost", "127.0.0.1"] {
        let browser = app.browser_at(host);
        browser.sign_in(ADA).await;
        assert!(browser.me().await.is_some(), "{host}");
    }
}
