//! An application that has a table of users already, and signs them in with Microsoft.
//!
//! `cargo run --example own_users_table`, then open <http://127.0.0.1:8000/microsoft_sso/login/>.
//! The emulated tenant stands in for Microsoft. The application's table is `staff`; its ids are
//! text, the personnel office writes its rows, and the first sign-in links an account to its row.

#![expect(missing_docs, reason = "`table!` makes public items")]

use std::error::Error;

use actix_web::{
    App, HttpServer, Responder, get,
    web::{self, Data},
};
use diesel::{
    connection::SimpleConnection,
    prelude::*,
    r2d2::{ConnectionManager, Pool},
};
use microsoft_sso::{
    Config, CurrentUser, Decision, Denied, MicrosoftSso, SignIn, SignInOutcome, SignedInUser,
    StoreError, User, UserId, UserStore, actix_session::storage::CookieSessionStore,
    testing::FakeEntra,
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
        // The personnel office wrote it.
        user.email_verified = true;
        user.is_active = member.employed;
        user
    }
}

/// The application's own table, as a user store.
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

/// Finds the row that is linked to this account, or links the row that the personnel office wrote for
/// its address. That is sound here because only one tenant may sign in, and its administrators
/// write its addresses; `decide` has checked the domain before.
fn find_or_link(
    conn: &mut SqliteConnection,
    sign_in: &SignIn,
) -> Result<SignInOutcome, Box<dyn Error + Send + Sync>> {
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
    let new = match (sign_in.decide(user.as_ref()), user) {
        (Decision::SignIn(_), Some(user)) => return Ok(SignedInUser::existing(user).into()),
        (Decision::Create(new), _) => new,
        (Decision::Deny(denied), _) => return Ok(denied.into()),
        (Decision::SignIn(_), None) => return Ok(Denied::NotCreated.into()),
    };
    if !new.is_email_verified() {
        let text = "Your address is not proved to be yours.";
        return Ok(Denied::Refused(text.into()).into());
    }
    // Only a row that isn't linked yet: an address is handed over once.
    let vacant = staff::mail.eq(&new.email).and(staff::object.is_null());
    let taken = diesel::update(staff::table.filter(vacant))
        .set((staff::tenant.eq(&tenant), staff::object.eq(object)))
        .execute(conn)?;
    if taken == 0 {
        let text = "The personnel office doesn't know you.";
        return Ok(Denied::Refused(text.into()).into());
    }
    let member = staff::table
        .filter(staff::tenant.eq(&tenant))
        .filter(staff::object.eq(object))
        .select(Member::as_select());
    Ok(SignedInUser::created(member.first(conn)?.into()).into())
}

impl UserStore for Staff {
    async fn sign_in(&self, sign_in: SignIn) -> Result<SignInOutcome, StoreError> {
        self.run(move |conn| conn.immediate_transaction(|conn| find_or_link(conn, &sign_in)))
            .await
    }

    async fn find(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        let number = id.to_string();
        self.run(move |conn| {
            let member = staff::table.find(number).select(Member::as_select());
            Ok(member.first(conn).optional()?.map(User::from))
        })
        .await
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
            .wrap(sso.sessions_in(CookieSessionStore::default()))
    })
    .bind(("127.0.0.1", 8000))?
    .run()
    .await?;
    Ok(())
}
