//! An application that has a table of people already, and signs them in with Microsoft.
//!
//! `cargo run --example own_users_table`, then open <http://127.0.0.1:8000/microsoft_sso/login/>.
//! The emulated tenant stands in for Microsoft. The application's table is `staff`; its ids are
//! text, its rows are made by the personnel office, and a sign-in links a person to their row.

#![expect(missing_docs, reason = "`table!` makes public items")]

use std::error::Error;

use actix_session::storage::CookieSessionStore;
use actix_web::{
    App, HttpServer, Responder, get,
    web::{self, Data},
};
use diesel::{
    connection::SimpleConnection,
    prelude::*,
    r2d2::{ConnectionManager, Pool},
};
use futures_util::future::LocalBoxFuture;
use microsoft_sso::{
    Admitted, Config, CurrentUser, Decision, Denied, MicrosoftSso, SignIn, StoreError, User,
    UserId, UserStore, testing::FakeEntra,
};

diesel::table! {
    staff (number) {
        number -> Text,
        mail -> Text,
        full_name -> Text,
        employed -> Bool,
        tenant -> Nullable<Text>,
        object -> Nullable<Text>,
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = staff)]
struct Member {
    number: String,
    mail: String,
    full_name: String,
    employed: bool,
}

impl From<Member> for User {
    fn from(member: Member) -> Self {
        let mut user = User::new(
            UserId::new(&member.number),
            &member.mail,
            Default::default(),
        );
        user.first_name = member.full_name;
        user.email = member.mail;
        user.is_active = member.employed;
        user
    }
}

/// The application's own table, as the plugin sees it.
#[derive(Clone)]
struct Staff(Pool<ConnectionManager<SqliteConnection>>);

impl Staff {
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, Box<dyn Error + Send + Sync>>
        + Send
        + 'static,
    ) -> Result<T, StoreError> {
        let pool = self.0.clone();
        let done = web::block(move || work(&mut *pool.get()?)).await;
        done.map_err(StoreError::new)?.map_err(StoreError::new)
    }
}

/// Finds who is linked to this person at Microsoft, or links a row that the personnel office made
/// for their address. That is sound here because one tenant alone may sign in, and its
/// administrators write its addresses; `decide` has checked the domain before.
fn admit(
    conn: &mut SqliteConnection,
    sign_in: &SignIn,
) -> Result<Result<Admitted, Denied>, Box<dyn Error + Send + Sync>> {
    let (tenant, object) = (
        sign_in.profile().tenant_id.to_string(),
        &sign_in.profile().object_id,
    );
    let linked = staff::table
        .filter(staff::tenant.eq(&tenant))
        .filter(staff::object.eq(object))
        .select(Member::as_select())
        .first(conn)
        .optional()?;
    let user = linked.map(User::from);
    let new = match (sign_in.decide(user.as_ref())?, user) {
        (Decision::SignIn(_), Some(user)) => return Ok(Ok(Admitted::new(user, false))),
        (Decision::Create(new), _) => new,
        (Decision::Deny(denied), _) => return Ok(Err(denied)),
        (Decision::SignIn(_), None) => return Ok(Err(Denied::NotCreated)),
    };
    // Only a row that nobody is linked to yet: an address is handed over once.
    let vacant = staff::mail.eq(&new.email).and(staff::object.is_null());
    let taken = diesel::update(staff::table.filter(vacant))
        .set((staff::tenant.eq(&tenant), staff::object.eq(object)))
        .execute(conn)?;
    if taken == 0 {
        return Ok(Err(Denied::Refused(
            "The personnel office doesn't know you.".into(),
        )));
    }
    let member = staff::table
        .filter(staff::tenant.eq(&tenant))
        .filter(staff::object.eq(object))
        .select(Member::as_select());
    Ok(Ok(Admitted::new(member.first(conn)?.into(), true)))
}

impl UserStore for Staff {
    fn sign_in(
        &self,
        sign_in: SignIn,
    ) -> LocalBoxFuture<'_, Result<Result<Admitted, Denied>, StoreError>> {
        Box::pin(self.run(move |conn| conn.immediate_transaction(|conn| admit(conn, &sign_in))))
    }

    fn find<'a>(&'a self, id: &'a UserId) -> LocalBoxFuture<'a, Result<Option<User>, StoreError>> {
        let number = id.as_str().to_owned();
        Box::pin(self.run(move |conn| {
            let member = staff::table.find(number).select(Member::as_select());
            Ok(member.first(conn).optional()?.map(User::from))
        }))
    }
}

#[get("/")]
async fn home(user: CurrentUser) -> impl Responder {
    format!("Hello {}, number {}", user.first_name, user.id)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let pool = Pool::builder()
        .max_size(1)
        .build(ConnectionManager::<SqliteConnection>::new(":memory:"))?;
    pool.get()?.batch_execute(
        "CREATE TABLE staff (number TEXT PRIMARY KEY, mail TEXT UNIQUE, full_name TEXT, \
         employed BOOLEAN, tenant TEXT, object TEXT, UNIQUE (tenant, object)); \
         INSERT INTO staff (number, mail, full_name, employed) \
         VALUES ('S-0815', 'ada@contoso.example', 'Ada Lovelace', TRUE);",
    )?;
    let entra = FakeEntra::start()?;
    let config = Config::builder()
        .authority(entra.authority("contoso.example"))
        .graph_url(entra.graph_url())
        .application_id(entra.application_id())
        .client_secret(entra.client_secret())
        .allowable_domains(["contoso.example"])
        .build()?;
    let sso = Data::new(MicrosoftSso::builder(config).store(Staff(pool)).build()?);
    println!("Open http://127.0.0.1:8000/microsoft_sso/login/ and be Ada.");
    HttpServer::new(move || {
        App::new()
            .app_data(sso.clone())
            .configure(microsoft_sso::config)
            .service(home)
            .wrap(sso.flash_messages())
            .wrap(sso.session_middleware(CookieSessionStore::default()))
    })
    .bind(("127.0.0.1", 8000))?
    .run()
    .await?;
    Ok(())
}
