//! The stock login page.

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";

#[actix_web::test]
async fn the_login_page_carries_next_and_asks_no_other_site_for_anything() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for path in ["/microsoft_sso/", "/microsoft_sso"] {
        let reply = browser.get(&format!("{path}?next=/orders?page=2")).await;
        assert_eq!(reply.status, 200);
        assert!(
            reply
                .body
                .contains("href=\"/microsoft_sso/login/?next=%2Forders%3Fpage%3D2\""),
            "{}",
            reply.body
        );
        assert!(
            reply
                .header("content-security-policy")
                .starts_with("default-src 'none'; style-src 'self';")
        );
        for forbidden in ["http:", "https:", "<script", "style=", "<style"] {
            assert!(!reply.body.contains(forbidden), "{forbidden}");
        }
        assert!(reply.body.contains("href=\"/microsoft_sso/style.css\""));
    }
    let style = browser.get("/microsoft_sso/style.css").await;
    assert_eq!(
        (style.status.as_u16(), style.header("content-type")),
        (200, "text/css; charset=utf-8")
    );
    assert!(!style.body.contains("url("));
}

#[actix_web::test]
async fn nothing_of_a_link_gets_into_the_page_but_a_path() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for next in [
        "https://evil.example/",
        "//evil.example",
        "javascript:alert(1)",
        "/\"><script>alert(1)</script>",
    ] {
        let query = url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>();
        let reply = browser.get(&format!("/microsoft_sso/?next={query}")).await;
        assert!(
            !reply.body.contains("evil")
                && !reply.body.contains("<script")
                && !reply.body.contains("javascript"),
            "{}",
            reply.body
        );
    }
}

#[actix_web::test]
async fn it_shows_why_a_sign_in_failed_once() {
    let app = TestApp::with_settings(|s| s.login_failed_url("/microsoft_sso/")).await;
    let browser = app.browser();
    let url = browser.start("").await;
    let refusal = ("access_denied", "AADSTS50105: not assigned");
    let callback = app.entra.refuse(&url, refusal.0, refusal.1).unwrap();
    let reply = browser.get(&callback).await;
    let page = browser.get(reply.location()).await;
    assert!(
        page.body
            .contains("microsoft-sso-error\" role=\"alert\">Microsoft did not let you sign in"),
        "{}",
        page.body
    );
    assert!(!browser.get(reply.location()).await.body.contains("alert"));
}

#[actix_web::test]
async fn that_the_person_cancelled_is_no_error() {
    let app = TestApp::with_settings(|s| s.login_failed_url("/microsoft_sso/")).await;
    let browser = app.browser();
    let url = browser.start("").await;
    let callback = app.entra.refuse(&url, "access_denied", "").unwrap();
    let reply = browser.get(&callback).await;
    let body = browser.get(reply.location()).await.body;
    let message = "microsoft-sso-info\" role=\"status\">The sign-in was cancelled.";
    assert!(body.contains(message), "{body}");
    assert!(!body.contains("alert"), "{body}");
}

#[actix_web::test]
async fn whoever_is_signed_in_is_sent_on() {
    let app = TestApp::with_settings(|s| s.next_url("/start")).await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    for (page, to) in [
        ("/microsoft_sso/?next=/orders?page=2", "/orders?page=2"),
        ("/microsoft_sso?next=//evil.example", "/start"),
        ("/microsoft_sso/", "/start"),
    ] {
        let reply = browser.get(page).await;
        let (status, location) = (reply.status.as_u16(), reply.location());
        assert_eq!((status, location), (303, to), "{page}");
    }
    // It doesn't send anybody to itself.
    let reply = browser.get("/microsoft_sso/?next=/microsoft_sso/?x").await;
    assert_eq!(reply.status, 200);
}

#[actix_web::test]
async fn whoever_is_signed_in_still_reads_why_another_sign_in_failed() {
    let app = TestApp::with_settings(|s| s.login_failed_url("/microsoft_sso/")).await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let url = browser.start("?prompt=select_account").await;
    let callback = app.entra.refuse(&url, "server_error", "").unwrap();
    let reply = browser.get(&callback).await;
    let page = browser.get(reply.location()).await;
    assert!(page.body.contains("role=\"alert\""), "{}", page.body);
    assert_eq!(browser.get(reply.location()).await.status, 303);
}

#[actix_web::test]
async fn a_session_of_somebody_who_was_set_inactive_gets_the_login_page() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    app.execute("UPDATE users SET is_active = FALSE");
    assert_eq!(browser.get("/microsoft_sso/?next=/x").await.status, 200);
}

#[actix_web::test]
async fn its_texts_are_settings_and_escaped() {
    let app = TestApp::with_settings(|s| {
        s.text("Mit Microsoft anmelden")
            .page_title("Anmelden <b>")
            .language("de")
            .logo_url("/logo.svg")
            .other_providers(["Passwort=/login?x=1&y=2"])
    })
    .await;
    let body = app.browser().get("/microsoft_sso/").await.body;
    for part in [
        "<html lang=\"de\">",
        "<span>Mit Microsoft anmelden</span>",
        "src=\"/logo.svg\"",
        ">Passwort</a>",
    ] {
        assert!(body.contains(part), "{part}: {body}");
    }
    assert!(!body.contains("<b>"), "{body}");
}

#[actix_web::test]
async fn it_can_be_switched_off() {
    let app = TestApp::with_settings(|settings| settings.login_page_enabled(false)).await;
    assert_eq!(app.browser().get("/microsoft_sso/").await.status, 404);
    app.browser().start("").await;
}

#[actix_web::test]
async fn people_read_their_own_language_where_the_settings_have_it() {
    let app = TestApp::with_settings(|settings| {
        let german = [
            ("button", "Mit Microsoft anmelden"),
            ("start_again", "Bitte noch einmal."),
        ];
        settings.texts(microsoft_sso::Texts::new().language("de", german))
    })
    .await;
    let too_long = format!("de,{}", "x-y,".repeat(2000));
    for (wanted, language, text) in [
        (
            "de-AT,de;q=0.9,en;q=0.8",
            "lang=\"de\"",
            "Mit Microsoft anmelden",
        ),
        ("en-GB,de;q=0.5", "lang=\"en\"", "Sign in with Microsoft"),
        ("fr", "lang=\"en\"", "Sign in with Microsoft"),
        ("<script>;q=x, *", "lang=\"en\"", "Sign in with Microsoft"),
        (&too_long, "lang=\"en\"", "Sign in with Microsoft"),
    ] {
        let headers = [("Accept-Language", wanted)];
        let page = app.browser().get_with("/microsoft_sso/", &headers).await;
        assert!(
            page.body.contains(language) && page.body.contains(text),
            "{wanted}: {}",
            page.body
        );
    }
    let browser = app.browser();
    browser
        .get_with("/microsoft_sso/callback/", &[("Accept-Language", "de")])
        .await;
    assert_eq!(browser.message().await, "Bitte noch einmal.");
}
