//! What each database must do by itself: migrations, and comparing letters right.

#![expect(
    clippy::disallowed_methods,
    reason = "how long an answer takes is measured in wall time"
)]

use std::{
    any::Any,
    io::Write,
    time::{Duration, Instant},
};

use diesel::r2d2::{ConnectionManager, Pool};
use microsoft_sso::DieselStore;

use crate::{
    database::{TestDatabase, defaults, server},
    harness::TestApp,
};

#[test]
fn it_is_said_which_databases_are_skipped() {
    let used = server();
    let used = used.as_deref().unwrap_or("sqlite");
    // Past the capture of output, which hides what a test that passes prints.
    let mut out = std::io::stderr();
    for (name, scheme) in [
        ("PostgreSQL", "postgres"),
        ("MySQL or MariaDB", "mysql"),
        ("SQLite", "sqlite"),
    ] {
        if !used.starts_with(scheme) {
            writeln!(
                out,
                "skipped: {name} (set TEST_DATABASE_URL to a {scheme}:// URL)"
            )
            .unwrap();
        }
    }
}

#[actix_web::test]
async fn migrations_go_up_down_and_up_again() {
    let database = TestDatabase::fresh();
    let store = database.store();
    store.migrate().unwrap();
    store.migrate().unwrap();
    assert_eq!(database.count("users"), 0);
    store.revert_migrations().unwrap();
    store.revert_migrations().unwrap();
    assert_eq!(database.count("__diesel_schema_migrations"), 0);
    store.migrate().unwrap();
    assert_eq!(database.count("microsoft_sso_users"), 0);
}

#[actix_web::test]
async fn reverting_leaves_the_applications_own_migrations() {
    let database = TestDatabase::fresh();
    let store = database.store();
    store.migrate().unwrap();
    for version in ["20200101000000", "20990101000000"] {
        database.execute(&format!(
            "INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')"
        ));
    }
    store.revert_migrations().unwrap();
    assert_eq!(database.count("__diesel_schema_migrations"), 2);
}

#[test]
fn several_nodes_may_migrate_at_once() {
    let database = TestDatabase::fresh();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| database.store().migrate().unwrap());
        }
    });
    assert_eq!(database.count("users"), 0);
}

#[test]
fn migrations_have_equal_names_on_all_databases() {
    let names = |database: &str| {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("migrations")
            .join(database);
        let entries = std::fs::read_dir(dir).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert_eq!(names("sqlite"), names("mysql"));
}

#[actix_web::test]
async fn ids_are_compared_to_the_letter_and_names_are_not() {
    let app = TestApp::start().await;
    let user = "INSERT INTO users (username, email, first_name, last_name, password) VALUES";
    app.execute(&format!(
        "{user} ('Ann', 'Ann@contoso.example', '', '', '')"
    ));
    let same = format!("{user} ('ANN', 'x', '', '', '')");
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| app.execute(&same)));
    assert!(
        refused.is_err(),
        "two users whose names differ in letter case alone"
    );
    let link = |oid: &str| {
        app.execute(&format!(
            "INSERT INTO microsoft_sso_identities (tenant_id, object_id, subject, user_id) \
             SELECT 't', '{oid}', 's', id FROM users WHERE first_name = ''"
        ));
    };
    link("abc");
    link("ABC");
    let twice = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| link("abc")));
    assert!(twice.is_err(), "two users of one identity");
    assert_eq!(
        app.count("microsoft_sso_identities WHERE object_id = 'abc'"),
        1
    );
    app.execute("DELETE FROM users");
    assert_eq!(
        app.count("microsoft_sso_identities"),
        0,
        "a link outlived its user"
    );
}

#[actix_web::test]
async fn a_picture_of_the_largest_size_and_a_long_locale_fit() {
    let app = TestApp::start().await;
    let ada = app
        .entra
        .people()
        .into_iter()
        .find(|p| p.photo.is_some())
        .unwrap();
    let picture = [&b"\x89PNG\r\n\x1a\n"[..], &vec![7; (1 << 20) - 8]].concat();
    app.entra.update_person(&ada.oid, |ada| {
        ada.photo = Some(picture);
        ada.preferred_language = Some("zh-cmn-Hans-CN-x-private-abcdefgh-i".to_owned());
        ada.given_name = Some("Ада 艾达 🦀".to_owned());
    });
    let browser = app.browser();
    browser.sign_in(&ada.user_principal_name).await;
    let me = browser.me().await.unwrap();
    assert_eq!(me["locale"], "zh-cmn-Hans-CN-x-private-abcdefgh-i");
    assert_eq!(me["first_name"], "Ада 艾达 🦀");
    assert!(me["picture"].as_str().unwrap().len() > 1 << 20);
}

#[test]
fn a_database_url_that_is_wrong_is_said_to_be_and_not_repeated() {
    for url in ["oracle://user:hunter2@host/db", "app.sqlite3", ""] {
        let Err(error) = DieselStore::connect(url, &defaults()) else {
            panic!("{url} was taken")
        };
        let text = format!("{error:?}");
        assert!(
            !text.contains("hunter2") && text.contains("sqlite://"),
            "{text}"
        );
    }
}

