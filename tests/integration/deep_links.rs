//! Long and odd pages to come back to, and the size of headers.

use futures_util::future::join_all;
use microsoft_sso::{ResponseMode, testing::Endpoint};
use url::form_urlencoded::byte_serialize;

use crate::{browser::Reply, harness::TestApp, log};

const ADA: &str = "ada@contoso.example";
const CALLBACK: &str = "/microsoft_sso/callback/";

/// The bytes of a response's headers on the wire.
fn header_bytes(reply: &Reply) -> usize {
    let lines = reply.headers.iter();
    let lines = lines.map(|(name, value)| name.as_str().len() + value.len() + 4);
    lines.sum::<usize>() + "HTTP/1.1 303 See Other\r\n\r\n".len()
}

fn state_of(url: &str) -> String {
    let url = url::Url::parse(url).unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state");
    state.unwrap().1.into_owned()
}

fn encoded(next: &str) -> String {
    byte_serialize(next.as_bytes()).collect()
}

#[actix_web::test]
async fn a_deep_link_of_2048_bytes_is_come_back_to_and_all_headers_stay_small() {
    let app = TestApp::start().await;
    let cjk = "頁".repeat(200);
    let long = format!("/search?q={}", "x".repeat(2038));
    let path = format!("/{}", "p".repeat(2047));
    for (next, lands) in [
        (
            format!("/a?q={cjk}"),
            format!("/a?q={}", "%E9%A0%81".repeat(200)),
        ),
        (format!("/{cjk}"), format!("/{}", "%E9%A0%81".repeat(200))),
        (long.clone(), long.clone()),
        (path.clone(), path),
        (
            "/a?path=C:\\temp\\x".to_owned(),
            "/a?path=C:%5Ctemp%5Cx".to_owned(),
        ),
        ("/a\\b?x".to_owned(), "/".to_owned()),
        (format!("{long}x"), "/search".to_owned()),
        ("/a?#\\".to_owned(), "/a?".to_owned()),
    ] {
        let browser = app.browser();
        let query = format!("?next={}", encoded(&next));
        let login = browser.get(&format!("/microsoft_sso/login/{query}")).await;
        assert!(header_bytes(&login) <= 4096, "{}", header_bytes(&login));
        let state = state_of(login.location());
        assert!(state.len() < 1500, "{} characters", state.len());
        let callback = app.entra.sign_in(login.location(), ADA).unwrap();
        let reply = browser.get(&callback).await;
        assert_eq!(reply.location(), lands, "{}", next.len());
        assert!(header_bytes(&reply) <= 4096, "{}", header_bytes(&reply));
        // The back button lands there, too.
        assert_eq!(browser.get(&callback).await.location(), lands);
    }
}

#[actix_web::test]
async fn the_guard_and_a_restart_keep_a_deep_link_within_the_headers() {
    let app = TestApp::start().await;
    for page in [
        format!("/private/report?q={}", "%E9%A0%81".repeat(220)),
        format!("/private/report?q={}", "x".repeat(2029)),
    ] {
        let reply = app.browser().get(&page).await;
        assert!(header_bytes(&reply) <= 4096, "{}", header_bytes(&reply));
        let browser = app.browser();
        let login = browser.get(reply.location()).await;
        let callback = app.entra.sign_in(login.location(), ADA).unwrap();
        assert_eq!(browser.get(&callback).await.location(), page);
    }
    // What doesn't fit, however it is encoded, loses its query.
    for page in [
        format!("/private/report?{}", "&".repeat(2000)),
        format!("/private/report?q={}", "x".repeat(6000)),
    ] {
        log::begin();
        let reply = app.browser().get(&page).await;
        assert!(header_bytes(&reply) <= 4096, "{}", header_bytes(&reply));
        assert_eq!(
            reply.location(),
            "/microsoft_sso/login/?next=%2Fprivate%2Freport"
        );
    }
}

#[actix_web::test]
async fn without_its_cookie_a_long_deep_link_keeps_its_path() {
    let app = TestApp::start().await;
    let next = format!("/search?q={}", "x".repeat(1900));
    let callback = app
        .browser()
        .to_callback(ADA, &format!("?next={next}"))
        .await;
    let reply = app.browser().get(&callback).await;
    assert_eq!(
        reply.location(),
        "/microsoft_sso/login/?next=%2Fsearch&again=1"
    );
}

