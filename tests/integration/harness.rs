//! An application with the plugin, on a port of its own, beside an emulated Entra of its own.

use std::{collections::HashMap, sync::Arc, time::Duration};

use actix_session::{Session, storage::SessionStore};
use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::{HttpServiceFactory, ServerHandle},
    middleware::from_fn,
    rt,
    web::{self, Data},
};
use chrono::TimeDelta;
use microsoft_sso::{
    ACCESS_TOKEN_EXPIRES_AT_KEY, ACCESS_TOKEN_KEY, AccessToken, ApiCaller, ApiRefusal, Builder,
    Button, Clock, Config, ConfigBuilder, CurrentUser, DieselStore, GraphClient, GraphClientError,
    Hooks, Identity, Messages, MicrosoftSso, MicrosoftUser, Requirement, Sessions, Site,
    require_auth_context, require_current_user, require_fresh, require_role, require_staff,
    require_superuser,
    testing::{FakeEntra, TestClock},
};
use serde_json::json;

use crate::{browser::Browser, database::TestDatabase};

pub(crate) const SECRET_KEY: &str =
    "tests-9fQ2xLr7Vb0kWz4JmYcT8uHsNdGe1PoAi6RtKqXw3MvBy5ZlEhUjCpSgDn";

pub(crate) struct TestApp {
    pub(crate) entra: FakeEntra,
    pub(crate) store: DieselStore,
    pub(crate) sso: Data<MicrosoftSso>,
    pub(crate) url: String,
    clock: TestClock,
    server: ServerHandle,
    database: Arc<TestDatabase>,
}

/// What the tests' application has beside the plugin.
fn pages(app: &mut web::ServiceConfig) {
    app.route("/", web::get().to(home))
        .route("/me", web::get().to(me))
        .route("/identity", web::get().to(identity))
        .route("/cart", web::post().to(fill_cart))
        .route("/cart", web::get().to(cart))
        .route("/leave", web::post().to(leave))
        .route("/local/{id}", web::post().to(local_login))
        .route("/local", web::get().to(local_user))
        .route("/token", web::get().to(token))
        .route("/api/person", web::get().to(api_person))
        .route("/api/application", web::get().to(api_application))
        .route("/api/either", web::get().to(either))
        .route("/zone", web::get().to(zone))
        .route("/graph", web::get().to(any_graph))
        .route("/mails", web::get().to(mails))
        .route("/mails", web::post().to(send_mail))
        .route("/button", web::get().to(button))
        .service(guarded("/role", require_role("editor")))
        .service(guarded("/staff", require_staff()))
        .service(guarded("/superuser", require_superuser()))
        .service(guarded("/current", require_current_user()))
        .service(guarded("/fresh", require_fresh(Duration::from_secs(300))))
        .service(guarded("/context", require_auth_context("c1")))
        .service(
            web::scope("/private")
                .wrap(from_fn(microsoft_sso::require_login))
                .default_service(web::to(|| async { "private" })),
        );
}

fn guarded(path: &str, requirement: Requirement) -> impl HttpServiceFactory + 'static {
    web::scope(path)
        .wrap(requirement)
        .default_service(web::to(|| async { "guarded" }))
}

async fn home(messages: Messages) -> String {
    let messages: Vec<_> = messages.iter().map(ToString::to_string).collect();
    messages.join("\n")
}

async fn button(req: HttpRequest) -> String {
    Button::for_request(&req).next("/orders").to_html()
}

async fn identity(identity: Identity) -> HttpResponse {
    HttpResponse::Ok().json(identity)
}

async fn fill_cart(session: Session) -> actix_web::Result<&'static str> {
    session.insert("cart", "apples")?;
    Ok("filled")
}

/// A sign-in by the application's own means.
async fn local_login(session: Session, id: web::Path<i64>) -> actix_web::Result<&'static str> {
    session.insert("local_user", *id)?;
    Ok("in")
}

async fn local_user(session: Session) -> actix_web::Result<String> {
    let user = session.get::<i64>("local_user")?;
    Ok(user.map(|user| user.to_string()).unwrap_or_default())
}

async fn token(token: AccessToken) -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "token": token.secret().expose(),
        "expires_at": token.expires_at().timestamp(),
    }))
}

