//! Two `MicrosoftSso` in one application, each with a database of its own.

use actix_session::Session;
use actix_web::{
    App, HttpServer, rt,
    web::{self, Data},
};
use microsoft_sso::{IDENTITY_KEY, MicrosoftSso};

use crate::{browser::Browser, harness::TestApp};

async fn session(session: Session) -> String {
    let entries = session.entries();
    entries.get(IDENTITY_KEY).cloned().unwrap_or_default()
}

/// The session middleware around the application is that of the first, whose database keeps the
/// sessions; who signs in at the second is a user of the second alone.
#[actix_web::test]
async fn a_sign_in_is_decided_by_its_own_store_whichever_keeps_the_sessions() {
    let (outer, inner) = (TestApp::start().await, TestApp::start().await);
    let (first, second) = (outer.sso.clone(), inner.sso.clone());
    let server = HttpServer::new(move || {
        let sessions = MicrosoftSso::sessions(&first);
        App::new()
            .app_data(first.clone())
            .service(
                web::scope("/inner")
                    .app_data(Data::clone(&second))
                    .configure(microsoft_sso::config),
            )
            .route("/session", web::get().to(session))
            .wrap(sessions)
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let url = format!("http://{}", server.addrs()[0]);
    rt::spawn(server.run());

    let browser = Browser::new(&url, inner.entra.clone());
    let login = browser.get("/inner/microsoft_sso/login/").await;
    let ada = "ada@contoso.example";
    let callback = inner.entra.sign_in(login.location(), ada).unwrap();
    assert_eq!(browser.get(&callback).await.status, 303);
    assert_eq!((outer.count("users"), inner.count("users")), (0, 1));
    // A session follows the users of its own database, and this user is none of them.
    assert_eq!(browser.get("/session").await.body, "");
}
