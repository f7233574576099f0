//! Sessions that end: for users, for sign-ins under way, and for callbacks that come again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use actix_session::{
    Session,
    storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError},
};
use actix_web::{
    App,
    cookie::time::Duration as Ttl,
    rt::{spawn, time::sleep},
    test::{TestRequest, call_service, init_service},
    web,
};
use microsoft_sso::{Denied, HookContext, Hooks, User, UserId, testing::FakeEntra};
use tokio::sync::Semaphore;

use crate::{browser::Browser, harness::TestApp, log};

const ADA: &str = "ada@contoso.example";

async fn is_signed_in(browser: &Browser) -> bool {
    browser.get("/identity").await.status == 200
}

/// A browser with the cookies that another had at the callback.
async fn at_callback(app: &TestApp) -> (Browser, Browser, String) {
    let (browser, thief) = (app.browser(), app.browser());
    let callback = browser.to_callback(ADA, "").await;
    thief.steal_cookies(&browser);
    (browser, thief, callback)
}

async fn id_of(browser: &Browser) -> UserId {
    UserId::new(browser.me().await.unwrap()["id"].as_str().unwrap())
}

#[actix_web::test]
async fn a_finished_callback_makes_no_session_again_with_the_attempts_cookie_kept() {
    for seconds in [0, 5, 61, 500] {
        let app = TestApp::start().await;
        let (browser, thief, callback) = at_callback(&app).await;
        browser.get(&callback).await;
        app.pass(seconds);
        for _ in 0..5 {
            let replay = app.browser();
            replay.steal_cookies(&thief);
            let reply = replay.get(&callback).await;
            let location = reply.location();
            assert!(
                location.starts_with("/microsoft_sso/login/"),
                "{seconds} s: {location}"
            );
            assert!(!is_signed_in(&replay).await, "{seconds} s");
        }
        assert_eq!(app.count("microsoft_sso_sessions"), 1, "{seconds} s");
        assert!(is_signed_in(&browser).await);
    }
}

#[actix_web::test]
async fn a_callback_that_comes_again_after_a_sign_out_of_any_kind_signs_nobody_in() {
    for kind in ["here", "inactive", "everywhere", "entra", "deleted"] {
        let app = TestApp::start().await;
        let (browser, thief, callback) = at_callback(&app).await;
        browser.get(&callback).await;
        let id = id_of(&browser).await;
        match kind {
            "here" => drop(browser.post_with("/microsoft_sso/logout/", &[]).await),
            "inactive" => assert!(app.sso.set_active(&id, false).await.unwrap()),
            "everywhere" => assert_eq!(app.sso.sign_out_everywhere(&id).await.unwrap(), 1),
            "deleted" => assert!(app.sso.delete_user(&id).await.unwrap()),
            _ => {
                let sid = browser.get("/identity").await.json()["session_id"].to_string();
                let sid = sid.trim_matches('"');
                let path = format!("/microsoft_sso/front-channel-logout/?sid={sid}");
                app.browser().get(&path).await;
            }
        }
        assert!(!is_signed_in(&browser).await, "{kind}");
        thief.get(&callback).await;
        assert!(!is_signed_in(&thief).await, "{kind}");
        assert_eq!(app.count("microsoft_sso_sessions"), 0, "{kind}");
    }
}

#[actix_web::test]
async fn each_session_of_a_double_click_is_an_event() {
    log::begin();
    let app = TestApp::at_site("ended-double").await;
    let (browser, other, callback) = at_callback(&app).await;
    futures_util::future::join(browser.get(&callback), other.get(&callback)).await;
    let sessions = app.count("microsoft_sso_sessions");
    let events = log::lines(&["event=\"signed_in\"", "site=\"ended-double\""]);
    assert_eq!(i64::try_from(events.len()).unwrap(), sessions);
}

/// Holds each sign-in between the user's row and the session.
#[derive(Clone)]
struct Held(Arc<Semaphore>);

impl Hooks for Held {
    async fn before_login(&self, _: HookContext<'_>, _: &User) -> Result<(), Denied> {
        let permit = self.0.acquire().await;
        permit
            .map(|permit| permit.forget())
            .map_err(|_| Denied::Inactive)
    }
}

