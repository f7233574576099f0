//! A bare server: the upstream calls and the statements of a sign-in on the same libraries, and nothing
//! else. It is what a sign-in costs at least. It checks nothing, so **never use it to sign anybody in**.

use std::{collections::HashMap, env, sync::Arc, time::Duration};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    cookie::{Cookie, CookieJar, Key},
    error::{ErrorBadRequest, ErrorInternalServerError},
    http::header::LOCATION,
    web::{self, Bytes, Data, Query},
};
use awc::{Client, Connector};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use diesel::{
    connection::SimpleConnection,
    prelude::*,
    r2d2::{ConnectionManager, Pool},
};
use futures_util::future::try_join;
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};
use rustls::{ClientConfig, RootCertStore, crypto::ring::default_provider};
use serde_json::Value;

diesel::table! {
    people (id) { id -> BigInt, account -> Text, last_login -> BigInt, }
}
diesel::table! {
    photos (person) { person -> BigInt, sha256 -> Binary, bytes -> Binary, }
}
diesel::table! {
    sessions (id) { id -> Text, person -> BigInt, state -> Binary, }
}
diesel::joinable!(photos -> people (person));
diesel::allow_tables_to_appear_in_same_query!(people, photos);

const TABLES: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE people (id INTEGER PRIMARY KEY, account TEXT NOT NULL UNIQUE, last_login BIGINT NOT NULL);
    CREATE TABLE photos (person INTEGER PRIMARY KEY, sha256 BLOB NOT NULL, bytes BLOB NOT NULL);
    CREATE TABLE sessions (id TEXT PRIMARY KEY, person BIGINT NOT NULL, state BLOB NOT NULL);";

type Database = Pool<ConnectionManager<SqliteConnection>>;

/// What the workers share.
struct Bare {
    key: Key,
    database: Database,
    client_id: String,
    client_secret: String,
    redirect_uri: String,
    graph: String,
    metadata: Value,
}

impl Bare {
    fn endpoint(&self, name: &str) -> &str {
        self.metadata[name].as_str().unwrap_or_default()
    }
}

fn failed(error: impl std::fmt::Display) -> actix_web::Error {
    ErrorInternalServerError(error.to_string())
}

fn random() -> actix_web::Result<String> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(failed)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn tls() -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

fn client(tls: Arc<ClientConfig>) -> Client {
    let connector = Connector::new().rustls_0_23(tls).limit(0);
    let connector = connector.conn_keep_alive(Duration::from_secs(90));
    Client::builder()
        .connector(connector)
        .disable_timeout()
        .finish()
}

async fn get(http: &Client, url: &str, token: &str) -> actix_web::Result<Bytes> {
    let mut answer = http
        .get(url)
        .bearer_auth(token)
        .send()
        .await
        .map_err(failed)?;
    answer.body().limit(4 << 20).await.map_err(failed)
}

