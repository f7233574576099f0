//! The demo as a process.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::Path,
    process::{Child, Command, ExitStatus},
    time::{Duration, Instant},
};

use actix_web::rt::time::sleep;
use microsoft_sso::testing::FakeEntra;
use tempfile::TempDir;

/// The demo, ended with the test.
pub(crate) struct Demo {
    process: Child,
    pub(crate) url: String,
    dir: TempDir,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The demo at an address, with its database in a folder, and no settings of the library.
pub(crate) fn command(dir: &Path, address: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let target = test.parent().unwrap().parent().unwrap();
    let mut command = Command::new(target.join("examples/demo"));
    command
        .current_dir(dir)
        .env("BIND_ADDRESS", address)
        .env("DATABASE_URL", "sqlite://people.sqlite3")
        .env("RUST_LOG", "off");
    command
}

impl Demo {
    /// With the settings of an emulated tenant, and those of the test.
    pub(crate) async fn start(entra: &FakeEntra, environment: &[(&str, &str)]) -> Self {
        let (authority, graph) = (entra.authority("common"), entra.graph_url());
        let mut settings = vec![
            ("MICROSOFT_SSO_APPLICATION_ID", entra.application_id()),
            ("MICROSOFT_SSO_CLIENT_SECRET", entra.client_secret()),
            ("MICROSOFT_SSO_AUTHORITY", &authority),
            ("MICROSOFT_SSO_GRAPH_URL", &graph),
            (
                "MICROSOFT_SSO_ALLOWABLE_DOMAINS",
                "contoso.example, fabrikam.example",
            ),
            ("MICROSOFT_SSO_SESSION_AGE", "2h"),
        ];
        settings.extend(environment);
        Self::start_with(&settings).await
    }

    /// With the settings of the test alone.
    pub(crate) async fn start_with(environment: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let dir = TempDir::new().unwrap();
        let said = File::create(dir.path().join("said")).unwrap();
        let mut command = command(dir.path(), &address);
        let process = command.envs(environment.iter().copied()).stdout(said);
        let demo = Self {
            process: process.spawn().unwrap(),
            url: format!("http://{address}"),
            dir,
        };
        demo.until_up().await;
        demo
    }

    async fn until_up(&self) {
        let client = awc::Client::default();
        for _ in 0..100 {
            if client.get(&self.url).send().await.is_ok() {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("the demo did not come up");
    }

    /// What it has printed.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.dir.path().join("said")).unwrap()
    }

    /// Sends SIGTERM and waits for the end.
    #[expect(clippy::disallowed_methods, reason = "a process ends in wall time")]
    pub(crate) async fn terminate(mut self) -> ExitStatus {
        let kill = Command::new("kill")
            .arg(self.process.id().to_string())
            .status();
        assert!(kill.unwrap().success());
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("it did not end");
    }
}
