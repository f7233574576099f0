//! What an application adds to a sign-in.

use std::sync::{Arc, Mutex};

use microsoft_sso::{
    Denied, HookContext, Hooks, NewUser, User, UserId,
    testing::{Endpoint, FakeEntra, Fault},
};

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";

/// Records what it is asked, and refuses where it is told to.
#[derive(Clone, Default)]
struct Recorder {
    calls: Arc<Mutex<Vec<String>>>,
    refuse: Arc<Mutex<Option<&'static str>>>,
    bring: Arc<Mutex<Option<UserId>>>,
}

impl Recorder {
    fn answer(&self, call: &'static str, detail: &str) -> Result<(), Denied> {
        self.calls.lock().unwrap().push(format!("{call} {detail}"));
        match *self.refuse.lock().unwrap() {
            Some(refused) if refused == call => Err(Denied::Refused("Not on Mondays.".into())),
            _ => Ok(()),
        }
    }

    fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

impl Hooks for Recorder {
    async fn before_validation(&self, context: HookContext<'_>) -> Result<(), Denied> {
        self.answer("validate", context.request.path())
    }

    async fn before_creation(
        &self,
        context: HookContext<'_>,
        user: &mut NewUser,
    ) -> Result<(), Denied> {
        user.username = format!("own-{}", context.profile.first_name.to_lowercase());
        user.is_staff = true;
        user.existing = self.bring.lock().unwrap().clone();
        self.answer("create", &user.username)
    }

    async fn before_login(&self, context: HookContext<'_>, user: &User) -> Result<(), Denied> {
        let long = context.access_token.expose().len() > 1000;
        self.answer("login", &format!("{} {long}", user.username))
    }
}

#[actix_web::test]
async fn the_three_moments_come_in_order_and_creation_only_once() {
    let hooks = Recorder::default();
    let app = TestApp::with_hooks(hooks.clone()).await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert_eq!(
        hooks.calls(),
        [
            "validate /microsoft_sso/callback/",
            "create own-ada",
            "login own-ada true"
        ]
    );
    assert_eq!(browser.me().await.unwrap()["username"], "own-ada");
    assert_eq!(app.count("users WHERE is_staff"), 1);
    app.browser().sign_in(ADA).await;
    assert_eq!(
        hooks.calls(),
        ["validate /microsoft_sso/callback/", "login own-ada true"]
    );
    assert_eq!(app.count("users"), 1);
}

#[actix_web::test]
async fn each_may_refuse_with_a_message_for_the_person() {
    let hooks = Recorder::default();
    let app = TestApp::with_hooks(hooks.clone()).await;
    for (moment, users) in [("validate", 0), ("create", 0), ("login", 1)] {
        *hooks.refuse.lock().unwrap() = Some(moment);
        assert_eq!(
            app.browser().refused(ADA).await,
            "Not on Mondays.",
            "{moment}"
        );
        assert_eq!(app.count("users"), users, "{moment}");
    }
}

#[actix_web::test]
async fn an_application_may_bring_its_own_user() {
    let hooks = Recorder::default();
    let app = TestApp::with_hooks(hooks.clone()).await;
    app.execute(
        "INSERT INTO users (username, email, first_name, last_name, password, is_superuser) \
         VALUES ('old-ada', '', 'Old', 'Ada', 'hash', TRUE)",
    );
    *hooks.bring.lock().unwrap() = Some(UserId::from(1));
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert_eq!(browser.me().await.unwrap()["username"], "old-ada");
    assert!(browser.me().await.unwrap()["picture"].is_string());
    assert_eq!(
        app.count("users WHERE password = 'hash' AND is_superuser"),
        1
    );
    assert_eq!(app.count("users"), 1);
    for nobody in ["77", "x", "'; DROP TABLE users"] {
        *hooks.bring.lock().unwrap() = Some(UserId::new(nobody));
        app.browser().refused("grace@contoso.example").await;
    }
    app.execute("UPDATE users SET is_active = FALSE");
    *hooks.bring.lock().unwrap() = Some(UserId::from(1));
    app.browser().refused("grace@contoso.example").await;
    assert_eq!(app.count("microsoft_sso_identities"), 1);
}

#[actix_web::test]
async fn the_settings_rules_hold_with_hooks_too() {
    let hooks = Recorder::default();
    let app = TestApp::with_hooks(hooks.clone()).await;
    app.entra.fault(Endpoint::Me, Fault::Status(503));
    let message = app.browser().refused(ADA).await;
    assert!(message.contains("try again"), "{message}");
    assert_eq!(hooks.calls(), ["validate /microsoft_sso/callback/"]);
    app.entra.clear_faults();
    let browsers: Vec<_> = (0..20).map(|_| app.browser()).collect();
    let mut callbacks = Vec::new();
    for browser in &browsers {
        callbacks.push(browser.to_callback(ADA, "").await);
    }
    let all = browsers
        .iter()
        .zip(&callbacks)
        .map(|(browser, callback)| browser.get(callback));
    futures_util::future::join_all(all).await;
    for browser in &browsers {
        assert!(browser.me().await.is_some());
    }
    assert_eq!(app.count("users"), 1);
}

/// Asks Graph for the time zone of the person's mailbox.
struct AskGraph(Arc<Mutex<Vec<String>>>);

impl Hooks for AskGraph {
    async fn before_login(&self, context: HookContext<'_>, _: &User) -> Result<(), Denied> {
        let answer = match context.graph("/me/mailboxSettings").await {
            Ok(settings) => settings["timeZone"].to_string(),
            Err(error) => error.to_string(),
        };
        self.0.lock().unwrap().push(answer);
        Ok(())
    }
}

#[actix_web::test]
async fn a_hook_asks_graph_for_what_a_further_scope_brings() {
    for (scopes, expected) in [
        (vec!["User.Read", "MailboxSettings.Read"], "\"UTC\""),
        (vec!["User.Read"], "is the scope for it in `scopes`"),
    ] {
        let answers = Arc::new(Mutex::new(Vec::new()));
        let hook = AskGraph(Arc::clone(&answers));
        let entra = FakeEntra::start().unwrap();
        let app = TestApp::with_builder(entra, |s| s.scopes(scopes), |sso| sso.hooks(hook)).await;
        app.browser().sign_in(ADA).await;
        let answers = answers.lock().unwrap().join("\n");
        assert!(answers.contains(expected), "{answers}");
    }
}

/// Gives every new user the same name.
struct Name(&'static str);

impl Hooks for Name {
    async fn before_creation(&self, _: HookContext<'_>, user: &mut NewUser) -> Result<(), Denied> {
        user.username = self.0.to_owned();
        Ok(())
    }
}

#[actix_web::test]
async fn a_name_with_capitals_of_any_alphabet_is_read_back() {
    for name in ["ÄRGER", "İstanbul", "ΣΊΣΥΦΟΣ", "Ada"] {
        let app = TestApp::with_hooks(Name(name)).await;
        let browser = app.browser();
        browser.sign_in(ADA).await;
        assert_eq!(browser.me().await.unwrap()["username"], name);
        let browser = app.browser();
        browser.sign_in("grace@contoso.example").await;
        assert_eq!(browser.me().await.unwrap()["username"], format!("{name}-2"));
    }
}
