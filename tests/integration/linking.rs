//! People who are there already get their Microsoft account.

use actix_session::SessionExt;
use microsoft_sso::{
    AccountToImport, Config, ConfigBuilder, ImportOutcome, UserId,
    testing::{CONTOSO, FABRIKAM, FakeEntra, PERSONAL, Person},
};
use uuid::Uuid;

use crate::{browser::Browser, harness::TestApp, log};

const ADA: &str = "ada@contoso.example";
const GRACE: &str = "grace@contoso.example";

/// The id of the local user with this number.
fn local(number: i64) -> UserId {
    UserId::from(5000 + number)
}

async fn app(settings: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> TestApp {
    let app = TestApp::with_builder(FakeEntra::start().unwrap(), settings, |sso| {
        sso.local_user(|req| async move {
            let id: Option<i64> = req.get_session().get("local_user").ok()?;
            id.map(UserId::from)
        })
    })
    .await;
    for (number, email) in [(1, ADA), (2, "other@contoso.example")] {
        add_user(&app, number, email, true);
    }
    app
}

fn add_user(app: &TestApp, number: i64, email: &str, is_proved: bool) {
    app.execute(&format!(
        "INSERT INTO users (id, username, email, first_name, last_name, password, email_verified) \
         VALUES ({}, 'local{number}', '{email}', 'Local', 'User', 'hash', {is_proved})",
        5000 + number
    ));
}

async fn local_login(browser: &Browser, number: i64) {
    browser
        .post_with(&format!("/local/{}", 5000 + number), &[])
        .await;
}

/// Posts `link/`, and picks a person at Microsoft; returns the callback's answer.
async fn links(browser: &Browser, app: &TestApp, username: &str) -> crate::browser::Reply {
    let reply = browser
        .post_with("/microsoft_sso/link/?next=/me", &[])
        .await;
    assert_eq!(reply.status, 303, "{}", reply.body);
    let callback = app.entra.sign_in(reply.location(), username).unwrap();
    browser.get(&callback).await
}

#[actix_web::test]
async fn a_local_user_links_an_account_and_signs_in_with_it_from_then_on() {
    log::begin();
    let app = app(|settings| settings.allowable_domains(["contoso.example"])).await;
    let browser = app.browser();
    local_login(&browser, 2).await;
    let reply = links(&browser, &app, ADA).await;
    assert_eq!(reply.location(), "/me");
    let me = browser.me().await.unwrap();
    assert_eq!(me["id"], "5002", "and not the user of that address");
    assert_eq!(me["email"], "other@contoso.example", "what is stored stays");
    assert_eq!(
        browser.get("/local").await.body,
        "5002",
        "the local sign-in stays"
    );
    let other = app.browser();
    app.pass(30);
    other.sign_in(ADA).await;
    assert_eq!(other.me().await.unwrap()["id"], "5002");
    assert_eq!(app.count("users"), 2);
    let oid = Person::new(CONTOSO, ADA).oid;
    let linked = log::lines(&["event=\"linked\"", "user=5002", &oid, "by=\"person\""]);
    assert_eq!(linked.len(), 1, "{linked:?}");

    // Not across a link that is there, from either side.
    local_login(&browser, 1).await;
    let reply = links(&browser, &app, ADA).await;
    assert_eq!(reply.location(), "/");
    assert!(browser.message().await.contains("another user"));
    local_login(&browser, 2).await;
    app.pass(30);
    let reply = links(&browser, &app, GRACE).await;
    assert_eq!(reply.location(), "/");
    assert!(
        browser
            .message()
            .await
            .contains("another Microsoft account")
    );
    assert_eq!(app.count("microsoft_sso_identities"), 1);

    // Taken away, it can be given to another.
    let reply = browser
        .post_with("/microsoft_sso/unlink/?next=/cart", &[])
        .await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/cart"));
    assert_eq!(
        browser.get("/local").await.body,
        "5002",
        "the local sign-in stays"
    );
    assert!(browser.me().await.is_none() && other.me().await.is_none());
    assert_eq!(
        app.count("microsoft_sso_identities") + app.count("microsoft_sso_users"),
        0
    );
    assert!(!log::lines(&["event=\"unlinked\"", "user=5002", "accounts=1"]).is_empty());
    local_login(&browser, 1).await;
    app.pass(30);
    assert_eq!(links(&browser, &app, ADA).await.location(), "/me");
    assert_eq!(browser.me().await.unwrap()["id"], "5001");
}

#[actix_web::test]
async fn a_link_needs_a_post_of_this_site_and_the_same_local_user_at_both_ends() {
    let app = app(|settings| settings).await;
    let browser = app.browser();
    for path in ["/microsoft_sso/link/", "/microsoft_sso/unlink/"] {
        let reply = browser.post_with(path, &[("Accept", "text/html")]).await;
        assert_eq!(reply.status, 401, "nobody is signed in locally");
        local_login(&browser, 1).await;
        assert_eq!(browser.get(path).await.status, 405);
        for evil in [
            [("Origin", "https://evil.example")],
            [("Sec-Fetch-Site", "cross-site")],
            [("Origin", "null")],
        ] {
            let reply = browser.post_with(path, &evil).await;
            assert_eq!(reply.status, 403, "{evil:?}");
        }
        browser.forget_cookies();
    }
    // Somebody else signs in locally, or nobody is, before Microsoft answers.
    for after in [Some(2), None] {
        local_login(&browser, 1).await;
        let reply = browser.post_with("/microsoft_sso/link/", &[]).await;
        let callback = app.entra.sign_in(reply.location(), ADA).unwrap();
        match after {
            Some(number) => local_login(&browser, number).await,
            None => drop(browser.post_with("/leave", &[]).await),
        }
        assert_eq!(browser.get(&callback).await.location(), "/");
        assert!(
            browser
                .message()
                .await
                .contains("sign in to this application first")
        );
        app.pass(30);
    }
    assert_eq!(app.count("microsoft_sso_identities"), 0);
    // A plain sign-in links nobody.
    browser.sign_in(ADA).await;
    assert_eq!(app.count("users"), 3);
    let plain = TestApp::start().await;
    let reply = plain.browser().post_with("/microsoft_sso/link/", &[]).await;
    assert_eq!(reply.status, 404, "switched off");
}

#[actix_web::test]
async fn the_rules_of_the_settings_hold_for_a_link_too() {
    let app = app(|settings| {
        settings
            .allowable_domains(["contoso.example"])
            .auto_create_users(false)
    })
    .await;
    app.entra
        .add_person(Person::new(FABRIKAM, "eve@fabrikam.example"));
    let browser = app.browser();
    local_login(&browser, 1).await;
    assert_eq!(
        links(&browser, &app, "eve@fabrikam.example")
            .await
            .location(),
        "/"
    );
    assert!(browser.message().await.contains("organisation"));
    app.execute("UPDATE users SET is_active = FALSE");
    app.pass(30);
    assert_eq!(links(&browser, &app, ADA).await.location(), "/");
    assert_eq!(app.count("microsoft_sso_identities"), 0);
    app.execute("UPDATE users SET is_active = TRUE");
    app.pass(30);
    assert_eq!(links(&browser, &app, ADA).await.location(), "/me");
}

#[actix_web::test]
async fn an_address_links_only_the_one_active_user_without_an_account_whose_it_is() {
    let by_address = |settings: ConfigBuilder| settings.link_by_address(true).tenants([CONTOSO]);
    let signs_in = async |app: &TestApp| {
        let browser = app.browser();
        let reply = browser.sign_in(ADA).await;
        let me = browser.me().await;
        (
            reply.location().to_owned(),
            me.map(|me| me["id"].as_str().unwrap().to_owned()),
        )
    };
    let own = Some("5001".to_owned());

    log::begin();
    let plain = app(by_address).await;
    assert_eq!(signs_in(&plain).await.1, own);
    assert!(!log::lines(&["event=\"linked\"", "user=5001", "by=\"rule\""]).is_empty());
    assert_eq!(plain.count("users"), 2);
    // Without the setting, nobody is linked by an address.
    let off = app(|settings| settings.tenants([CONTOSO])).await;
    assert_ne!(signs_in(&off).await.1, own);
    // Two users with the address, or one whose address nobody has proved.
    let two = app(by_address).await;
    add_user(&two, 3, "ADA@contoso.example", true);
    assert_ne!(signs_in(&two).await.1, own);
    let unproved = app(by_address).await;
    unproved.execute("UPDATE users SET email_verified = FALSE");
    assert_ne!(signs_in(&unproved).await.1, own);
    // One who has an account.
    let taken = app(by_address).await;
    let grace = Person::new(CONTOSO, GRACE).oid;
    let tenant: Uuid = CONTOSO.parse().unwrap();
    let import = AccountToImport::new(local(1), tenant, grace);
    taken.sso.import_accounts([import]).await.unwrap();
    assert_ne!(signs_in(&taken).await.1, own);
    // An inactive one is not replaced by another.
    let inactive = app(by_address).await;
    inactive.execute("UPDATE users SET is_active = FALSE");
    assert_eq!(signs_in(&inactive).await, ("/".to_owned(), None));
    assert_eq!(inactive.count("users"), 2);
    // A guest, whose address another tenant manages.
    let guest = app(by_address).await;
    let is_guest = |ada: &mut Person| {
        ada.user_principal_name = "ada_elsewhere.example#EXT#@contoso.example".to_owned();
    };
    guest
        .entra
        .update_person(&Person::new(CONTOSO, ADA).oid, is_guest);
    let browser = guest.browser();
    browser
        .sign_in("ada_elsewhere.example#EXT#@contoso.example")
        .await;
    assert_ne!(browser.me().await.unwrap()["id"], "5001");
}

#[actix_web::test]
async fn users_who_are_linked_need_no_right_to_be_created() {
    for settings in [
        |settings: ConfigBuilder| settings.auto_create_users(false),
        |settings: ConfigBuilder| settings.allowable_domains([""; 0]),
    ] {
        let app = app(|base| settings(base).link_by_address(true).tenants([CONTOSO])).await;
        let browser = app.browser();
        browser.sign_in(ADA).await;
        assert_eq!(browser.me().await.unwrap()["id"], "5001");
        let message = app.browser().refused(GRACE).await;
        assert!(message.contains("no account"), "{message}");
        assert_eq!(app.count("users"), 2);
    }
    let everybodys = Config::builder()
        .application_id("00001111-aaaa-2222-bbbb-3333cccc4444")
        .client_secret("secret")
        .allowable_domains(["*"])
        .link_by_address(true);
    let error = everybodys.build().unwrap_err();
    assert_eq!(error.problems()[0].setting, "link_by_address");
}

#[actix_web::test]
async fn accounts_are_imported_and_never_taken_from_anybody() {
    let app = app(|settings| settings.auto_create_users(false)).await;
    let tenant: Uuid = CONTOSO.parse().unwrap();
    let [ada, grace] = [ADA, GRACE].map(|name| Person::new(CONTOSO, name).oid);
    let line = |user, id: &str| AccountToImport::new(user, tenant, id);
    let lines = || {
        vec![
            line(local(1), &ada.to_uppercase()),
            line(local(2), &ada),
            line(local(1), &grace),
            line(local(9), &grace),
            line(local(2), "ada@contoso.example"),
            AccountToImport::new(local(2), PERSONAL.parse().unwrap(), "ded4daa1bad8ae4f"),
        ]
    };
    use ImportOutcome::{AccountTaken, Linked, NoMicrosoftId, NoUser, Unchanged, UserTaken};
    let first = [
        Linked,
        AccountTaken,
        UserTaken,
        NoUser,
        NoMicrosoftId,
        Linked,
    ];
    assert_eq!(app.sso.import_accounts(lines()).await.unwrap(), first);
    let again = [
        Unchanged,
        AccountTaken,
        UserTaken,
        NoUser,
        NoMicrosoftId,
        Unchanged,
    ];
    assert_eq!(app.sso.import_accounts(lines()).await.unwrap(), again);
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert_eq!(browser.me().await.unwrap()["id"], "5001");
    let user = app
        .sso
        .user_by_account(tenant, &ada)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(user.id, local(1));
    assert_eq!(app.sso.unlink(&local(1)).await.unwrap(), 1);
    assert!(browser.me().await.is_none());
    assert_eq!(app.sso.unlink(&local(1)).await.unwrap(), 0);
}