#[actix_web::test]
async fn what_a_response_cannot_carry_is_dropped_and_the_sign_in_goes_on() {
    let scopes: Vec<_> = (0..40).map(|n| format!("Scope.Number{n:02}")).collect();
    let app = TestApp::with_settings(|settings| settings.scopes(scopes)).await;
    let browser = app.browser();
    log::begin();
    let next = format!("/search?q={}", "x".repeat(2000));
    let login = browser
        .get(&format!("/microsoft_sso/login/?next={next}"))
        .await;
    assert!(header_bytes(&login) <= 4096, "{}", header_bytes(&login));
    let callback = app.entra.sign_in(login.location(), ADA).unwrap();
    assert_eq!(browser.get(&callback).await.location(), "/search");
    let told = log::lines(&["DEBUG", "the query of `next` was dropped"]);
    assert!(!told.is_empty());
}

#[actix_web::test]
async fn any_number_of_deep_links_keeps_a_requests_headers_small() {
    for mode in [ResponseMode::Query, ResponseMode::FormPost] {
        let app = TestApp::with_settings(|settings| settings.response_mode(mode)).await;
        let browser = app.browser();
        let next = format!("/deep?{}", "x".repeat(2000));
        let start = format!("?next={next}");
        let mut urls = Vec::new();
        for _ in 0..60 {
            urls.push(browser.start(&start).await);
        }
        // At once, they can't see each other's cookies.
        let flood = app.browser();
        join_all((0..100).map(|_| flood.start(&start))).await;
        for browser in [&browser, &flood] {
            let header = browser.cookie_header(CALLBACK);
            assert!(header.len() < 7700, "{} bytes", header.len());
        }
        let mut landings = Vec::new();
        for url in &urls[50..] {
            let callback = app.entra.sign_in(url, ADA).unwrap();
            let callback = match mode {
                ResponseMode::FormPost => {
                    let (path, form) = callback.split_once('?').unwrap();
                    let reply = browser.post_from_elsewhere(path, form).await;
                    reply.location().to_owned()
                }
                _ => callback,
            };
            landings.push(browser.get(&callback).await.location().to_owned());
        }
        assert!(browser.me().await.is_some());
        assert!(
            landings[..8].iter().all(|landed| landed == "/deep"),
            "{landings:?}"
        );
        assert!(
            landings[8..].iter().all(|landed| *landed == next),
            "{landings:?}"
        );
        let reply = browser.post_with("/microsoft_sso/logout/", &[]).await;
        assert!(header_bytes(&reply) <= 4096, "{}", header_bytes(&reply));
        assert_eq!(browser.cookie_header(CALLBACK), "");
    }
}

#[actix_web::test]
async fn a_posted_code_of_2600_characters_fits_with_every_next() {
    let app =
        TestApp::with_settings(|settings| settings.response_mode(ResponseMode::FormPost)).await;
    // The alphabet of Entra's codes.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    let code: String = alphabet.chars().cycle().step_by(7).take(2600).collect();
    for length in [1, 600, 1000, 1024, 1500, 2037] {
        let browser = app.browser();
        let next = format!("/search?q={}", "x".repeat(length));
        let callback = browser.to_callback(ADA, &format!("?next={next}")).await;
        let form = callback.split_once('?').unwrap().1;
        let own = form
            .split('&')
            .find(|pair| pair.starts_with("code="))
            .unwrap();
        let posted = form.replace(own, &format!("code={code}"));
        let reply = browser.post_from_elsewhere(CALLBACK, &posted).await;
        let bytes = header_bytes(&reply);
        assert!(bytes <= 4096, "{bytes} bytes with a next of {length}");
        assert_eq!(reply.status, 303);
        assert!(
            !reply.location().contains(&code[..40]),
            "{}",
            reply.location()
        );
        app.entra.clear_requests();
        browser.get(reply.location()).await;
        assert_eq!(app.entra.count(Endpoint::Token), 1);

        let callback = browser.to_callback(ADA, &format!("?next={next}")).await;
        let form = callback.split_once('?').unwrap().1;
        let reply = browser.post_from_elsewhere(CALLBACK, form).await;
        assert_eq!(browser.get(reply.location()).await.location(), next);
    }
}
