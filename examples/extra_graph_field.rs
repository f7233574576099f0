//! One more field from Graph, with one more scope, in a table of the application's own: the time zone
//! of the user's mailbox.
//!
//! `cargo run --example extra_graph_field`, then open <http://127.0.0.1:8000>.

use std::error::Error;

use actix_web::{
    App, HttpServer, Responder, get,
    web::{self, Data},
};
use diesel::{
    prelude::*,
    r2d2::{ConnectionManager, Pool},
};
use microsoft_sso::{
    Config, Denied, DieselStore, HookContext, Hooks, Identity, MicrosoftSso, User,
    testing::FakeEntra,
};
use schema::time_zones;

type Database = Pool<ConnectionManager<SqliteConnection>>;

mod schema {
    diesel::table! {
        time_zones (user_id) {
            user_id -> Text,
            name -> Text,
        }
    }
}

/// Asks Graph at each sign-in, and stores the answer.
struct TimeZone(Database);

impl Hooks for TimeZone {
    async fn before_login(&self, context: HookContext<'_>, user: &User) -> Result<(), Denied> {
        let settings = match context.graph("/me/mailboxSettings").await {
            Ok(settings) => settings,
            // A sign-in without it is better than none: the stored one stays.
            Err(error) => {
                tracing::warn!(%error, "the time zone can't be read");
                return Ok(());
            }
        };
        let name = settings["timeZone"].as_str().unwrap_or("UTC").to_owned();
        let (database, id) = (self.0.clone(), user.id.to_string());
        let saved = web::block(move || save(&database, &id, &name)).await;
        match saved {
            Ok(Ok(())) => Ok(()),
            _ => Err(Denied::Refused("Your time zone can't be saved.".into())),
        }
    }
}

fn save(database: &Database, id: &str, name: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    diesel::replace_into(time_zones::table)
        .values((time_zones::user_id.eq(id), time_zones::name.eq(name)))
        .execute(&mut database.get()?)?;
    Ok(())
}

#[get("/")]
async fn home(identity: Option<Identity>, database: Data<Database>) -> impl Responder {
    let Some(identity) = identity else {
        return "Sign in at /microsoft_sso/".to_owned();
    };
    let id = identity.user_id.to_string();
    let zone = web::block(move || {
        let mut connection = database.get().ok()?;
        let zone = time_zones::table.find(id).select(time_zones::name);
        zone.first::<String>(&mut connection).ok()
    });
    let zone = zone.await.ok().flatten();
    let zone = zone.unwrap_or_else(|| "unknown".to_owned());
    format!("{}, your time zone is {zone}.", identity.first_name)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let entra = FakeEntra::start()?;
    let config = Config::builder()
        .authority(entra.authority("common"))
        .graph_url(entra.graph_url())
        .application_id(entra.application_id())
        .client_secret(entra.client_secret())
        .allowable_domains(["*"])
        .scopes(["User.Read", "MailboxSettings.Read"])
        .environment()
        .build()?;
    // One database for the application and the plugin.
    let manager = ConnectionManager::new("extra_graph_field.sqlite3");
    let database = Pool::builder().max_size(1).build(manager)?;
    diesel::sql_query(
        "CREATE TABLE IF NOT EXISTS time_zones (user_id TEXT PRIMARY KEY, name TEXT)",
    )
    .execute(&mut database.get()?)?;
    let store = DieselStore::with_pool(database.clone(), &config);
    store.migrate()?;
    let sso = MicrosoftSso::builder(config).store(store);
    let sso = Data::new(sso.hooks(TimeZone(database.clone())).build()?);
    println!("Open http://127.0.0.1:8000/ in your browser.");
    HttpServer::new(move || {
        App::new()
            .app_data(sso.clone())
            .app_data(Data::new(database.clone()))
            .configure(microsoft_sso::config)
            .service(home)
            .wrap(sso.sessions())
    })
    .bind(("127.0.0.1", 8000))?
    .run()
    .await?;
    Ok(())
}
