//! Pages that need more than a signed-in user.

use microsoft_sso::{
    Denied, HookContext, Hooks, NewUser, UserId,
    testing::{CONTOSO, FakeEntra, Person},
};
use serde_json::json;

use crate::{browser::Browser, harness::TestApp, log};

const ADA: &str = "ada@contoso.example";
const JSON: [(&str, &str); 1] = [("Accept", "application/json")];

fn oid() -> String {
    Person::new(CONTOSO, ADA).oid
}

async fn app() -> TestApp {
    TestApp::with_settings(|settings| {
        settings
            .roles(["editor=App.Editor"])
            .staff_roles(["App.Staff"])
            .superuser_roles(["App.Admin"])
            .tenants([CONTOSO])
            .session_age(std::time::Duration::from_secs(36_000))
    })
    .await
}

fn grant(entra: &FakeEntra, role: &str) {
    entra.update_person(&oid(), |ada| ada.roles = vec![role.to_owned()]);
}

#[actix_web::test]
async fn nobody_is_sent_to_sign_in_and_who_lacks_a_right_is_told_so() {
    let app = app().await;
    let stranger = app.browser();
    let browser = app.browser();
    browser.sign_in(ADA).await;
    for path in ["/role", "/staff", "/superuser"] {
        let reply = stranger.get(path).await;
        assert_eq!(reply.status, 302, "{path}");
        let login = format!("/microsoft_sso/login/?next=%2F{}", &path[1..]);
        assert_eq!(reply.location(), login);
        let reply = stranger.get_with(path, &JSON).await;
        assert_eq!(reply.status, 401);
        assert_eq!(reply.json()["login_url"], login);

        let reply = browser.get(path).await;
        assert_eq!(reply.status, 403, "{path}");
        assert!(reply.body.contains("<h1>No access</h1>"), "{}", reply.body);
        assert!(!reply.body.contains("Try again"), "it would not help");
        let reply = browser.get_with(path, &JSON).await;
        assert_eq!(reply.status, 403);
        assert_eq!(reply.json()["error"], "forbidden");
    }
    for (path, role) in [("/role", "App.Editor"), ("/staff", "App.Staff")] {
        grant(&app.entra, role);
        app.pass(30);
        let browser = app.browser();
        browser.sign_in(ADA).await;
        assert_eq!(browser.get(path).await.status, 200, "{path}");
        assert_eq!(browser.get("/superuser").await.status, 403);
    }
    grant(&app.entra, "App.Admin");
    let browser = app.browser();
    browser.sign_in(ADA).await;
    for path in ["/staff", "/superuser", "/current"] {
        assert_eq!(browser.get(path).await.status, 200, "{path}");
    }
    assert_eq!(browser.get("/role").await.status, 403);
}

#[actix_web::test]
async fn a_right_and_a_user_are_those_of_the_store() {
    let app = app().await;
    grant(&app.entra, "App.Staff");
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert_eq!(browser.get("/staff").await.status, 200);
    app.execute("UPDATE users SET is_staff = FALSE");
    assert_eq!(browser.get("/staff").await.status, 403);
    assert_eq!(browser.get("/current").await.status, 200);
    app.execute("UPDATE users SET is_active = FALSE");
    assert_eq!(browser.get("/current").await.status, 302);
    assert_eq!(browser.get("/staff").await.status, 302);
}

/// Follows a redirect to `login/`, and signs in at Microsoft; returns the URL that Microsoft was asked.
async fn signs_in_again(browser: &Browser, app: &TestApp, path: &str) -> (url::Url, u16) {
    let reply = browser.get(path).await;
    assert_eq!(reply.status, 302, "{}", reply.body);
    let reply = browser.get(reply.location()).await;
    assert_eq!(reply.status, 302, "{}", reply.body);
    let authorize = reply.location().to_owned();
    let callback = app.entra.sign_in(&authorize, ADA).unwrap();
    let reply = browser.get(&callback).await;
    assert_eq!(reply.status, 303, "{}", reply.body);
    let after = browser.get(reply.location()).await;
    (url::Url::parse(&authorize).unwrap(), after.status.as_u16())
}

