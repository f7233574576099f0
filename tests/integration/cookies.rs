//! The attributes and names of our cookies.

use crate::{
    browser::{Browser, Reply},
    harness::TestApp,
};

const ADA: &str = "ada@contoso.example";
const HOST: (&str, &str) = ("Host", "app.example");

/// A public application, behind a proxy that passes `Host` on.
async fn public() -> TestApp {
    TestApp::with_settings(|settings| settings.base_url("https://app.example")).await
}

fn pair(cookie: &str) -> &str {
    cookie.split("; ").next().unwrap()
}

/// Begins a sign-in; returns its cookie and the callback's path.
async fn begun(app: &TestApp, browser: &Browser) -> (String, String) {
    let login = browser.get_with("/microsoft_sso/login/", &[HOST]).await;
    let callback = app.entra.sign_in(login.location(), ADA).unwrap();
    let path = callback.strip_prefix("https://app.example").unwrap();
    (pair(&login.cookies()[0]).to_owned(), path.to_owned())
}

fn assert_host_cookies(reply: &Reply, names: &[&str]) {
    let cookies = reply.cookies();
    for name in names {
        let of_name = cookies
            .iter()
            .find(|cookie| cookie.starts_with(&format!("__Host-{name}")));
        let cookie = of_name.unwrap_or_else(|| panic!("no {name}: {cookies:?}"));
        for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
            assert!(cookie.split("; ").any(|p| p == part), "{part}: {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert_eq!(cookies.len(), names.len(), "{cookies:?}");
}

#[actix_web::test]
async fn over_https_every_cookie_is_bound_to_the_host() {
    let app = public().await;
    let browser = app.browser();
    let login = browser.get_with("/microsoft_sso/login/", &[HOST]).await;
    assert_host_cookies(&login, &["microsoft_sso_attempt_"]);

    let (_, path) = begun(&app, &browser).await;
    let callback = browser.get(&path).await;
    assert_host_cookies(
        &callback,
        &["microsoft_sso_attempt_", "microsoft_sso_session="],
    );
    assert!(browser.me().await.is_some());

    let stray = app.browser().get("/microsoft_sso/callback/?state=x").await;
    assert_host_cookies(&stray, &["microsoft_sso_messages="]);
}

#[actix_web::test]
async fn over_https_a_cookie_without_the_prefix_is_worth_nothing() {
    let app = public().await;
    let (cookie, path) = begun(&app, &app.browser()).await;
    let planted = cookie.strip_prefix("__Host-").unwrap();
    let reply = app.browser().get_with(&path, &[("Cookie", planted)]).await;
    assert_eq!(reply.location(), "/microsoft_sso/login/?next=%2F&again=1");
    let cookies = reply.cookies().join("\n");
    assert!(!cookies.contains("microsoft_sso_session="), "{cookies}");
    let reply = app.browser().get_with(&path, &[("Cookie", &cookie)]).await;
    let cookies = reply.cookies().join("\n");
    assert!(cookies.contains("microsoft_sso_session="), "{cookies}");
}

#[actix_web::test]
async fn a_cookie_whose_name_only_decodes_to_ours_is_ignored() {
    let app = public().await;
    let (attempt, path) = begun(&app, &app.browser()).await;
    let signed_in = app.browser().get_with(&path, &[("Cookie", &attempt)]).await;
    let session = signed_in.cookies();
    let session = session.iter().find(|cookie| cookie.contains("_session="));
    let session = pair(session.unwrap()).to_owned();
    let status = async |cookies: &str| {
        let browser = app.browser();
        let reply = browser.get_with("/identity", &[("Cookie", cookies)]).await;
        reply.status.as_u16()
    };
    assert_eq!(status(&session).await, 200);
    // What a page of plain http on a sibling host can set for the whole domain.
    for encoded in ["%5f_Host", "_%5FHost", "__%48ost", "__Hos%74"] {
        let planted = session.replacen("__Host", encoded, 1);
        assert_eq!(status(&planted).await, 401, "{encoded}");
        assert_eq!(
            status(&format!("x=1; {planted}; y=2")).await,
            401,
            "{encoded}"
        );
        // It doesn't push the real one out either.
        assert_eq!(
            status(&format!("{planted}; {session}")).await,
            200,
            "{encoded}"
        );

        let (attempt, path) = begun(&app, &app.browser()).await;
        let planted = attempt.replacen("__Host", encoded, 1);
        let reply = app.browser().get_with(&path, &[("Cookie", &planted)]).await;
        let cookies = reply.cookies().join("\n");
        assert!(!cookies.contains("_session="), "{encoded}: {cookies}");
    }
    // Names that only trimming makes ours: browsers trim spaces and tabs alone.
    for space in ["\u{2000}", "\u{a0}", "\u{3000}", "\u{85}"] {
        let bare = session.strip_prefix("__Host-").unwrap();
        for planted in [
            format!("{space}{session}"),
            session.replacen('=', &format!("{space}="), 1),
            format!("{space}{bare}"),
            bare.replacen('=', &format!("{space}="), 1),
            bare.to_owned(),
        ] {
            assert_eq!(status(&planted).await, 401, "{planted:?}");
            assert_eq!(
                status(&format!("{planted}; {session}")).await,
                200,
                "{planted:?}"
            );
        }
        let (attempt, path) = begun(&app, &app.browser()).await;
        for planted in [
            format!("{space}{attempt}"),
            attempt.replacen('=', &format!("{space}="), 1),
        ] {
            let reply = app.browser().get_with(&path, &[("Cookie", &planted)]).await;
            let cookies = reply.cookies().join("\n");
            assert!(!cookies.contains("_session="), "{planted:?}: {cookies}");
        }
    }
    let stray = app.browser().get("/microsoft_sso/callback/?state=x").await;
    let message = pair(&stray.cookies()[0]).to_owned();
    let planted = message.replacen("__Host", "%5f_Host", 1);
    let shown = async |cookie: &str| {
        app.browser()
            .get_with("/", &[("Cookie", cookie)])
            .await
            .body
    };
    assert!(!shown(&message).await.is_empty());
    assert_eq!(shown(&planted).await, "");
}

#[actix_web::test]
async fn behind_a_trusted_proxy_every_cookie_follows_the_transport_of_the_request() {
    let app = TestApp::with_settings(|settings| settings.trusted_proxies(["127.0.0.1"])).await;
    let forwarded = [
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "app.example"),
    ];
    let login = app.browser();
    let login = login.get_with("/microsoft_sso/login/", &forwarded).await;
    assert_host_cookies(&login, &["microsoft_sso_attempt_"]);
    let callback = app.entra.sign_in(login.location(), ADA).unwrap();
    let path = callback.strip_prefix("https://app.example").unwrap();
    let attempt = pair(&login.cookies()[0]).to_owned();
    let headers = [forwarded[0], forwarded[1], ("Cookie", &attempt)];
    let reply = app.browser().get_with(path, &headers).await;
    assert_host_cookies(
        &reply,
        &["microsoft_sso_attempt_", "microsoft_sso_session="],
    );
    let session = reply.cookies();
    let session = session.iter().find(|cookie| cookie.contains("_session="));
    let session = pair(session.unwrap()).to_owned();
    let headers = [forwarded[0], forwarded[1], ("Cookie", &session)];
    let identity = async |headers: &[(&str, &str)]| {
        let reply = app.browser().get_with("/identity", headers).await;
        reply.status.as_u16()
    };
    assert_eq!(identity(&headers).await, 200);
    // Without the prefix it doesn't count over https.
    let plain = session.strip_prefix("__Host-").unwrap();
    let planted = [forwarded[0], forwarded[1], ("Cookie", plain)];
    assert_eq!(identity(&planted).await, 401);
    let stray = app.browser();
    let stray = stray
        .get_with("/microsoft_sso/callback/?state=x", &forwarded)
        .await;
    assert_host_cookies(&stray, &["microsoft_sso_messages="]);
}

#[actix_web::test]
async fn a_foreign_cookie_that_cannot_be_parsed_signs_nobody_out() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let login = browser.get("/microsoft_sso/login/").await;
    let callback = app.entra.sign_in(login.location(), ADA).unwrap();
    let attempt = pair(&login.cookies()[0]).to_owned();
    for foreign in ["nameless", "x=%E9", "%E9=x", "=", "a=b;;c", "é=ü"] {
        let cookies = format!("{foreign}; {attempt}; {foreign}");
        let reply = app
            .browser()
            .get_with(&callback, &[("Cookie", &cookies)])
            .await;
        let location = reply.location().to_owned();
        assert!(
            location == "/" || location.starts_with("/microsoft_sso/login/"),
            "{location}"
        );
    }
    browser.get(&callback).await;
    browser.sign_in(ADA).await;
    let session = browser.cookie_header(&app.url);
    for foreign in ["nameless", "x=%E9", "%E9=x", "=", "a=b;;c", "é=ü"] {
        let cookies = format!("{foreign}; {session}; {foreign}");
        let reply = app
            .browser()
            .get_with("/identity", &[("Cookie", &cookies)])
            .await;
        assert_eq!(reply.status, 200, "{foreign}");
    }
}

#[actix_web::test]
async fn a_message_is_good_for_its_host_and_five_minutes() {
    let app = TestApp::start().await;
    let stray = app.browser().get("/microsoft_sso/callback/?state=x").await;
    let message = pair(&stray.cookies()[0]).to_owned();
    let shown = async |host: &str| {
        let headers = [("Cookie", message.as_str()), ("Host", host)];
        let reply = app.browser().get_with("/", &headers).await;
        !reply.body.is_empty()
    };
    let host = app.url.strip_prefix("http://").unwrap();
    assert!(shown(host).await);
    assert!(!shown("localhost").await);
    app.advance(299);
    assert!(shown(host).await);
    app.advance(3);
    assert!(!shown(host).await);
}