/// A store on a pool of one connection, and what takes that connection away.
fn tiny_pool(url: &str) -> (DieselStore, Box<dyn Fn() -> Box<dyn Any>>) {
    macro_rules! pool {
        ($connection:ty, $url:expr) => {{
            let manager = ConnectionManager::<$connection>::new($url);
            let pool = Pool::builder()
                .max_size(1)
                .connection_timeout(Duration::from_secs(1));
            let pool = pool.build(manager).unwrap();
            let store = DieselStore::with_pool(pool.clone(), &defaults());
            (
                store,
                Box::new(move || Box::new(pool.get().unwrap()) as Box<dyn Any>),
            )
        }};
    }
    match url.split_once("://").unwrap() {
        ("sqlite", path) => pool!(diesel::SqliteConnection, path),
        #[cfg(feature = "postgres")]
        ("postgres", _) => pool!(diesel::PgConnection, url),
        #[cfg(feature = "mysql")]
        ("mysql", _) => pool!(diesel::MysqlConnection, url),
        (scheme, _) => panic!("{scheme} is not built in"),
    }
}

#[actix_web::test]
async fn an_exhausted_pool_is_a_clear_503_within_its_time_and_service_resumes() {
    let database = TestDatabase::fresh();
    let (store, take) = tiny_pool(&database.url());
    store.migrate().unwrap();
    let app = TestApp::with_store(store, database);
    let browser = app.browser();
    browser.sign_in("ada@contoso.example").await;
    let callback = app.browser();
    let url = callback.to_callback("grace@contoso.example", "").await;
    let held = take();
    let before = Instant::now();
    let reply = browser.get("/me").await;
    assert_eq!(reply.status, 503);
    assert!(reply.body.contains("Please try again"), "{}", reply.body);
    assert!(!reply.header("retry-after").is_empty());
    let reply = browser
        .get_with("/me", &[("Accept", "application/json")])
        .await;
    assert_eq!(reply.json()["error"], "session_store_failed");
    let reply = callback.get(&url).await;
    assert_eq!(reply.status, 503);
    assert!(
        before.elapsed() < Duration::from_secs(5),
        "{:?}",
        before.elapsed()
    );
    drop(held);
    assert!(browser.me().await.is_some(), "service did not resume");
    callback.sign_in("grace@contoso.example").await;
    assert!(callback.me().await.is_some());
}

#[cfg(feature = "postgres")]
#[actix_web::test]
async fn a_database_server_that_is_away_is_a_clear_503_within_its_time() {
    let config = microsoft_sso::Config::builder()
        .enabled(false)
        .database_timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    let store = DieselStore::connect("postgres://nobody@127.0.0.1:9/x", &config).unwrap();
    let app = TestApp::with_store(store, TestDatabase::fresh());
    let before = Instant::now();
    let reply = app.browser().sign_in("ada@contoso.example").await;
    assert_eq!(reply.status, 503);
    assert!(
        before.elapsed() < Duration::from_secs(5),
        "{:?}",
        before.elapsed()
    );
}

