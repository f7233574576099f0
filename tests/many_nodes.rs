//! Many nodes: two demo processes behind nginx, round robin, one killed in the middle.
//!
//! It takes minutes and needs nginx, so it is ignored by default; `scripts/many-nodes` runs it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed"
)]

#[path = "integration/browser.rs"]
#[expect(dead_code, reason = "it serves the integration tests, too")]
mod browser;

use std::{
    collections::HashSet,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use actix_web::rt::time::sleep;
use browser::Browser;
use futures_util::future::join_all;
use microsoft_sso::testing::{CONTOSO, Endpoint, FakeEntra, Person};

/// Sign-ins that start on one node and end on the other.
const SIGN_INS: usize = 1000;

/// The interval of checks: longer than sign-ins of a turn take, and short for a test.
const RECHECK: &str = "5s";

/// People who sign in at the same time.
const AT_ONCE: usize = 20;

/// A process that ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn variable(name: &str, default: &str) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "a setting of this test, not of the library"
    )]
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

fn demo() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("examples/demo")
}

fn node(port: u16, entra: &FakeEntra, url: &str, secret_key: &str) -> Process {
    let mut command = Command::new(demo());
    command
        .env("BIND_ADDRESS", format!("127.0.0.1:{port}"))
        .env(
            "DATABASE_URL",
            variable("DATABASE_URL", "postgres://root@127.0.0.1/test"),
        )
        .env("RUST_LOG", "error")
        .env("MICROSOFT_SSO_APPLICATION_ID", entra.application_id())
        .env("MICROSOFT_SSO_CLIENT_SECRET", entra.client_secret())
        .env("MICROSOFT_SSO_AUTHORITY", entra.authority("common"))
        .env("MICROSOFT_SSO_GRAPH_URL", entra.graph_url())
        .env("MICROSOFT_SSO_ALLOWABLE_DOMAINS", "*")
        .env("MICROSOFT_SSO_SECRET_KEY", secret_key)
        .env("MICROSOFT_SSO_BASE_URL", url)
        .env("MICROSOFT_SSO_RECHECK", RECHECK)
        .stdout(Stdio::null());
    Process(command.spawn().unwrap())
}

fn nginx(dir: &std::path::Path, port: u16, nodes: [u16; 2]) -> Process {
    let [a, b] = nodes;
    let config = format!(
        "daemon off; master_process off; pid {dir}/pid; error_log {dir}/error.log; events {{}}\n\
         http {{ access_log off; client_body_temp_path {dir}; proxy_temp_path {dir}; \
         fastcgi_temp_path {dir}; uwsgi_temp_path {dir}; scgi_temp_path {dir};\n\
         upstream nodes {{ server 127.0.0.1:{a} fail_timeout=1s; server 127.0.0.1:{b} fail_timeout=1s; keepalive 16; }}\n\
         server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://nodes; \
         proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host $http_host; \
         add_header X-Node $upstream_addr always; }} }} }}",
        dir = dir.display(),
    );
    let path = dir.join("nginx.conf");
    std::fs::write(&path, config).unwrap();
    let mut command = Command::new("nginx");
    command
        .arg("-c")
        .arg(path)
        .arg("-p")
        .arg(dir)
        .stderr(Stdio::null());
    Process(command.spawn().unwrap())
}

fn free_ports() -> [u16; 3] {
    let listeners = [(); 3].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

#[expect(clippy::disallowed_methods, reason = "a process starts in wall time")]
async fn until_up(url: &str, entra: &FakeEntra) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        sleep(Duration::from_millis(200)).await;
        let client = awc::Client::builder().disable_redirects().finish();
        let reply = client
            .get(format!("{url}/microsoft_sso/login/"))
            .send()
            .await;
        if reply.is_ok_and(|reply| reply.status() == 302) {
            return;
        }
    }
    panic!("{url} did not come up beside {}", entra.url());
}

/// Kills a node without warning, while requests are under way.
fn kill_soon(mut node: Process) {
    actix_web::rt::spawn(async move {
        sleep(Duration::from_millis(20)).await;
        node.0.kill().unwrap();
    });
}

/// What became of one person's sign-in.
enum End {
    /// Signed in; whether start and callback were on two nodes.
    SignedIn { across: bool },
    /// Not signed in: the node went away under it. The person tries again.
    Interrupted,
}

async fn sign_in(browser: &Browser, entra: &FakeEntra, name: &str) -> End {
    let login = browser.get("/microsoft_sso/login/").await;
    if login.status != 302 {
        return End::Interrupted;
    }
    let callback = entra.sign_in(login.location(), name).unwrap();
    let ended = browser.get(&callback).await;
    if ended.status != 303 || browser.get("/me").await.status != 200 {
        return End::Interrupted;
    }
    // With a retry nginx names several nodes; the last one answered.
    let node = |text: &str| text.rsplit(", ").next().unwrap_or_default().to_owned();
    let across = node(login.header("x-node")) != node(ended.header("x-node"));
    End::SignedIn { across }
}

