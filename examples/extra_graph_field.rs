//! One more field from Graph, with one more scope, in a table of the application's own: the time zone
//! of the user's mailbox.
//!
//! `cargo run --example extra_graph_field`, then open <http://127.0.0.1:8000>.

use std::{error::Error, time::Duration};

use actix_web::{
    App, HttpServer, Responder,
    error::ErrorInternalServerError,
    get,
    middleware::from_fn,
    web::{self, Data, Redirect},
};
use diesel::{
    prelude::*,
    r2d2::{ConnectionManager, Pool},
};
use microsoft_sso::{Config, DieselStore, GraphClient, Identity, MicrosoftSso, testing::FakeEntra};
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

/// Asks Graph, and stores the answer. At the first visit Microsoft asks the user for the scope.
#[get("/time-zone")]
async fn time_zone(
    identity: Identity,
    graph: GraphClient,
    database: Data<Database>,
) -> Result<impl Responder, actix_web::Error> {
    let graph = graph.with_scopes(["MailboxSettings.Read"]);
    let settings = graph.get("/me/mailboxSettings").await?;
    let name = settings["timeZone"].as_str().unwrap_or("UTC").to_owned();
    let id = identity.user_id.to_string();
    let saved = web::block(move || save(&database, &id, &name)).await?;
    saved.map_err(ErrorInternalServerError)?;
    Ok(Redirect::to("/").see_other())
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
    match zone {
        Some(zone) => format!("{}, your time zone is {zone}.", identity.first_name),
        None => "Open /time-zone to look it up.".to_owned(),
    }
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
        .recheck(Duration::from_secs(900))
        .environment()
        .build()?;
    // One database for the application and the plugin.
    let manager = ConnectionManager::<SqliteConnection>::new("extra_graph_field.sqlite3");
    let database = Pool::builder().max_size(1).build(manager)?;
    diesel::sql_query(
        "CREATE TABLE IF NOT EXISTS time_zones (user_id TEXT PRIMARY KEY, name TEXT)",
    )
    .execute(&mut database.get()?)?;
    let store = DieselStore::with_pool(database.clone(), &config);
    store.migrate()?;
    let sso = Data::new(MicrosoftSso::builder(config).store(store).build()?);
    println!("Open http://127.0.0.1:8000/ in your browser.");
    HttpServer::new(move || {
        App::new()
            .app_data(sso.clone())
            .app_data(Data::new(database.clone()))
            .configure(microsoft_sso::config)
            .service(home)
            .service(
                web::scope("")
                    .wrap(from_fn(microsoft_sso::require_login))
                    .service(time_zone),
            )
            .wrap(sso.sessions())
    })
    .bind(("127.0.0.1", 8000))?
    .run()
    .await?;
    Ok(())
}
