//! Settings by host, and by the application's own choice.

use std::sync::Arc;

use actix_web::http::StatusCode;
use microsoft_sso::{
    Config, Site,
    testing::{CONTOSO, Endpoint, FABRIKAM, FakeEntra},
};
use url::Url;

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";
const FRANK: &str = "frank@fabrikam.example";

/// `localhost` is Contoso's, `127.0.0.1` is Fabrikam's; other hosts are nobody's.
async fn two_sites() -> TestApp {
    let entra = FakeEntra::start().unwrap();
    let (id, secret) = (entra.application_id(), entra.client_secret());
    let (contoso, fabrikam) = (entra.authority(CONTOSO), entra.authority(FABRIKAM));
    TestApp::with_entra(entra, move |settings| {
        settings
            .application_id("")
            .site("localhost", move |site| {
                let site = site.authority(contoso.as_str()).next_url("/contoso");
                site.application_id(id).client_secret(secret)
            })
            .site("127.0.0.1", move |site| {
                let site = site.authority(fabrikam.as_str()).next_url("/fabrikam");
                site.application_id(id).client_secret(secret)
            })
    })
    .await
}

#[actix_web::test]
async fn each_host_has_its_own_tenant_and_pages() {
    let app = two_sites().await;
    for (host, person, stranger, landing) in [
        ("localhost", ADA, FRANK, "/contoso"),
        ("127.0.0.1", FRANK, ADA, "/fabrikam"),
    ] {
        let browser = app.browser_at(host);
        assert_eq!(browser.sign_in(person).await.location(), landing);
        assert_eq!(browser.me().await.unwrap()["email"], person);
        let url = app.browser_at(host).start("").await;
        assert!(app.entra.sign_in(&url, stranger).is_err(), "{host}");
    }
}

#[actix_web::test]
async fn a_host_of_no_site_is_refused() {
    let app = two_sites().await;
    let browser = app.browser();
    for host in ["evil.example", "localhost.evil.example", "", "a b"] {
        for path in ["/microsoft_sso/login/", "/microsoft_sso/", "/identity"] {
            let reply = browser.get_with(path, &[("Host", host)]).await;
            assert!(
                reply.status == StatusCode::MISDIRECTED_REQUEST
                    || reply.status == StatusCode::BAD_REQUEST,
                "{host} {path}: {}",
                reply.status
            );
        }
    }
}

#[actix_web::test]
async fn what_one_site_lets_in_is_worth_nothing_at_another() {
    let app = two_sites().await;
    let (contoso, fabrikam) = (app.browser_at("localhost"), app.browser_at("127.0.0.1"));
    contoso.sign_in(ADA).await;
    fabrikam.copy_cookies(&contoso);
    assert!(!fabrikam.cookie_header("/").is_empty());
    assert!(fabrikam.me().await.is_none(), "a session of another site");

    // Nor a sign-in under way: the callback of one, brought to the other with its cookies.
    let (contoso, fabrikam) = (app.browser_at("localhost"), app.browser_at("127.0.0.1"));
    let callback = contoso.to_callback(ADA, "").await;
    fabrikam.copy_cookies(&contoso);
    app.entra.clear_requests();
    let reply = fabrikam
        .get(&callback.replace("localhost", "127.0.0.1"))
        .await;
    assert_eq!(fabrikam.is_refused(&reply).await, START_AGAIN);
    assert_eq!(app.entra.count(Endpoint::Token), 0, "the code isn't used");
    assert_eq!(contoso.get(&callback).await.location(), "/contoso");
}

const START_AGAIN: &str =
    "This sign-in was started in another browser or took too long. Please sign in again.";

#[actix_web::test]
async fn sites_of_one_authority_share_its_metadata_and_keys() {
    let entra = FakeEntra::start().unwrap();
    let app = TestApp::with_entra(entra, |settings| {
        settings.site("localhost", |site| {
            site.session_age(std::time::Duration::from_secs(60))
        })
    })
    .await;
    app.browser_at("localhost").sign_in(ADA).await;
    let short = app.browser_at("localhost");
    short.sign_in(ADA).await;
    let long = app.browser();
    long.sign_in(ADA).await;
    assert_eq!(app.entra.count(Endpoint::Metadata), 1);
    assert_eq!(app.entra.count(Endpoint::Keys), 1);
    app.pass(120);
    assert!(short.me().await.is_none() && long.me().await.is_some());
}

