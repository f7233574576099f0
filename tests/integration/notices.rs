//! The pages that say what happened when no other page can: each with a title of its own, a way to try
//! again, a way back, and in the person's language.

use microsoft_sso::{
    ConfigBuilder, Texts,
    testing::{Endpoint, Fault},
};

use crate::{
    browser::{Browser, Reply},
    harness::TestApp,
};

const ADA: &str = "ada@contoso.example";
const LOGOUT: &str = "/microsoft_sso/logout/";
const LOGIN: &str = "/microsoft_sso/login/?next=/orders?page=2";

/// The second attempt that a page offers.
const TO_LOGIN: &str = "href=\"/microsoft_sso/login/?next=%2Forders%3Fpage%3D2\"";
const TO_PLAIN_LOGIN: &str = "href=\"/microsoft_sso/login/\"";
const RELOAD: &str = "href=\"\"";
const SIGN_OUT: &str = "<form method=\"post\"><button";

/// A notice, with what it must say.
struct Notice {
    reply: Reply,
    status: u16,
    /// The names of title and text in the settings; empty where no site is known.
    names: (&'static str, &'static str),
    /// The title in English.
    title: &'static str,
    again: &'static str,
}

fn settings(settings: ConfigBuilder) -> ConfigBuilder {
    let names = [
        "try_again",
        "back",
        "sign_out",
        "switched_off_title",
        "switched_off",
        "no_login_page_title",
        "no_login_page",
        "redirect_loop_title",
        "redirect_loop",
        "sessions_unavailable_title",
        "sessions_unavailable",
        "unreachable_title",
        "unreachable",
        "out_of_order_title",
        "out_of_order",
        "cross_site_title",
        "cross_site",
        "sign_out_by_button_title",
        "sign_out_by_button",
        "form_post_off_title",
        "form_post_off",
    ];
    let german = names.map(|name| (name, format!("<de> {name}")));
    let texts = Texts::new().language("de", german);
    settings.texts(texts).next_url("/start?a=1&b=2")
}

async fn open(browser: &Browser, path: &str, language: &str) -> Reply {
    let headers = [("Accept", "text/html"), ("Accept-Language", language)];
    browser.get_with(path, &headers).await
}

/// Each notice that a browser can be shown.
async fn notices(language: &str) -> Vec<Notice> {
    let mut notices = not_here(language).await;
    notices.extend(refused(language).await);
    notices.extend(outages(language).await);
    notices
}

/// Nobody can sign in at this address.
async fn not_here(language: &str) -> Vec<Notice> {
    let off = TestApp::with_settings(|s| settings(s).enabled(false)).await;
    let elsewhere = TestApp::with_settings(|s| settings(s).login_page_enabled(false)).await;
    let unknown = TestApp::with_settings(|s| {
        let id = "00001111-aaaa-2222-bbbb-3333cccc4444";
        settings(s)
            .application_id("")
            .site("app.example", move |site| site.application_id(id))
    })
    .await;
    let page = "/microsoft_sso/?next=/orders?page=2";
    vec![
        Notice {
            reply: open(&off.browser(), LOGIN, language).await,
            status: 404,
            names: ("switched_off_title", "switched_off"),
            title: "Sign-in is switched off",
            again: TO_LOGIN,
        },
        Notice {
            reply: open(&off.browser(), "/microsoft_sso/", language).await,
            status: 404,
            names: ("switched_off_title", "switched_off"),
            title: "Sign-in is switched off",
            again: TO_PLAIN_LOGIN,
        },
        Notice {
            reply: open(&elsewhere.browser(), page, language).await,
            status: 404,
            names: ("no_login_page_title", "no_login_page"),
            title: "Page not found",
            again: TO_LOGIN,
        },
        Notice {
            reply: open(&unknown.browser(), LOGIN, language).await,
            status: 421,
            names: ("", ""),
            title: "Wrong address",
            again: TO_LOGIN,
        },
    ]
}

/// What the request asks for isn't done.
async fn refused(language: &str) -> Vec<Notice> {
    let app = TestApp::with_settings(settings).await;
    let circling = app.browser();
    for _ in 0..10 {
        circling.sign_in(ADA).await;
    }
    circling.lose_session();
    let browser = app.browser();
    let posted = [
        ("Accept-Language", language),
        ("Sec-Fetch-Mode", "navigate"),
    ];
    let from_elsewhere = [posted[0], posted[1], ("Sec-Fetch-Site", "cross-site")];
    vec![
        Notice {
            reply: open(&circling, LOGIN, language).await,
            status: 429,
            names: ("redirect_loop_title", "redirect_loop"),
            title: "Signed in again and again",
            again: TO_LOGIN,
        },
        Notice {
            reply: open(&browser, LOGOUT, language).await,
            status: 405,
            names: ("sign_out_by_button_title", "sign_out_by_button"),
            title: "Sign out",
            again: SIGN_OUT,
        },
        Notice {
            reply: browser.post_with(LOGOUT, &from_elsewhere).await,
            status: 403,
            names: ("cross_site_title", "cross_site"),
            title: "Do you want to sign out?",
            again: SIGN_OUT,
        },
        Notice {
            reply: browser.post_with("/microsoft_sso/callback/", &posted).await,
            status: 405,
            names: ("form_post_off_title", "form_post_off"),
            title: "Please sign in again",
            again: TO_PLAIN_LOGIN,
        },
    ]
}