/// Ends all connections of others to the database, as a restart or a firewall does.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn cut_connections(database: &TestDatabase) {
    let url = database.url();
    let name = url::Url::parse(&url).unwrap().path()[1..].to_owned();
    if url.starts_with("postgres") {
        database.execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = '{name}' AND pid <> pg_backend_pid()"
        ));
        return;
    }
    let others =
        format!("information_schema.processlist WHERE db = '{name}' AND id <> CONNECTION_ID()");
    while database.count(&others) > 0 {
        database.execute(&format!(
            "BEGIN NOT ATOMIC FOR other IN (SELECT id FROM {others}) \
             DO KILL other.id; END FOR; END"
        ));
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
#[actix_web::test]
async fn connections_that_the_server_has_closed_cost_nobody_anything() {
    if server().is_none() {
        return;
    }
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("ada@contoso.example").await;
    // Several connections, all of them open.
    let reads = (0..8).map(|_| browser.get("/me"));
    futures_util::future::join_all(reads).await;
    for _ in 0..2 {
        cut_connections(app.database());
        assert!(browser.me().await.is_some(), "a read");
        cut_connections(app.database());
        let newcomer = app.browser();
        assert_eq!(newcomer.sign_in("grace@contoso.example").await.status, 303);
        cut_connections(app.database());
        let known = app.browser();
        assert_eq!(known.sign_in("grace@contoso.example").await.status, 303);
        assert!(known.me().await.is_some());
        cut_connections(app.database());
        assert_eq!(known.get("/private").await.status, 200);
        app.execute("DELETE FROM users WHERE email LIKE 'grace%'");
    }
}

/// A road to the database server that can be cut.
#[cfg(any(feature = "postgres", feature = "mysql"))]
struct Relay {
    address: std::net::SocketAddr,
    is_cut: std::rc::Rc<tokio::sync::watch::Sender<bool>>,
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl Relay {
    async fn to(server: String) -> Self {
        use tokio::net::{TcpListener, TcpStream};
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let is_cut = std::rc::Rc::new(tokio::sync::watch::Sender::new(false));
        let cut = std::rc::Rc::clone(&is_cut);
        actix_web::rt::spawn(async move {
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let mut watch = cut.subscribe();
                if *watch.borrow() {
                    continue;
                }
                let mut far = TcpStream::connect(&server).await.unwrap();
                actix_web::rt::spawn(async move {
                    let both = tokio::io::copy_bidirectional(&mut near, &mut far);
                    let end = watch.wait_for(|is_cut| *is_cut);
                    futures_util::pin_mut!(both, end);
                    futures_util::future::select(both, end).await;
                });
            }
        });
        Self { address, is_cut }
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
#[actix_web::test]
async fn after_a_long_outage_of_the_server_the_first_request_is_served() {
    if server().is_none() {
        return;
    }
    let database = TestDatabase::fresh();
    database.store().migrate().unwrap();
    let mut url = url::Url::parse(&database.url()).unwrap();
    let default = if url.scheme() == "mysql" { 3306 } else { 5432 };
    let port = url.port().unwrap_or(default);
    let relay = Relay::to(format!("{}:{port}", url.host_str().unwrap())).await;
    url.set_port(Some(relay.address.port())).unwrap();
    let config = microsoft_sso::Config::builder().enabled(false);
    let config = config.database_timeout(Duration::from_secs(1));
    let store = DieselStore::connect(url.as_str(), &config.build().unwrap()).unwrap();
    let app = TestApp::with_store(store, database);
    let browser = app.browser();
    browser.sign_in("ada@contoso.example").await;
    assert!(browser.me().await.is_some());
    relay.is_cut.send_replace(true);
    for _ in 0..3 {
        assert_eq!(browser.get("/me").await.status, 503);
    }
    relay.is_cut.send_replace(false);
    assert_eq!(browser.get("/me").await.status, 200);
    assert_eq!(
        app.browser().sign_in("ada@contoso.example").await.status,
        303
    );
}

/// The statements of the blocks of SQL in a document.
fn recipe(document: &str) -> Vec<String> {
    let blocks = document.split("```sql\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    let statements = blocks.flat_map(|block| block.split(';'));
    let statements = statements.map(|statement| statement.trim().to_owned());
    statements
        .filter(|statement| !statement.is_empty())
        .collect()
}

#[actix_web::test]
async fn djangos_users_move_by_the_recipe_of_the_documentation() {
    let app = TestApp::start().await;
    let people = app.entra.people();
    let ada = &people[0];
    for table in [
        "auth_user (id INTEGER PRIMARY KEY, password VARCHAR(128), last_login TIMESTAMP NULL, \
         is_superuser BOOLEAN, username VARCHAR(150), first_name VARCHAR(150), \
         last_name VARCHAR(150), email VARCHAR(254), is_staff BOOLEAN, is_active BOOLEAN, \
         date_joined TIMESTAMP)",
        "microsoft_sso_user (id INTEGER PRIMARY KEY, microsoft_id VARCHAR(255), \
         picture_raw VARCHAR(9), locale VARCHAR(5), user_id INTEGER)",
    ] {
        app.execute(&format!("CREATE TABLE {table}"));
    }
    app.execute(
        "INSERT INTO auth_user VALUES (7, '!', NULL, TRUE, 'ada', 'A', 'L', \
         'ada@contoso.example', TRUE, TRUE, '2020-01-01 00:00:00'), \
         (9, '!', NULL, FALSE, 'local', '', '', '', FALSE, TRUE, '2020-01-01 00:00:00')",
    );
    app.execute(&format!(
        "INSERT INTO microsoft_sso_user VALUES (1, '{}', NULL, 'en', 7), (2, NULL, NULL, NULL, 9)",
        ada.oid
    ));
    let statements = recipe(include_str!("../../docs/django.md"));
    assert_eq!(statements.len(), 3);
    let is_postgres = server().is_some_and(|url| url.starts_with("postgres"));
    for statement in statements {
        if is_postgres || !statement.contains("setval") {
            app.execute(&statement.replace("00000000-0000-0000-0000-000000000000", &ada.tenant));
        }
    }
    let browser = app.browser();
    browser.sign_in("ada@contoso.example").await;
    let me = browser.me().await.unwrap();
    assert_eq!(
        (me["id"].as_str(), me["username"].as_str()),
        (Some("7"), Some("ada"))
    );
    assert_eq!(
        app.count("users WHERE id = 7 AND is_superuser AND email_verified"),
        1
    );
    let browser = app.browser();
    browser.sign_in("grace@contoso.example").await;
    assert_eq!(browser.me().await.unwrap()["id"], "10", "new ids follow");
}