#[actix_web::test]
async fn the_application_may_choose_by_the_request() {
    let entra = FakeEntra::start().unwrap();
    let site = |name: &str, tenant: &str| {
        let config = Config::builder()
            .authority(entra.authority(tenant))
            .graph_url(entra.graph_url())
            .application_id(entra.application_id())
            .client_secret(entra.client_secret())
            .allowable_domains(["*"]);
        Arc::new(Site::new(name, config.build().unwrap()).unwrap())
    };
    let (contoso, fabrikam) = (site("contoso", CONTOSO), site("fabrikam", FABRIKAM));
    let app = TestApp::with_builder(
        entra.clone(),
        |settings| settings,
        move |sso| {
            sso.sites(move |req| match req.query_string() {
                query if query.contains("tenant=contoso") => Some(Arc::clone(&contoso)),
                query if query.contains("tenant=fabrikam") => Some(Arc::clone(&fabrikam)),
                _ => None,
            })
        },
    )
    .await;
    for (query, tenant) in [
        ("?tenant=contoso", CONTOSO),
        ("?tenant=fabrikam", FABRIKAM),
        ("", "common"),
    ] {
        let url = Url::parse(&app.browser().start(query).await).unwrap();
        assert!(url.path().starts_with(&format!("/{tenant}/")), "{url}");
    }
}

#[actix_web::test]
async fn a_proxy_of_ours_tells_the_site_and_its_address() {
    let entra = FakeEntra::start().unwrap();
    let app = TestApp::with_entra(entra, |settings| {
        settings
            .trusted_proxies(["127.0.0.1"])
            .site("contoso.app.example", |site| {
                site.domain_hint("contoso.example")
            })
    })
    .await;
    let forwarded = |host: &'static str, scheme: &'static str| {
        [("X-Forwarded-Host", host), ("X-Forwarded-Proto", scheme)]
    };
    let browser = app.browser();
    for (host, scheme, uri) in [
        (
            "contoso.app.example",
            "https,https",
            "https://contoso.app.example/microsoft_sso/callback/",
        ),
        (
            "other.example",
            "https",
            "https://other.example/microsoft_sso/callback/",
        ),
    ] {
        let reply = browser
            .get_with("/microsoft_sso/login/", &forwarded(host, scheme))
            .await;
        let url = Url::parse(reply.location()).unwrap();
        let redirect_uri = url.query_pairs().find(|(name, _)| name == "redirect_uri");
        assert_eq!(redirect_uri.unwrap().1, uri);
        assert_eq!(
            url.query().unwrap().contains("domain_hint=contoso.example"),
            host.starts_with("contoso")
        );
        let cookies = reply.cookies().join("\n");
        assert!(cookies.contains("Secure"), "{cookies}");
    }
    // A public name over http would give the code away.
    let reply = browser
        .get_with("/microsoft_sso/login/", &forwarded("other.example", "http"))
        .await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
}

#[actix_web::test]
async fn nobody_elses_word_is_taken_for_the_host() {
    let app = TestApp::with_settings(|settings| {
        settings.site("contoso.app.example", |site| site.next_url("/contoso"))
    })
    .await;
    let reply = app
        .browser()
        .get_with(
            "/microsoft_sso/login/",
            &[
                ("X-Forwarded-Host", "contoso.app.example"),
                ("X_Forwarded_Host", "contoso.app.example"),
                ("X-Forwarded-Proto", "https://evil.example/?x="),
                ("Forwarded", "host=contoso.app.example;proto=https"),
            ],
        )
        .await;
    let expected = format!("{}/microsoft_sso/callback/", app.url);
    let url = Url::parse(reply.location()).unwrap();
    let redirect_uri = url.query_pairs().find(|(name, _)| name == "redirect_uri");
    assert_eq!(redirect_uri.unwrap().1, expected);
}

#[actix_web::test]
async fn an_area_that_is_switched_off_during_a_sign_in_is_closed_at_its_end() {
    let entra = FakeEntra::start().unwrap();
    let site = |pages: bool| {
        let config = Config::builder()
            .authority(entra.authority(CONTOSO))
            .graph_url(entra.graph_url())
            .application_id(entra.application_id())
            .client_secret(entra.client_secret())
            .allowable_domains(["*"])
            .pages_enabled(pages);
        Arc::new(Site::new("contoso", config.build().unwrap()).unwrap())
    };
    let (before, after) = (site(true), site(false));
    let app = TestApp::with_builder(
        entra.clone(),
        |settings| settings,
        move |sso| {
            sso.sites(move |req| match req.path().contains("/login") {
                true => Some(Arc::clone(&before)),
                false => Some(Arc::clone(&after)),
            })
        },
    )
    .await;
    let browser = app.browser();
    let message = browser.refused(ADA).await;
    assert!(message.contains("these pages"), "{message}");
    assert_eq!(app.entra.count(Endpoint::Token), 0, "the code isn't used");
}
