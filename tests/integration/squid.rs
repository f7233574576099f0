//! The same through squid, a proxy that companies have. `.ci/run` installs it.

use std::{
    fs::{self, Permissions},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command},
    time::Duration,
};

use actix_web::rt::time::sleep;
use tempfile::TempDir;

use crate::{harness::TestApp, log, proxies::behind};

const ADA: &str = "ada@contoso.example";

struct Squid {
    process: Child,
    port: u16,
    dir: TempDir,
}

impl Drop for Squid {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// squid becomes a user of its own, who needs to read and write here.
fn open_to_all(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
}

impl Squid {
    /// A squid that knows where the emulated Entra is, with these lines of access control.
    async fn start(access: &str) -> Self {
        let dir = TempDir::new().unwrap();
        open_to_all(dir.path());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let at = dir.path().display();
        let helper = "while read user password; do [ \"$user $password\" = \"user pass\" ] && echo OK || echo ERR; done\n";
        fs::write(dir.path().join("check"), helper).unwrap();
        fs::write(dir.path().join("hosts"), "127.0.0.1 login.emulated.test\n").unwrap();
        let config = format!(
            "http_port 127.0.0.1:{port}\n\
             pid_filename {at}/pid\n\
             access_log stdio:{at}/access.log\n\
             cache_log {at}/cache.log\n\
             netdb_filename none\n\
             coredump_dir {at}\n\
             hosts_file {at}/hosts\n\
             cache deny all\n\
             auth_param basic program /bin/sh {at}/check\n\
             acl known proxy_auth REQUIRED\n\
             {access}\n"
        );
        let file = dir.path().join("squid.conf");
        fs::write(&file, config).unwrap();
        let process = Command::new("/usr/sbin/squid")
            .arg("-N")
            .arg("-f")
            .arg(&file)
            .spawn();
        let squid = Self {
            process: process.unwrap(),
            port,
            dir,
        };
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return squid;
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("squid did not start: {}", squid.read("cache.log"));
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.dir.path().join(file)).unwrap_or_default()
    }

    fn url(&self, user: &str) -> String {
        format!("http://{user}127.0.0.1:{}", self.port)
    }
}

/// The error in the log of a login that could not begin.
async fn failure(app: &TestApp, port: u16) -> String {
    let reply = app.browser().get("/microsoft_sso/login/").await;
    assert_eq!(reply.status, 503);
    let named = format!("through the proxy http://127.0.0.1:{port}");
    let lines = log::lines(&["Entra's metadata could not be fetched", &named]);
    lines.last().unwrap().clone()
}

#[actix_web::test]
#[ignore = "it needs squid"]
async fn a_sign_in_through_squid_with_and_without_a_password() {
    log::begin();
    let open = Squid::start("http_access allow all").await;
    behind(&open.url("")).await.signs_in(ADA).await;
    let asks = Squid::start("http_access allow known\nhttp_access deny all").await;
    behind(&asks.url("user:pass@")).await.signs_in(ADA).await;
    let line = failure(&behind(&asks.url("")).await, asks.port).await;
    assert!(
        line.contains("asks for a user name and a password"),
        "{line}"
    );
    let line = failure(&behind(&asks.url("user:no@")).await, asks.port).await;
    assert!(
        line.contains("refuses the user name and password"),
        "{line}"
    );
    let log = asks.read("access.log");
    assert!(log.contains("CONNECT login.emulated.test:"), "{log}");
}

#[actix_web::test]
#[ignore = "it needs squid"]
async fn a_squid_that_refuses_or_goes_away_is_named() {
    log::begin();
    let refuses = Squid::start("http_access deny all").await;
    let line = failure(&behind(&refuses.url("")).await, refuses.port).await;
    assert!(
        line.contains("refuses CONNECT to login.emulated.test:"),
        "{line}"
    );
    let squid = Squid::start("http_access allow all").await;
    let port = squid.port;
    let app = behind(&squid.url("")).await;
    app.signs_in(ADA).await;
    drop(squid);
    // The metadata is known; the token can't be fetched.
    app.browser().refused(ADA).await;
    let named = format!("through the proxy http://127.0.0.1:{port}");
    let lines = log::lines(&["/oauth2/v2.0/token", &named, "Connection refused"]);
    assert!(!lines.is_empty());
}