/// The database or Microsoft is away.
async fn outages(language: &str) -> Vec<Notice> {
    let app = TestApp::with_settings(settings).await;
    let browser = app.browser();
    let callback = browser.to_callback(ADA, "?next=/orders?page=2").await;
    app.execute("ALTER TABLE microsoft_sso_identities RENAME TO away");
    let without_users = open(&browser, &callback, language).await;
    app.execute("ALTER TABLE away RENAME TO microsoft_sso_identities");

    browser.sign_in(ADA).await;
    app.execute("ALTER TABLE microsoft_sso_sessions RENAME TO away");
    let without_sessions = open(&browser, "/private/report?a=1", language).await;

    let app = TestApp::with_settings(settings).await;
    app.entra.fault(Endpoint::Metadata, Fault::Status(503));
    vec![
        Notice {
            reply: without_users,
            status: 503,
            names: ("out_of_order_title", "out_of_order"),
            title: "Sign-in is not available",
            again: TO_LOGIN,
        },
        Notice {
            reply: without_sessions,
            status: 503,
            names: ("sessions_unavailable_title", "sessions_unavailable"),
            title: "Temporarily unavailable",
            again: RELOAD,
        },
        Notice {
            reply: open(&app.browser(), LOGIN, language).await,
            status: 503,
            names: ("unreachable_title", "unreachable"),
            title: "Microsoft can&#39;t be reached",
            again: TO_LOGIN,
        },
    ]
}

#[actix_web::test]
async fn each_has_a_title_a_way_to_try_again_and_a_way_back() {
    for notice in notices("en").await {
        let (title, body) = (notice.title, &notice.reply.body);
        assert_eq!(notice.reply.status, notice.status, "{title}: {body}");
        let back = if notice.names.0.is_empty() {
            "href=\"/\">Back to the application</a>"
        } else {
            "href=\"/start?a=1&#38;b=2\">Back to the application</a>"
        };
        for part in [
            "<html lang=\"en\">",
            &format!("<title>{title}</title>"),
            &format!("<h1>{title}</h1>"),
            notice.again,
            back,
        ] {
            assert!(body.contains(part), "{title}: no {part}: {body}");
        }
    }
}

#[actix_web::test]
async fn each_speaks_the_languages_of_the_settings_and_english_where_no_site_is_known() {
    for notice in notices("de-AT, en;q=0.5").await {
        let (title, body) = (notice.title, &notice.reply.body);
        if notice.names.0.is_empty() {
            assert!(body.contains("<html lang=\"en\">"), "{body}");
            continue;
        }
        let again = if notice.again == SIGN_OUT {
            "sign_out"
        } else {
            "try_again"
        };
        assert!(body.contains("<html lang=\"de\">"), "{title}: {body}");
        for name in [notice.names.0, notice.names.1, again, "back"] {
            let text = format!(">&#60;de&#62; {name}<");
            assert!(body.contains(&text), "{title}: no {text}: {body}");
        }
    }
}

#[actix_web::test]
async fn each_looks_like_the_login_page_without_anything_from_elsewhere() {
    let app = TestApp::start().await;
    let style = app.browser().get("/microsoft_sso/style.css").await.body;
    for notice in notices("en").await {
        let (title, body) = (notice.title, &notice.reply.body);
        assert!(body.contains(&format!("<style>{style}</style>")), "{title}");
        assert!(body.contains("class=\"microsoft-sso-page\""), "{title}");
        assert!(body.contains("<link rel=\"icon\" href=\"data:"), "{title}");
        for forbidden in ["http:", "https:", "<script", "style=", "url("] {
            assert!(!body.contains(forbidden), "{title}: {forbidden}");
        }
        let policy = notice.reply.header("content-security-policy");
        let start = "default-src 'none'; style-src 'sha256-";
        assert!(policy.starts_with(start), "{title}: {policy}");
        assert!(!policy.contains("unsafe"), "{title}: {policy}");
        assert_eq!(notice.reply.header("cache-control"), "no-store", "{title}");
    }
}

#[actix_web::test]
async fn an_api_client_gets_json_in_the_same_language() {
    let app = TestApp::with_settings(|s| settings(s).enabled(false)).await;
    let headers = [("Accept", "application/json"), ("Accept-Language", "de")];
    let reply = app.browser().get_with(LOGIN, &headers).await;
    assert_eq!(reply.status, 404);
    assert_eq!(reply.json()["error"], "switched_off");
    assert_eq!(reply.json()["message"], "<de> switched_off");
}

#[actix_web::test]
async fn the_way_to_try_again_leads_to_a_page_of_this_site_alone() {
    let app = TestApp::with_settings(|settings| settings.enabled(false)).await;
    for next in ["https://evil.example/", "//evil.example", "/\"><script>"] {
        let path = format!("/microsoft_sso/login/?next={next}");
        let body = app.browser().get(&path).await.body;
        assert!(
            !body.contains("evil") && !body.contains("<script"),
            "{body}"
        );
    }
}