async fn zone(graph: GraphClient) -> Result<String, GraphClientError> {
    let graph = graph.with_scopes(["MailboxSettings.Read"]);
    let settings = graph.get("/me/mailboxSettings").await?;
    Ok(settings["timeZone"].as_str().unwrap().to_owned())
}

async fn api_person(caller: ApiCaller) -> Result<String, ApiRefusal> {
    let person = caller.require_scope("Reports.Read")?;
    Ok(format!("{} {}", person.tenant_id, person.object_id))
}

async fn api_application(caller: ApiCaller) -> Result<String, ApiRefusal> {
    let application = caller.require_app_role("Reports.Read.All")?;
    Ok(format!(
        "{} {}",
        application.tenant_id, application.client_id
    ))
}

/// A session or a token.
async fn either(identity: Option<Identity>, caller: Option<ApiCaller>) -> &'static str {
    match (identity, caller) {
        (Some(_), _) => "session",
        (None, Some(_)) => "token",
        (None, None) => "nobody",
    }
}

async fn any_graph(
    graph: GraphClient,
    query: web::Query<HashMap<String, String>>,
) -> Result<HttpResponse, GraphClientError> {
    Ok(HttpResponse::Ok().json(graph.get(&query["path"]).await?))
}

async fn mails(graph: GraphClient) -> Result<HttpResponse, GraphClientError> {
    let graph = graph.with_scopes(["Mail.ReadBasic"]);
    let mails = graph
        .list("/me/messages?$filter=isRead eq false", 5)
        .await?;
    Ok(HttpResponse::Ok().json(mails))
}

async fn send_mail(graph: GraphClient) -> Result<HttpResponse, GraphClientError> {
    let graph = graph.with_scopes(["Mail.Send"]);
    let answer = graph
        .post("/me/sendMail", &json!({ "message": {} }))
        .await?;
    Ok(HttpResponse::Ok().json(answer))
}

/// The application's own way to end a session.
async fn leave(session: Session) -> &'static str {
    session.purge();
    "gone"
}

async fn cart(session: Session) -> actix_web::Result<String> {
    Ok(session.get("cart")?.unwrap_or_default())
}

async fn me(
    user: CurrentUser,
    microsoft: Option<MicrosoftUser>,
    session: Session,
) -> actix_web::Result<HttpResponse> {
    Ok(HttpResponse::Ok().json(json!({
        "id": user.id,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "username": user.username,
        "picture": microsoft.as_ref().map(|m| &m.picture),
        "microsoft_id": microsoft.as_ref().map(|m| &m.microsoft_id),
        "locale": microsoft.as_ref().map(|m| &m.locale),
        "is_staff": user.is_staff,
        "access_token": session.get::<String>(ACCESS_TOKEN_KEY)?,
        "expires_at": session.get::<String>(ACCESS_TOKEN_EXPIRES_AT_KEY)?,
    })))
}

impl TestApp {
    /// With the settings of the emulated tenant Contoso's own application.
    pub(crate) async fn start() -> Self {
        Self::with_settings(|settings| settings).await
    }