fn parameter(url: &url::Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

#[actix_web::test]
async fn a_page_that_wants_a_fresh_sign_in_gets_one() {
    for claims in [true, false] {
        let app = app().await;
        if claims {
            app.entra.set_optional_claims(["auth_time"]);
        }
        let browser = app.browser();
        browser.sign_in(ADA).await;
        assert_eq!(browser.get("/fresh").await.status, 200);
        app.pass(301);
        let reply = browser.get_with("/fresh", &JSON).await;
        assert_eq!(reply.status, 401);
        let (asked, status) = signs_in_again(&browser, &app, "/fresh?a=b").await;
        assert_eq!(parameter(&asked, "prompt").as_deref(), Some("login"));
        assert_eq!(status, 200);
        // An old session at Microsoft makes a sign-in here no fresher, where `auth_time` says so.
        app.pass(3600);
        let other = app.browser();
        other.sign_in(ADA).await;
        let expected = if claims { 302 } else { 200 };
        assert_eq!(other.get("/fresh").await.status, expected);
    }
}

#[actix_web::test]
async fn a_fresh_sign_in_that_was_none_is_refused_and_goes_round_in_no_circle() {
    let app = app().await;
    app.entra.set_optional_claims(["auth_time"]);
    let browser = app.browser();
    browser.sign_in(ADA).await;
    app.pass(1000);
    let reply = browser.get("/fresh").await;
    let authorize = browser.get(reply.location()).await;
    // Somebody takes the prompt away on the way to Microsoft.
    let authorize = authorize.location().replace("prompt=login", "prompt=");
    let callback = app.entra.sign_in(&authorize, ADA).unwrap();
    log::begin();
    let reply = browser.get(&callback).await;
    assert_eq!(reply.location(), "/", "the failed page");
    let message = browser.message().await;
    assert!(message.contains("fresh"), "{message}");
    assert_eq!(browser.get("/fresh").await.status, 302);
    assert!(!log::lines(&["not_fresh", "auth_time"]).is_empty());
}

#[actix_web::test]
async fn an_authentication_context_is_asked_for_and_proved_by_the_id_token() {
    let app = app().await;
    app.entra.set_optional_claims(["acrs"]);
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let (asked, status) = signs_in_again(&browser, &app, "/context").await;
    let claims: serde_json::Value =
        serde_json::from_str(&parameter(&asked, "claims").unwrap()).unwrap();
    let expected = json!({ "id_token": { "acrs": { "essential": true, "value": "c1" } } });
    assert_eq!(claims, expected);
    assert_eq!(status, 200);
    // A token that lacks it, because nobody registered the claim, signs nobody up.
    app.entra.set_optional_claims([]);
    app.pass(60);
    let other = app.browser();
    other.sign_in(ADA).await;
    let reply = other.get("/context").await;
    let reply = other.get(reply.location()).await;
    let callback = app.entra.sign_in(reply.location(), ADA).unwrap();
    log::begin();
    assert_eq!(other.get(&callback).await.location(), "/");
    assert!(other.message().await.contains("stronger"));
    assert!(!log::lines(&["auth_context_missing", "`acrs`"]).is_empty());
}

#[actix_web::test]
async fn what_a_page_asks_travels_sealed_and_nobody_else_can_ask_for_it() {
    let app = app().await;
    let browser = app.browser();
    let asked = browser.start("?ask=eyJzY29wZXMiOlsiTWFpbC5SZWFkIl19").await;
    let asked = url::Url::parse(&asked).unwrap();
    assert_eq!(parameter(&asked, "claims"), None);
    assert_eq!(
        parameter(&asked, "scope").unwrap(),
        "openid profile email User.Read"
    );
}

/// New users wait for approval; the hook sees what Microsoft said of them.
struct Approval;

impl Hooks for Approval {
    async fn before_creation(
        &self,
        context: HookContext<'_>,
        user: &mut NewUser,
    ) -> Result<(), Denied> {
        let profile = context.profile;
        let claim = profile.claim("ctry").and_then(|country| country.as_str());
        assert_eq!(claim, Some("GB"));
        assert_eq!(profile.claim("tid"), Some(&json!(CONTOSO)));
        assert_eq!(profile.claim("no such claim"), None);
        let upn = profile.graph("userPrincipalName").unwrap();
        assert_eq!(upn, ADA);
        user.is_active = false;
        Ok(())
    }

    async fn before_login(
        &self,
        _: HookContext<'_>,
        user: &microsoft_sso::User,
    ) -> Result<(), Denied> {
        assert!(user.is_active, "nobody signs in before that");
        Ok(())
    }
}

#[actix_web::test]
async fn a_new_user_can_wait_for_approval_and_is_told_so() {
    let app = TestApp::with_builder(
        FakeEntra::start().unwrap(),
        |settings| settings.auto_create_first_superuser(true),
        |sso| sso.hooks(Approval),
    )
    .await;
    let claim = |ada: &mut Person| drop(ada.extra_claims.insert("ctry".to_owned(), json!("GB")));
    app.entra.update_person(&oid(), claim);
    let browser = app.browser();
    for _ in 0..2 {
        let message = browser.refused(ADA).await;
        assert!(message.contains("approved"), "{message}");
        assert_eq!(app.count("users"), 1);
        app.pass(30);
    }
    assert_eq!(app.count("users WHERE last_login IS NULL"), 1);
    let tenant = CONTOSO.parse().unwrap();
    let user = app
        .sso
        .user_by_account(tenant, &oid())
        .await
        .unwrap()
        .unwrap();
    assert!(!user.is_superuser, "whom nobody has let in");
    let id: UserId = user.id;
    app.sso.set_active(&id, true).await.unwrap();
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
    // Who is switched off later reads another message.
    app.sso.set_active(&id, false).await.unwrap();
    let message = browser.refused(ADA).await;
    assert!(message.contains("switched off"), "{message}");
}
