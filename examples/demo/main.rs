//! The demo: sign in with Microsoft, or, without a Microsoft account, with the emulated tenant.
//!
//! `cargo run --example demo` needs nothing but this machine: SQLite and an emulated Entra on
//! another local port. With `MICROSOFT_SSO_APPLICATION_ID`, `MICROSOFT_SSO_CLIENT_SECRET` and
//! `MICROSOFT_SSO_AUTHORITY` set, or the file that `MICROSOFT_SSO_CONFIG` names, it uses the real
//! Microsoft.
//!
//! `DATABASE_URL` names another database, `REDIS_URL` keeps the sessions in Redis, and
//! `SESSIONS=cookie` in the browser. `BIND_ADDRESS` is where it listens.

mod pages;
mod sign_in;
mod terminal;

use std::{error::Error, process::ExitCode};

use actix_session::storage::{CookieSessionStore, RedisSessionStore, SessionStore};
use actix_web::{
    App, HttpServer,
    middleware::from_fn,
    web::{self, Data},
};
use microsoft_sso::{DieselStore, MicrosoftSso, Sessions};
use tracing_subscriber::EnvFilter;

use sign_in::SignIn;

/// An environment variable of the demo's own; those of the library are read by `Config`.
fn variable(name: &str, default: &str) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "a setting of the demo, not of the library"
    )]
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// What all workers share.
#[derive(Clone)]
struct Demo {
    sso: Data<MicrosoftSso>,
    sign_in: Data<SignIn>,
}

impl Demo {
    /// The whole application, with the session middleware that `sessions` makes.
    async fn serve<S: SessionStore + 'static>(
        self,
        sessions: impl Fn(&MicrosoftSso) -> Sessions<S> + Clone + Send + 'static,
    ) -> Result<(), Box<dyn Error>> {
        let sign_in = self.sign_in.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(self.sso.clone())
                .app_data(self.sign_in.clone())
                .configure(microsoft_sso::config)
                .service(web::resource("/").get(pages::home))
                .service(web::resource("/me").get(pages::me))
                .service(web::resource("/demo.css").get(pages::style))
                .service(
                    web::scope("/private")
                        .wrap(from_fn(microsoft_sso::require_login))
                        .route("", web::get().to(pages::private)),
                )
                .wrap(sessions(&self.sso))
        });
        let address = variable("BIND_ADDRESS", "127.0.0.1:8000");
        let server = server.bind(&address);
        let server = server.map_err(|error| terminal::cannot_listen(&address, &error))?;
        terminal::greet(&server.addrs(), &sign_in);
        Ok(server.shutdown_timeout(5).run().await?)
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (config, sign_in) = sign_in::settings()?;
    let database = variable("DATABASE_URL", "sqlite://demo.sqlite3");
    let store = DieselStore::connect(&database, &config)?;
    store.migrate()?;
    let sso = MicrosoftSso::builder(config).store(store).build()?;
    let demo = Demo {
        sso: Data::new(sso),
        sign_in: Data::new(sign_in),
    };

    let redis = variable("REDIS_URL", "");
    let default = if redis.is_empty() {
        "database"
    } else {
        "redis"
    };
    match variable("SESSIONS", default).as_str() {
        "cookie" => {
            let sessions = |sso: &MicrosoftSso| sso.sessions_in(CookieSessionStore::default());
            demo.serve(sessions).await
        }
        _ if !redis.is_empty() => {
            let store = RedisSessionStore::new(redis).await?;
            demo.serve(move |sso| sso.sessions_in(store.clone())).await
        }
        "database" => demo.serve(MicrosoftSso::sessions).await,
        other => Err(format!(
            "SESSIONS is `{other}`: choose `database` or `cookie`, or set REDIS_URL"
        )
        .into()),
    }
}

#[actix_web::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env();
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("warn,microsoft_sso=info"));
    tracing_subscriber::fmt().with_env_filter(filter).init();

    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::sorry(error.as_ref());
            ExitCode::FAILURE
        }
    }
}