    pub(crate) async fn with_settings(
        settings: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> Self {
        Self::with_entra(FakeEntra::start().unwrap(), settings).await
    }

    pub(crate) async fn with_entra(
        entra: FakeEntra,
        settings: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> Self {
        Self::with_builder(entra, settings, |sso| sso).await
    }

    /// With whatever else the builder takes.
    pub(crate) async fn with_builder(
        entra: FakeEntra,
        settings: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
        builder: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let database = TestDatabase::fresh();
        let store = database.store();
        store.migrate().unwrap();
        Self::build(entra, (store, Arc::new(database)), settings, builder)
    }

    /// With one site, whose name tells its lines in the log from all others.
    pub(crate) async fn at_site(name: &str) -> Self {
        let entra = FakeEntra::start().unwrap();
        let config = Config::builder()
            .authority(entra.authority("common"))
            .graph_url(entra.graph_url())
            .application_id(entra.application_id())
            .client_secret(entra.client_secret())
            .allowable_domains(["contoso.example"]);
        let site = Arc::new(Site::new(name, config.build().unwrap()).unwrap());
        let resolver = move |_: &_| Some(Arc::clone(&site));
        Self::with_builder(entra, |settings| settings, |sso| sso.sites(resolver)).await
    }

    /// With hooks of the application's.
    pub(crate) async fn with_hooks(hooks: impl Hooks) -> Self {
        let entra = FakeEntra::start().unwrap();
        Self::with_builder(entra, |settings| settings, |sso| sso.hooks(hooks)).await
    }

    /// On a store of the test's own, migrated.
    pub(crate) fn with_store(store: DieselStore, database: TestDatabase) -> Self {
        let entra = FakeEntra::start().unwrap();
        let database = Arc::new(database);
        Self::build(entra, (store, database), |settings| settings, |sso| sso)
    }

    /// Another application, or the same started again, on the same database and Entra.
    pub(crate) fn beside(&self, settings: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        let database = (self.store.clone(), Arc::clone(&self.database));
        Self::build(self.entra.clone(), database, settings, |sso| sso)
    }

    fn build(
        entra: FakeEntra,
        (store, database): (DieselStore, Arc<TestDatabase>),
        settings: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
        builder: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let config = Config::builder()
            .authority(entra.authority("common"))
            .graph_url(entra.graph_url())
            .application_id(entra.application_id())
            .client_secret(entra.client_secret())
            .allowable_domains(["*"])
            .secret_key(SECRET_KEY);
        let clock = TestClock::new();
        let sso = MicrosoftSso::builder(settings(config).build().unwrap())
            .store(store.clone())
            .clock(clock.clone());
        let sso = Data::new(builder(sso).build().unwrap());
        let (url, server) = serve(&sso);
        Self {
            entra,
            store,
            sso,
            url,
            clock,
            server,
            database,
        }
    }

    /// A browser that knows the application by another name of this machine.
    pub(crate) fn browser_at(&self, host: &str) -> Browser {
        let url = self.url.replace("127.0.0.1", host);
        Browser::new(&url, self.entra.clone())
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.url, self.entra.clone())
    }

    /// Signs somebody in, in a browser of their own.
    pub(crate) async fn signs_in(&self, username: &str) {
        let browser = self.browser();
        browser.sign_in(username).await;
        assert!(browser.me().await.is_some());
    }

    /// Moves the application's clock, and not Microsoft's.
    pub(crate) fn advance(&self, seconds: i64) {
        self.clock
            .set(self.clock.now() + TimeDelta::seconds(seconds));
    }

    /// Moves both clocks.
    pub(crate) fn pass(&self, seconds: i64) {
        self.advance(seconds);
        self.entra.set_clock_offset(self.clock.offset());
    }

    /// The key document, as the emulated Entra publishes it.
    pub(crate) async fn keys(&self) -> serde_json::Value {
        let url = format!("{}/discovery/v2.0/keys", self.entra.authority("common"));
        self.browser().get(&url).await.json()
    }

    /// Runs SQL past the library.
    pub(crate) fn execute(&self, sql: &str) {
        self.database.execute(sql);
    }

    /// How many rows a table (with a `WHERE`, perhaps) has.
    pub(crate) fn count(&self, from: &str) -> i64 {
        self.database.count(from)
    }

    pub(crate) fn database(&self) -> &TestDatabase {
        &self.database
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

fn serve(sso: &Data<MicrosoftSso>) -> (String, ServerHandle) {
    serve_with(sso, MicrosoftSso::sessions)
}

/// Serves the tests' application with the sessions that are made.
pub(crate) fn serve_with<S: SessionStore + 'static>(
    sso: &Data<MicrosoftSso>,
    sessions: impl Fn(&MicrosoftSso) -> Sessions<S> + Clone + Send + 'static,
) -> (String, ServerHandle) {
    let sso = sso.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(sso.clone())
            .configure(microsoft_sso::config)
            .configure(pages)
            .wrap(sessions(&sso))
    })
    .workers(2)
    .disable_signals()
    .bind(("127.0.0.1", 0))
    .unwrap();
    let url = format!("http://{}", server.addrs()[0]);
    let server = server.run();
    let handle = server.handle();
    rt::spawn(server);
    (url, handle)
}