#[actix_web::test]
async fn the_end_of_a_users_sessions_reaches_a_sign_in_under_way() {
    for kind in [
        "inactive",
        "everywhere",
        "inactive by SQL",
        "deleted by SQL",
    ] {
        let held = Held(Arc::new(Semaphore::new(1)));
        let hooks = held.clone();
        let entra = FakeEntra::start().unwrap();
        let app = TestApp::with_builder(entra, |s| s, |sso| sso.hooks(hooks)).await;
        let first = app.browser();
        first.sign_in(ADA).await;
        let id = id_of(&first).await;
        let browser = app.browser();
        let callback = browser.to_callback(ADA, "").await;
        let under_way = spawn(async move {
            browser.get(&callback).await;
            browser
        });
        // The second sign-in waits in the hook: its user is read, its session isn't written.
        sleep(Duration::from_millis(500)).await;
        match kind {
            "inactive" => assert!(app.sso.set_active(&id, false).await.unwrap()),
            "everywhere" => assert_eq!(app.sso.sign_out_everywhere(&id).await.unwrap(), 1),
            "inactive by SQL" => app.execute("UPDATE users SET is_active = FALSE"),
            _ => app.execute("DELETE FROM users"),
        }
        held.0.add_permits(1);
        let browser = under_way.await.unwrap();
        assert!(!is_signed_in(&browser).await, "{kind}");
        assert!(!is_signed_in(&first).await, "{kind}");
    }
}

#[actix_web::test]
async fn after_its_sessions_ended_a_user_signs_in_again() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    app.sso
        .sign_out_everywhere(&id_of(&browser).await)
        .await
        .unwrap();
    assert!(!is_signed_in(&browser).await);
    browser.sign_in(ADA).await;
    assert!(is_signed_in(&browser).await);
}

#[actix_web::test]
async fn database_sessions_follow_the_users_table() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.browser(), app.browser());
    ada.sign_in(ADA).await;
    grace.sign_in("grace@contoso.example").await;
    app.execute("UPDATE users SET is_active = FALSE WHERE username LIKE 'ada%'");
    assert!(!is_signed_in(&ada).await && is_signed_in(&grace).await);
    app.execute("UPDATE users SET is_active = TRUE");
    assert!(is_signed_in(&ada).await, "the row decides at each request");
    app.execute("DELETE FROM users WHERE username LIKE 'ada%'");
    assert!(!is_signed_in(&ada).await && is_signed_in(&grace).await);
    // The rows that SQLite leaves behind without foreign keys keep nobody out.
    ada.sign_in(ADA).await;
    assert!(is_signed_in(&ada).await);
    assert_eq!(app.count("microsoft_sso_identities"), 2);
}

#[actix_web::test]
async fn an_application_without_a_session_cookie_still_keeps_its_own_values() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.post_with("/cart", &[]).await;
    assert_eq!(
        browser.get("/cart").await.body,
        "apples",
        "a session without a user"
    );
}

#[actix_web::test]
async fn a_deleted_user_leaves_nothing_and_may_come_back_as_a_new_one() {
    log::begin();
    let app = TestApp::at_site("ended-deleted").await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let id = id_of(&browser).await;
    assert!(app.sso.delete_user(&id).await.unwrap());
    assert!(!app.sso.delete_user(&id).await.unwrap());
    for table in [
        "users",
        "microsoft_sso_users",
        "microsoft_sso_identities",
        "microsoft_sso_sessions",
    ] {
        assert_eq!(app.count(table), 0, "{table}");
    }
    assert!(!is_signed_in(&browser).await);
    browser.sign_in(ADA).await;
    assert_ne!(id_of(&browser).await, id);
    for nobody in ["x", "01", "-1", ""] {
        assert!(!app.sso.delete_user(&UserId::new(nobody)).await.unwrap());
    }
    assert!(!log::lines(&["event=\"user_deleted\"", &format!("user={id} ")]).is_empty());
}

#[actix_web::test]
async fn users_are_found_by_account_and_by_microsoft_id() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let me = browser.me().await.unwrap();
    let identity = browser.get("/identity").await.json();
    let tenant = identity["tenant_id"].as_str().unwrap().parse().unwrap();
    let object = identity["object_id"].as_str().unwrap();
    let found = app.sso.user_by_account(tenant, object).await.unwrap();
    assert_eq!(found.unwrap().email, ADA);
    let upper = object.to_uppercase();
    assert!(
        app.sso
            .user_by_account(tenant, &upper)
            .await
            .unwrap()
            .is_none()
    );
    let other = uuid::Uuid::nil();
    assert!(
        app.sso
            .user_by_account(other, object)
            .await
            .unwrap()
            .is_none()
    );
    let id = me["microsoft_id"].as_str().unwrap();
    let found = app.sso.user_by_microsoft_id(id).await.unwrap();
    assert_eq!(found.unwrap().id.to_string(), me["id"].as_str().unwrap());
    assert!(app.sso.user_by_microsoft_id("x").await.unwrap().is_none());
}

