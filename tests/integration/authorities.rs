//! Authorities whose issuer stands on another host, and applications with keys of their own.

use microsoft_sso::testing::{CONTOSO, FABRIKAM, FakeEntra};
use tempfile::TempDir;

use crate::{
    connect_proxy::{ConnectProxy, Manner},
    harness::TestApp,
    log,
    tls::{authority, tls_before},
};

const ADA: &str = "ada@contoso.example";

#[actix_web::test]
async fn a_key_of_the_applications_own_is_found() {
    let app = TestApp::start().await;
    app.entra.use_application_key();
    app.signs_in(ADA).await;
    let asked = app.entra.requests();
    let asked = asked
        .iter()
        .filter(|request| request.path.ends_with("/keys"));
    let asked: Vec<_> = asked.map(|request| request.query.clone()).collect();
    assert_eq!(asked, [format!("appid={}", app.entra.application_id())]);
}

#[actix_web::test]
async fn an_issuer_on_another_host_is_taken_where_the_settings_name_it() {
    log::begin();
    let template = "https://id.contoso.example/{tenantid}/v2.0";
    let entra = FakeEntra::start().unwrap();
    entra.set_issuer(template);
    let app = TestApp::with_entra(entra, |settings| settings.issuer(template)).await;
    app.signs_in(ADA).await;
    // A token of another tenant's issuer is still refused.
    app.entra.tamper(|token| {
        let issuer = format!("https://id.contoso.example/{FABRIKAM}/v2.0");
        token.claims.insert("iss".to_owned(), issuer.into());
    });
    app.browser().refused(ADA).await;
    app.entra.clear_tamper();
    let without = app.beside(|settings| settings);
    let reply = without.browser().get("/microsoft_sso/login/").await;
    assert_eq!(reply.status, 500);
    let line = log::lines(&[
        "id.contoso.example",
        "is not that of the authority",
        "`issuer`",
    ]);
    assert!(!line.is_empty());
    let other = "https://id.fabrikam.example/{tenantid}/v2.0";
    let other = app.beside(|settings| settings.issuer(other));
    let reply = other.browser().get("/microsoft_sso/login/").await;
    assert_eq!(reply.status, 500);
}

#[actix_web::test]
async fn external_id_works_by_its_authority_alone() {
    let entra = FakeEntra::start().unwrap();
    let dir = TempDir::new().unwrap();
    let (file, config) = authority(dir.path());
    let behind = entra.url().trim_start_matches("http://").to_owned();
    let port = tls_before(behind, config).await;
    let proxy = ConnectProxy::start(Manner::ConnectsTo(port)).await;
    entra.set_url("https://contoso.ciamlogin.com");
    entra.set_issuer("https://{tenantid}.ciamlogin.com/{tenantid}/v2.0");
    let app = TestApp::with_entra(entra, |settings| {
        settings
            .authority(format!("https://contoso.ciamlogin.com/{CONTOSO}"))
            .graph_url("")
            .proxy(proxy.url())
            .ca_file(file.to_str().unwrap())
    })
    .await;
    app.signs_in(ADA).await;
    let heads = proxy.heads().concat();
    assert!(
        heads.contains("CONNECT contoso.ciamlogin.com:443"),
        "{heads}"
    );
    assert!(heads.contains("CONNECT graph.microsoft.com:443"), "{heads}");
}