#[actix_web::test]
#[ignore = "takes minutes and needs nginx: scripts/many-nodes"]
async fn no_sign_in_is_lost_or_doubled_between_nodes_nor_when_one_is_killed() {
    let entra = FakeEntra::start().unwrap();
    let dir = tempfile::TempDir::new().unwrap();
    let [a, b, front] = free_ports();
    let url = format!("http://127.0.0.1:{front}");
    let key = uuid::Uuid::new_v4().simple().to_string().repeat(2);
    let one = node(a, &entra, &url, &key);
    let two = node(b, &entra, &url, &key);
    let proxy = nginx(dir.path(), front, [a, b]);
    until_up(&format!("http://127.0.0.1:{a}"), &entra).await;
    until_up(&format!("http://127.0.0.1:{b}"), &entra).await;
    until_up(&url, &entra).await;

    let run = uuid::Uuid::new_v4().simple().to_string();
    let (mut across, mut total, mut interrupted) = (0, 0, 0);
    let mut signed_in = Vec::new();
    let mut two = Some(two);
    let mut killed_at = None;
    #[expect(
        clippy::disallowed_methods,
        reason = "sign-ins per second of wall time"
    )]
    let before = Instant::now();
    while across < SIGN_INS {
        let people: Vec<_> = (total..total + AT_ONCE)
            .map(|n| {
                (
                    Browser::new(&url, entra.clone()),
                    format!("p{n}-{run}@contoso.example"),
                )
            })
            .collect();
        total += AT_ONCE;
        people
            .iter()
            .for_each(|(_, name)| entra.add_person(Person::new(CONTOSO, name)));
        let all = people
            .iter()
            .map(|(browser, name)| sign_in(browser, &entra, name));
        match (killed_at, two.take()) {
            // In the middle of the sign-ins that are just beginning.
            (None, Some(node)) if across >= SIGN_INS / 2 => {
                killed_at = Some(total);
                kill_soon(node);
            }
            // Ten rounds on one node, and the other comes back.
            (Some(at), None) if total >= at + 10 * AT_ONCE => {
                two = Some(node(b, &entra, &url, &key))
            }
            (_, still) => two = still,
        }
        for (end, (browser, name)) in join_all(all).await.into_iter().zip(people) {
            match end {
                End::SignedIn { across: true } => across += 1,
                End::SignedIn { across: false } => {}
                End::Interrupted => {
                    interrupted += 1;
                    let again = sign_in(&browser, &entra, &name).await;
                    assert!(
                        matches!(again, End::SignedIn { .. }),
                        "{name} can't sign in any more"
                    );
                }
            }
            signed_in.push(browser);
        }
    }
    let took = before.elapsed();
    let mut ids = HashSet::new();
    let mut lost = 0;
    for browser in &signed_in {
        let reply = browser.get("/me").await;
        match reply.status.as_u16() {
            200 => drop(ids.insert(reply.json()["microsoft_id"].to_string())),
            _ => lost += 1,
        }
    }
    println!(
        "{total} sign-ins in {took:.1?}, {across} of them across two nodes; one node killed: \
         {interrupted} interrupted and done again, {lost} lost, {} people",
        ids.len()
    );
    assert_eq!(lost, 0, "sign-ins that had ended were lost");
    assert_eq!(ids.len(), total, "people were doubled or mixed up");
    drop((one, proxy));
}

#[actix_web::test]
#[ignore = "takes minutes and needs nginx: scripts/many-nodes"]
async fn a_disabled_user_is_out_of_all_nodes_within_recheck_by_one_refresh_at_a_time() {
    let entra = FakeEntra::start().unwrap();
    let dir = tempfile::TempDir::new().unwrap();
    let [a, b, front] = free_ports();
    let url = format!("http://127.0.0.1:{front}");
    let key = uuid::Uuid::new_v4().simple().to_string().repeat(2);
    // Two nodes that migrate one database at once.
    let _nodes = [a, b].map(|port| node(port, &entra, &url, &key));
    let _nginx = nginx(dir.path(), front, [a, b]);
    until_up(&url, &entra).await;
    let person = Person::new(CONTOSO, "leaver@contoso.example");
    entra.add_person(person.clone());
    let browser = Browser::new(&url, entra.clone());
    while !matches!(
        sign_in(&browser, &entra, &person.user_principal_name).await,
        End::SignedIn { .. }
    ) {}
    let asked = async || {
        let before = entra.count(Endpoint::Token);
        let replies = join_all((0..40).map(|_| browser.get("/private"))).await;
        let statuses: HashSet<_> = replies.iter().map(|reply| reply.status.as_u16()).collect();
        let nodes: HashSet<_> = replies.iter().map(|reply| reply.header("x-node")).collect();
        assert!(nodes.len() > 1, "all went to {nodes:?}");
        (statuses, entra.count(Endpoint::Token) - before)
    };
    for _ in 0..3 {
        sleep(Duration::from_secs(6)).await;
        assert_eq!(asked().await, (HashSet::from([200]), 1), "still there");
    }
    entra.update_person(&person.oid, |leaver| leaver.is_enabled = false);
    sleep(Duration::from_secs(6)).await;
    assert_eq!(
        asked().await,
        (HashSet::from([302]), 1),
        "out, by one refresh"
    );
    assert_eq!(browser.get("/me").await.status, 401);
}