async fn login(
    bare: Data<Bare>,
    query: Query<HashMap<String, String>>,
) -> actix_web::Result<HttpResponse> {
    let (state, nonce, verifier) = (random()?, random()?, random()?);
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    let pairs = [
        ("response_type", "code"),
        ("client_id", &bare.client_id),
        ("redirect_uri", &bare.redirect_uri),
        ("scope", "openid profile email User.Read"),
        ("state", &state),
        ("nonce", &nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let to = url::Url::parse_with_params(bare.endpoint("authorization_endpoint"), pairs);
    let next = query.get("next").map_or("/private", String::as_str);
    let mut jar = CookieJar::new();
    let attempt = Cookie::build("attempt", format!("{verifier} {next}")).path("/");
    jar.private_mut(&bare.key)
        .add(attempt.http_only(true).finish());
    let mut response = HttpResponse::Found();
    for cookie in jar.delta() {
        response.cookie(cookie.clone());
    }
    let to = to.map_err(failed)?;
    Ok(response.insert_header((LOCATION, to.as_str())).finish())
}

async fn callback(
    req: HttpRequest,
    bare: Data<Bare>,
    http: Data<Client>,
    query: Query<HashMap<String, String>>,
) -> actix_web::Result<HttpResponse> {
    let sealed = req
        .cookie("attempt")
        .ok_or_else(|| ErrorBadRequest("no attempt"))?;
    let attempt = CookieJar::new().private(&bare.key).decrypt(sealed);
    let attempt = attempt.ok_or_else(|| ErrorBadRequest("no attempt"))?;
    let (verifier, next) = attempt.value().split_once(' ').unwrap_or_default();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", &bare.client_id),
        ("client_secret", &bare.client_secret),
        ("code", query.get("code").map_or("", String::as_str)),
        ("redirect_uri", &bare.redirect_uri),
        ("code_verifier", verifier),
    ];
    let sent = http.post(bare.endpoint("token_endpoint")).send_form(&form);
    let tokens = sent.await.map_err(failed)?.body().await.map_err(failed)?;
    let tokens: Value = serde_json::from_slice(&tokens)?;
    let token = tokens["access_token"].as_str().unwrap_or_default();
    let (me, photo) = (
        format!("{}/me", bare.graph),
        format!("{}/me/photo/$value", bare.graph),
    );
    let (me, photo) = try_join(get(&http, &me, token), get(&http, &photo, token)).await?;
    let me: Value = serde_json::from_slice(&me)?;
    let account = me["id"].as_str().unwrap_or_default().to_owned();
    let session = random()?;
    let id = session.clone();
    let state = me.to_string().into_bytes();
    web::block(move || store(&bare.database, &account, &photo, &id, &state))
        .await?
        .map_err(failed)?;
    let session = Cookie::build("session", session).path("/").http_only(true);
    let mut response = HttpResponse::SeeOther();
    response.cookie(session.finish());
    Ok(response.insert_header((LOCATION, next)).finish())
}

/// The one transaction of a sign-in.
fn store(
    database: &Database,
    account: &str,
    photo: &[u8],
    session: &str,
    state: &[u8],
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut conn = database.get()?;
    let sha256 = digest(&SHA256, photo);
    conn.immediate_transaction(|conn| {
        let known = people::table
            .left_join(photos::table)
            .filter(people::account.eq(account));
        let known = known.select((people::id, photos::sha256.nullable()));
        let known = known
            .get_result::<(i64, Option<Vec<u8>>)>(conn)
            .optional()?;
        let (id, stored) = match known {
            Some((id, stored)) => {
                let person = diesel::update(people::table.find(id));
                person.set(people::last_login.eq(1)).execute(conn)?;
                (id, stored)
            }
            None => {
                let person = (people::account.eq(account), people::last_login.eq(0));
                diesel::insert_into(people::table)
                    .values(person)
                    .execute(conn)?;
                let id = people::table.filter(people::account.eq(account));
                (id.select(people::id).get_result(conn)?, None)
            }
        };
        if stored.as_deref() != Some(sha256.as_ref()) {
            let row = (
                photos::person.eq(id),
                photos::sha256.eq(sha256.as_ref()),
                photos::bytes.eq(photo),
            );
            diesel::replace_into(photos::table)
                .values(row)
                .execute(conn)?;
        }
        let row = (
            sessions::id.eq(session),
            sessions::person.eq(id),
            sessions::state.eq(state),
        );
        diesel::insert_into(sessions::table)
            .values(row)
            .execute(conn)?;
        Ok(())
    })
}

async fn private(req: HttpRequest, bare: Data<Bare>) -> actix_web::Result<HttpResponse> {
    let Some(cookie) = req.cookie("session") else {
        return Ok(HttpResponse::Unauthorized().finish());
    };
    let found = web::block(move || {
        let mut conn = bare.database.get().ok()?;
        let state = sessions::table.find(cookie.value()).select(sessions::state);
        state.get_result::<Vec<u8>>(&mut *conn).ok()
    });
    let state: Value = serde_json::from_slice(&found.await?.unwrap_or_default())?;
    Ok(HttpResponse::Ok().body(format!("<!doctype html><p>{}", state["displayName"])))
}

fn setting(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

/// Serves until it is killed, with the environment of the demo.
pub(crate) async fn serve(address: &str) {
    let tls = tls();
    let http = client(Arc::clone(&tls));
    let authority = setting("MICROSOFT_SSO_AUTHORITY");
    let url = format!(
        "{}/v2.0/.well-known/openid-configuration",
        authority.trim_end_matches('/')
    );
    let metadata = get(&http, &url, "").await.unwrap();
    let database = Pool::<ConnectionManager<SqliteConnection>>::builder().max_size(1);
    let database = database
        .build(ConnectionManager::new("bare.sqlite3"))
        .unwrap();
    database.get().unwrap().batch_execute(TABLES).unwrap();
    let bare = Data::new(Bare {
        key: Key::generate(),
        database,
        client_id: setting("MICROSOFT_SSO_APPLICATION_ID"),
        client_secret: setting("MICROSOFT_SSO_CLIENT_SECRET"),
        redirect_uri: format!("http://{address}/microsoft_sso/callback/"),
        graph: setting("MICROSOFT_SSO_GRAPH_URL"),
        metadata: serde_json::from_slice(&metadata).unwrap(),
    });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(bare.clone())
            .app_data(Data::new(client(Arc::clone(&tls))))
            .route("/microsoft_sso/login/", web::get().to(login))
            .route("/microsoft_sso/callback/", web::get().to(callback))
            .route("/private", web::get().to(private))
    });
    server.bind(address).unwrap().run().await.unwrap();
}