#[actix_web::test]
async fn expired_sessions_are_deleted_in_batches_outside_of_the_request() {
    let app = TestApp::start().await;
    for batch in 0..3 {
        let rows: Vec<_> = (0..500)
            // Those of an earlier version, too.
            .map(|row| match row % 2 {
                0 => format!("('!00-expired-{batch}-{row}', '', 1)"),
                _ => format!("('f-expired-{batch}-{row}', '', 1)"),
            })
            .collect();
        app.execute(&format!(
            "INSERT INTO microsoft_sso_sessions (id, state, expires_at) VALUES {}",
            rows.join(", ")
        ));
    }
    app.browser().sign_in(ADA).await;
    for _ in 0..100 {
        if app.count("microsoft_sso_sessions") == 1 {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("{} sessions are left", app.count("microsoft_sso_sessions"));
}

#[actix_web::test]
async fn two_plugins_with_one_key_and_one_database_do_not_mix() {
    let entra = FakeEntra::start().unwrap();
    let contoso = entra.authority("contoso.example");
    let app = TestApp::with_entra(entra.clone(), |settings| settings).await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    // The same database and key, and another authority: another application's users.
    let other = app.beside(|settings| settings.authority(contoso));
    let visitor = other.browser();
    visitor.steal_cookies(&browser);
    assert!(is_signed_in(&browser).await);
    assert!(!is_signed_in(&visitor).await);
    let callback = browser.to_callback(ADA, "").await;
    let stray = other.browser();
    stray.steal_cookies(&browser);
    let query = callback.split_once('?').unwrap().1;
    let reply = stray
        .get(&format!("/microsoft_sso/callback/?{query}"))
        .await;
    stray.is_refused(&reply).await;
}

/// A session store that saves what it can't update, as that of Redis does.
#[derive(Clone, Default)]
struct Saving(Arc<Mutex<HashMap<String, HashMap<String, String>>>>);

impl SessionStore for Saving {
    async fn load(&self, key: &SessionKey) -> Result<Option<HashMap<String, String>>, LoadError> {
        Ok(self.0.lock().unwrap().get(key.as_ref()).cloned())
    }

    async fn save(&self, state: HashMap<String, String>, _: &Ttl) -> Result<SessionKey, SaveError> {
        let key = uuid::Uuid::new_v4().to_string();
        self.0.lock().unwrap().insert(key.clone(), state);
        Ok(key.try_into().unwrap())
    }

    async fn update(
        &self,
        key: SessionKey,
        state: HashMap<String, String>,
        ttl: &Ttl,
    ) -> Result<SessionKey, UpdateError> {
        let is_there = self.0.lock().unwrap().contains_key(key.as_ref());
        if !is_there {
            return self.save(state, ttl).await.map_err(|_| unreachable!());
        }
        self.0
            .lock()
            .unwrap()
            .insert(key.as_ref().to_owned(), state);
        Ok(key)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Ttl) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        self.0.lock().unwrap().remove(key.as_ref());
        Ok(())
    }
}

#[actix_web::test]
async fn a_request_that_outlives_its_session_brings_none_back_whatever_the_store() {
    let app = TestApp::start().await;
    let sessions = Saving::default();
    let (sso, store) = (app.sso.clone(), sessions.clone());
    let slow = async |session: Session| {
        session.insert("cart", 1)?;
        sleep(Duration::from_millis(400)).await;
        Ok::<_, actix_web::Error>("")
    };
    let service = App::new()
        .app_data(sso.clone())
        .configure(microsoft_sso::config)
        .route("/slow", web::get().to(slow))
        .wrap(sso.sessions_in(store));
    let service = init_service(service).await;
    let cookies = app.entra.sign_in_to(&service, ADA).await.unwrap();
    let with = |request: TestRequest| cookies.iter().cloned().fold(request, TestRequest::cookie);
    let slow = call_service(&service, with(TestRequest::get().uri("/slow")).to_request());
    let logout = async {
        sleep(Duration::from_millis(100)).await;
        let request = TestRequest::post().uri("/microsoft_sso/logout/");
        call_service(&service, with(request).to_request()).await
    };
    futures_util::future::join(slow, logout).await;
    assert_eq!(sessions.0.lock().unwrap().len(), 0, "a session came back");
}
