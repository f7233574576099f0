//! The demo: sign in with Microsoft, or, without a Microsoft account, with the emulated tenant.
//!
//! `cargo run --example demo` needs nothing but this machine: SQLite and an emulated Entra on
//! another local port. With `MICROSOFT_SSO_APPLICATION_ID`, `MICROSOFT_SSO_CLIENT_SECRET` and
//! `MICROSOFT_SSO_AUTHORITY` set it uses the real Microsoft.
//!
//! `DATABASE_URL` names another database, `REDIS_URL` keeps the sessions in Redis, and
//! `SESSIONS=cookie` in the browser. `BIND_ADDRESS` is where it listens.

mod pages;

use std::error::Error;

use actix_session::storage::{CookieSessionStore, RedisSessionStore, SessionStore};
use actix_web::{
    App, HttpServer,
    middleware::from_fn,
    web::{self, Data},
};
use microsoft_sso::{
    Config, ConfigBuilder, DieselStore, MicrosoftSso, Sessions, testing::FakeEntra,
};
use tracing_subscriber::EnvFilter;

/// An environment variable of the demo's own; those of the library are read by `Config`.
fn variable(name: &str, default: &str) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "a setting of the demo, not of the library"
    )]
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// The emulated tenant, where no application id of a real one is set.
fn emulated_entra() -> std::io::Result<Option<FakeEntra>> {
    let real = !variable("MICROSOFT_SSO_APPLICATION_ID", "").is_empty();
    (!real).then(FakeEntra::start).transpose()
}

/// The settings: those that fit the emulated tenant first, the environment's over them.
fn settings(entra: Option<&FakeEntra>) -> ConfigBuilder {
    let settings = Config::builder();
    let settings = match entra {
        Some(entra) => settings
            .authority(entra.authority("common"))
            .graph_url(entra.graph_url())
            .application_id(entra.application_id())
            .client_secret(entra.client_secret())
            .allowable_domains(["*"]),
        None => settings,
    };
    settings.environment()
}

fn greet(address: &str, entra: Option<&FakeEntra>) {
    println!("\n  The demo is running. Open http://{address}/ in your browser.\n");
    if let Some(entra) = entra {
        println!(
            "  No application id is set, so an emulated tenant at {} stands in",
            entra.url()
        );
        println!("  for Microsoft. These people live there:\n");
        for person in entra.people() {
            println!(
                "    {:<28} {}",
                person.display_name, person.user_principal_name
            );
        }
        println!(
            "\n  To use the real Microsoft, set MICROSOFT_SSO_APPLICATION_ID, _CLIENT_SECRET and _AUTHORITY.\n"
        );
    }
}

/// The whole application, with the session middleware that `sessions` makes.
async fn serve<S: SessionStore + 'static>(
    address: &str,
    sso: Data<MicrosoftSso>,
    sessions: impl Fn(&MicrosoftSso) -> Sessions<S> + Clone + Send + 'static,
) -> std::io::Result<()> {
    HttpServer::new(move || {
        App::new()
            .app_data(sso.clone())
            .configure(microsoft_sso::config)
            .service(web::resource("/").get(pages::home))
            .service(web::resource("/me").get(pages::me))
            .service(
                web::scope("/private")
                    .wrap(from_fn(microsoft_sso::require_login))
                    .route("", web::get().to(pages::private)),
            )
            .wrap(sessions(&sso))
    })
    .bind(address)?
    .shutdown_timeout(5)
    .run()
    .await
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env();
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("warn,microsoft_sso=info"));
    tracing_subscriber::fmt().with_env_filter(filter).init();

    let entra = emulated_entra()?;
    let config = settings(entra.as_ref()).build()?;
    let database = variable("DATABASE_URL", "sqlite://demo.sqlite3");
    let store = DieselStore::connect(&database, &config)?;
    store.migrate()?;
    let sso = Data::new(MicrosoftSso::builder(config).store(store).build()?);

    let address = variable("BIND_ADDRESS", "127.0.0.1:8000");
    greet(&address, entra.as_ref());
    match (
        variable("REDIS_URL", ""),
        variable("SESSIONS", "database").as_str(),
    ) {
        (redis, "database") if redis.is_empty() => {
            serve(&address, sso, MicrosoftSso::sessions).await?;
        }
        (_, "cookie") => {
            let sessions = |sso: &MicrosoftSso| sso.sessions_in(CookieSessionStore::default());
            serve(&address, sso, sessions).await?;
        }
        (redis, _) => {
            let store = RedisSessionStore::new(redis).await?;
            serve(&address, sso, move |sso| sso.sessions_in(store.clone())).await?;
        }
    }
    Ok(())
}
