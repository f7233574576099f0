//! Faults of the machine: a process killed in the middle, and a full disk. The application is a
//! process of its own: this binary, started once more.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed"
)]
#![cfg(feature = "sqlite")]

#[path = "integration/browser.rs"]
#[expect(dead_code, reason = "it serves the integration tests, too")]
mod browser;

use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use actix_web::{
    App, HttpResponse, HttpServer,
    rt::time::sleep,
    web::{self, Data},
};
use browser::Browser;
use microsoft_sso::{
    Config, CurrentUser, Denied, DieselStore, HookContext, Hooks, MicrosoftSso, User,
    testing::FakeEntra,
};
use tempfile::TempDir;

const ADA: &str = "ada@contoso.example";

/// Dies when the user is in the database and nothing is in the session.
struct Dies;

impl Hooks for Dies {
    async fn before_login(&self, _: HookContext<'_>, _: &User) -> Result<(), Denied> {
        std::process::abort()
    }
}

async fn me(user: CurrentUser) -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "id": user.id }))
}

/// The application, when this binary is started by [`Application::start`].
#[actix_web::test]
#[ignore = "started by the other tests"]
async fn application() {
    #[expect(clippy::disallowed_methods, reason = "how a child is told")]
    let given = |name: &str| env::var(name).unwrap();
    let config = Config::builder()
        .authority(given("AUTHORITY"))
        .graph_url(given("GRAPH_URL"))
        .application_id(given("APPLICATION_ID"))
        .client_secret(given("CLIENT_SECRET"))
        .allowable_domains(["contoso.example"])
        .secret_key("tests-9fQ2xLr7Vb0kWz4JmYcT8uHsNdGe1PoAi6RtKqXw3MvBy5ZlEhUjCpSgDn")
        .build()
        .unwrap();
    let store = DieselStore::connect(&given("DATABASE"), &config).unwrap();
    store.migrate().unwrap();
    let sso = MicrosoftSso::builder(config).store(store);
    let sso = match given("DIES").as_str() {
        "yes" => sso.hooks(Dies).build(),
        _ => sso.build(),
    };
    let sso = Data::new(sso.unwrap());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(sso.clone())
            .configure(microsoft_sso::config)
            .route("/me", web::get().to(me))
            .wrap(sso.sessions())
    })
    .workers(1)
    .bind(("127.0.0.1", 0))
    .unwrap();
    println!("\nport={}", server.addrs()[0].port());
    server.run().await.unwrap();
}

struct Application {
    process: Child,
    url: String,
}

impl Drop for Application {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Application {
    fn start(entra: &FakeEntra, dir: &Path, dies: &str) -> Self {
        // A write beyond the limit of a file's size is then an error, and kills nobody.
        let mut process = Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"])
            .arg(env::current_exe().unwrap())
            .args(["--exact", "application", "--ignored", "--nocapture"])
            .env("AUTHORITY", entra.authority("common"))
            .env("GRAPH_URL", entra.graph_url())
            .env("APPLICATION_ID", entra.application_id())
            .env("CLIENT_SECRET", entra.client_secret())
            .env("DATABASE", format!("sqlite://{}", dir.join("db").display()))
            .env("DIES", dies)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| line.unwrap().strip_prefix("port=").map(str::to_owned));
        Self {
            process,
            url: format!("http://127.0.0.1:{}", port.unwrap()),
        }
    }

    fn browser(&self, entra: &FakeEntra) -> Browser {
        Browser::new(&self.url, entra.clone())
    }

    /// Lets no file of the process grow beyond so many bytes, as on a full disk.
    fn limit_files(&self, bytes: &str) {
        let done = Command::new("prlimit")
            .args(["--pid", &self.process.id().to_string()])
            .arg(format!("--fsize={bytes}:unlimited"))
            .status();
        assert!(done.unwrap().success());
    }
}

fn users(dir: &Path) -> i64 {
    use diesel::{
        Connection, RunQueryDsl, SqliteConnection, dsl::count_star, query_dsl::QueryDsl, table,
    };
    table! { users (id) { id -> BigInt, } }
    let path = dir.join("db").display().to_string();
    let mut conn = SqliteConnection::establish(&path).unwrap();
    users::table.select(count_star()).first(&mut conn).unwrap()
}

#[actix_web::test]
async fn killed_between_the_user_and_the_session_the_next_sign_in_finds_the_user() {
    let entra = FakeEntra::start().unwrap();
    let dir = TempDir::new().unwrap();
    let mut dying = Application::start(&entra, dir.path(), "yes");
    let callback = dying.browser(&entra).to_callback(ADA, "").await;
    let answer = awc::Client::new().get(&callback).send().await;
    assert!(answer.is_ok(), "without its cookie nothing happens");
    let browser = dying.browser(&entra);
    let callback = browser.to_callback(ADA, "").await;
    let cookies = browser.cookie_header(&callback);
    let request = awc::Client::new().get(&callback);
    let answer = request.insert_header(("Cookie", cookies)).send().await;
    assert!(answer.is_err(), "the process didn't die");
    assert!(!dying.process.wait().unwrap().success());
    assert_eq!(users(dir.path()), 1, "it died before the user was written");

    let back = Application::start(&entra, dir.path(), "no");
    let browser = back.browser(&entra);
    assert!(browser.me().await.is_none());
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
    assert_eq!(users(dir.path()), 1);
}

#[actix_web::test]
async fn on_a_full_disk_sign_in_is_a_clear_503_and_works_when_there_is_room() {
    let entra = FakeEntra::start().unwrap();
    let dir = TempDir::new().unwrap();
    let app = Application::start(&entra, dir.path(), "no");
    let signed_in = app.browser(&entra);
    signed_in.sign_in("grace@contoso.example").await;
    assert!(signed_in.me().await.is_some());

    app.limit_files("0");
    for _ in 0..3 {
        let reply = app.browser(&entra).sign_in(ADA).await;
        assert_eq!(reply.status, 503, "{}", reply.body);
        assert!(reply.body.contains("at the moment"), "{}", reply.body);
        assert!(!reply.body.contains("disk"), "{}", reply.body);
    }
    let reply = signed_in.get("/microsoft_sso/login/").await;
    assert_eq!(reply.status, 302, "login needs no disk");

    app.limit_files("unlimited");
    sleep(Duration::from_millis(100)).await;
    let browser = app.browser(&entra);
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
    assert!(signed_in.me().await.is_some(), "who was in, stays in");
    assert_eq!(users(dir.path()), 2);
}
