//! No secret is ever logged, at any level.

use crate::{
    harness::{SECRET_KEY, TestApp},
    log,
};

#[actix_web::test]
async fn a_whole_sign_in_logged_at_trace_shows_no_secret_code_token_or_cookie() {
    log::begin();
    let app = TestApp::with_settings(|settings| settings.save_access_token(true)).await;
    let browser = app.browser();
    let authorize = browser.start("").await;
    let callback = app
        .entra
        .sign_in(&authorize, "ada@contoso.example")
        .unwrap();
    let attempt = browser.cookie_header("/microsoft_sso/callback/");
    browser.get(&callback).await;
    let token = browser.me().await.unwrap()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let session = browser.cookie_header("/");
    app.entra
        .tamper(|token| drop(token.claims.insert("exp".to_owned(), 1.into())));
    app.browser().refused("ada@contoso.example").await;
    let wrong =
        TestApp::with_settings(|settings| settings.client_secret("wrong-client-secret")).await;
    wrong.browser().refused("ada@contoso.example").await;

    let text = log::text();
    assert!(text.contains("signed in"), "nothing was logged: {text}");
    assert!(
        text.contains("AADSTS7000215"),
        "the operator isn't told: {text}"
    );
    let parameter = |url: &str, name: &str| {
        let url = url::Url::parse(url).unwrap();
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.unwrap().1.into_owned()
    };
    for secret in [
        app.entra.client_secret().to_owned(),
        "wrong-client-secret".to_owned(),
        parameter(&callback, "code"),
        parameter(&callback, "state"),
        parameter(&authorize, "nonce"),
        attempt.split_once('=').unwrap().1.to_owned(),
        session.split_once('=').unwrap().1.to_owned(),
        token,
        SECRET_KEY.to_owned(),
    ] {
        assert!(
            !text.contains(&secret[..20.min(secret.len())]),
            "{secret} is in the log"
        );
    }
}
