//! The ID token: every claim that is checked, wrong once.
//!
//! Where a test is one of the OpenID Foundation's relying-party modules, it carries its name.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use microsoft_sso::testing::{Endpoint, FakeEntra, Fault, Person, Signature, TokenParts};
use serde_json::{Value, json};

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";
const OTHER_TENANT: &str = "11111111-2222-3333-4444-555555555555";

/// Signs Ada in with a token that was tampered with; the message, or `None` if she got in.
async fn with_token(
    app: &TestApp,
    tamper: impl Fn(&mut TokenParts) + Send + Sync + 'static,
) -> Option<String> {
    app.entra.tamper(tamper);
    let browser = app.browser();
    let reply = browser.sign_in(ADA).await;
    app.entra.clear_tamper();
    if browser.me().await.is_some() {
        return None;
    }
    app.entra.clear_requests();
    Some(browser.is_refused(&reply).await)
}

async fn refuses(app: &TestApp, tamper: impl Fn(&mut TokenParts) + Send + Sync + 'static) {
    let asked = app.entra.count(Endpoint::Me);
    let message = with_token(app, tamper).await.expect("signed in");
    assert!(message.contains("could not be verified"), "{message}");
    assert!(
        app.entra.count(Endpoint::Me) <= asked,
        "Graph was asked with a refused token"
    );
}

async fn refuses_claim(name: &'static str, values: &[Value]) {
    let app = TestApp::start().await;
    for value in values {
        let value = value.clone();
        refuses(&app, move |token| {
            drop(token.claims.insert(name.to_owned(), value.clone()))
        })
        .await;
    }
    assert_eq!(app.count("users"), 0);
}

async fn refuses_without(name: &'static str) {
    let app = TestApp::start().await;
    refuses(&app, move |token| drop(token.claims.remove(name))).await;
}

#[actix_web::test]
async fn oidcc_client_test() {
    let app = TestApp::start().await;
    assert_eq!(with_token(&app, |_| ()).await, None);
}

#[actix_web::test]
async fn oidcc_client_test_invalid_iss() {
    let url = "http://127.0.0.1";
    refuses_claim(
        "iss",
        &[
            json!("https://evil.example/v2.0"),
            json!(url),
            json!(""),
            json!(7),
            json!(null),
        ],
    )
    .await;
    let app = TestApp::start().await;
    for change in [
        |iss: &str| format!("{iss}/"),
        |iss: &str| iss.trim_end_matches("/v2.0").to_owned(),
        |iss: &str| iss.to_uppercase(),
        |iss: &str| format!("x{iss}"),
        |iss: &str| iss.replace("http://", "https://"),
        |iss: &str| iss.replace("/v2.0", "/v2.0?x=/v2.0"),
    ] {
        refuses(&app, move |token| {
            let iss = change(token.claims["iss"].as_str().unwrap());
            token.claims.insert("iss".to_owned(), json!(iss));
        })
        .await;
    }
    refuses(&app, |token| drop(token.claims.remove("iss"))).await;
}

#[actix_web::test]
async fn the_issuer_and_the_tenant_must_be_of_one_tenant() {
    let app = TestApp::start().await;
    refuses(&app, |token| {
        drop(token.claims.insert("tid".to_owned(), json!(OTHER_TENANT)))
    })
    .await;
    refuses(&app, |token| {
        let iss = token.claims["iss"].as_str().unwrap().to_owned();
        let tid = token.claims["tid"].as_str().unwrap().to_owned();
        token
            .claims
            .insert("iss".to_owned(), json!(iss.replace(&tid, OTHER_TENANT)));
    })
    .await;
    refuses_claim(
        "tid",
        &[
            json!("contoso.example"),
            json!(""),
            json!(7),
            json!(null),
            json!("{tenantid}"),
            json!("../x"),
        ],
    )
    .await;
    refuses_without("tid").await;
}

#[actix_web::test]
async fn a_single_tenant_application_takes_no_other_tenant() {
    let entra = FakeEntra::start().unwrap();
    let ada = entra
        .people()
        .into_iter()
        .find(|p| p.user_principal_name == ADA)
        .unwrap();
    let authority = entra.authority(&ada.tenant);
    let app = TestApp::with_entra(entra, |settings| settings.authority(authority)).await;
    assert_eq!(with_token(&app, |_| ()).await, None);
    refuses(&app, |token| {
        let iss = token.claims["iss"].as_str().unwrap().to_owned();
        let tid = token.claims["tid"].as_str().unwrap().to_owned();
        token
            .claims
            .insert("iss".to_owned(), json!(iss.replace(&tid, OTHER_TENANT)));
        token.claims.insert("tid".to_owned(), json!(OTHER_TENANT));
    })
    .await;
    refuses(&app, |token| {
        drop(token.claims.insert("tid".to_owned(), json!(OTHER_TENANT)))
    })
    .await;
}

#[actix_web::test]
async fn the_tenant_must_be_the_issuers_even_where_keys_name_no_issuer() {
    let entra = FakeEntra::start().unwrap();
    let ada = entra
        .people()
        .into_iter()
        .find(|p| p.user_principal_name == ADA)
        .unwrap();
    let authority = entra.authority(&ada.tenant);
    let app = TestApp::with_entra(entra, |settings| settings.authority(authority)).await;
    let mut keys = app.keys().await;
    for key in keys["keys"].as_array_mut().unwrap() {
        key.as_object_mut().unwrap().remove("issuer");
    }
    app.entra.fault(Endpoint::Keys, Fault::Json(keys));
    assert_eq!(with_token(&app, |_| ()).await, None);
    refuses(&app, |token| {
        drop(token.claims.insert("tid".to_owned(), json!(OTHER_TENANT)))
    })
    .await;
}

#[actix_web::test]
async fn a_key_of_personal_accounts_does_not_sign_for_a_work_tenant() {
    let app = TestApp::start().await;
    let people = app.entra.people();
    let personal = people
        .iter()
        .find(|p| p.tenant.starts_with("9188040d"))
        .unwrap();
    let browser = app.browser();
    browser.sign_in(&personal.user_principal_name).await;
    assert!(browser.me().await.is_some());
    let work = people
        .iter()
        .find(|p| p.user_principal_name == ADA)
        .unwrap()
        .clone();
    // The personal key's token, all its claims those of a work account.
    app.entra.tamper(move |token| {
        let iss = token.claims["iss"].as_str().unwrap().to_owned();
        let tid = token.claims["tid"].as_str().unwrap().to_owned();
        token
            .claims
            .insert("iss".to_owned(), json!(iss.replace(&tid, &work.tenant)));
        token.claims.insert("tid".to_owned(), json!(work.tenant));
        token.claims.insert("oid".to_owned(), json!(work.oid));
    });
    let browser = app.browser();
    let message = browser.refused(&personal.user_principal_name).await;
    assert!(message.contains("could not be verified"), "{message}");
}

#[actix_web::test]
async fn only_tenants_of_the_list_get_in() {
    let app = TestApp::with_settings(|settings| settings.tenants([OTHER_TENANT])).await;
    let message = app.browser().refused(ADA).await;
    assert!(message.contains("organisation"), "{message}");
    assert_eq!(app.entra.count(Endpoint::Me), 0);
}

#[actix_web::test]
async fn oidcc_client_test_missing_sub() {
    refuses_without("sub").await;
    refuses_claim(
        "sub",
        &[json!(""), json!(null), json!(7), json!("x".repeat(256))],
    )
    .await;
}

#[actix_web::test]
async fn oid_is_needed() {
    refuses_without("oid").await;
    refuses_claim(
        "oid",
        &[
            json!(""),
            json!(null),
            json!(7),
            json!("x".repeat(65)),
            json!("a b"),
        ],
    )
    .await;
}

#[actix_web::test]
async fn oidcc_client_test_invalid_aud() {
    refuses_claim(
        "aud",
        &[
            json!("another"),
            json!(["another"]),
            json!(""),
            json!([]),
            json!(null),
            json!(7),
        ],
    )
    .await;
    let app = TestApp::start().await;
    refuses(&app, |token| {
        let aud = token.claims["aud"].clone();
        token
            .claims
            .insert("aud".to_owned(), json!([aud, "untrusted"]));
    })
    .await;
}

#[actix_web::test]
async fn oidcc_client_test_missing_aud() {
    refuses_without("aud").await;
}

#[actix_web::test]
async fn azp_must_be_this_client() {
    refuses_claim("azp", &[json!("another")]).await;
    let app = TestApp::start().await;
    let own = with_token(&app, |token| {
        let aud = token.claims["aud"].clone();
        token.claims.insert("azp".to_owned(), aud);
    });
    assert_eq!(own.await, None);
}

#[actix_web::test]
async fn oidcc_client_test_missing_iat() {
    refuses_without("iat").await;
    refuses_claim("iat", &[json!("now"), json!(null), json!(0)]).await;
}

#[actix_web::test]
async fn exp_is_needed_and_a_number() {
    refuses_without("exp").await;
    refuses_claim(
        "exp",
        &[json!(1), json!("9999999999"), json!(null), json!("x")],
    )
    .await;
}

#[actix_web::test]
async fn nbf_is_respected_and_a_number() {
    refuses_claim(
        "nbf",
        &[
            json!("x"),
            json!("0"),
            json!(9_999_999_999i64),
            json!(i64::MAX),
        ],
    )
    .await;
}

#[actix_web::test]
async fn one_leeway_holds_for_exp_nbf_and_iat() {
    let app = TestApp::start().await;
    #[expect(
        clippy::disallowed_methods,
        reason = "Entra stamps tokens with the time of the machine"
    )]
    let now = chrono::Utc::now().timestamp();
    let with = |name: &'static str, at: i64| {
        let app = &app;
        async move {
            with_token(app, move |token| {
                drop(token.claims.insert(name.to_owned(), json!(at)))
            })
            .await
        }
    };
    for name in ["nbf", "iat"] {
        assert_eq!(with(name, now + 280).await, None, "{name}");
        assert!(with(name, now + 330).await.is_some(), "{name}");
    }
    assert_eq!(with("exp", now - 280).await, None);
    assert!(with("exp", now - 330).await.is_some());
}

#[actix_web::test]
async fn oidcc_client_test_nonce_invalid() {
    refuses_claim(
        "nonce",
        &[json!("another"), json!(""), json!(null), json!(7)],
    )
    .await;
    refuses_without("nonce").await;
}

#[actix_web::test]
async fn oidcc_client_test_invalid_athash() {
    refuses_claim("at_hash", &[json!("AAAAAAAAAAAAAAAAAAAAAA"), json!("")]).await;
}

#[actix_web::test]
async fn oidcc_client_test_idtoken_sig_none() {
    let app = TestApp::start().await;
    refuses(&app, |token| token.signature = Signature::None).await;
    for alg in ["None", "NONE", "nOnE"] {
        let refused = with_token(&app, move |token| {
            token.signature = Signature::None;
            token.header.insert("alg".to_owned(), json!(alg));
        });
        assert!(refused.await.is_some(), "{alg}");
    }
}

#[actix_web::test]
async fn an_encrypted_token_is_refused_whatever_is_in_it() {
    let app = TestApp::start().await;
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let header = part(r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","cty":"JWT"}"#);
    let inner = part(r#"{"alg":"none"}"#);
    for id_token in [
        format!("{header}.a.b.{inner}.d"),
        format!("{header}.a.b.c"),
        "a.b".to_owned(),
        String::new(),
    ] {
        let answer = json!({
            "token_type": "Bearer", "access_token": "t", "expires_in": 3600, "id_token": id_token,
        });
        app.entra.fault(Endpoint::Token, Fault::Json(answer));
        let message = app.browser().refused("ada@contoso.example").await;
        assert!(message.contains("could not be verified"), "{message}");
    }
}

#[actix_web::test]
async fn oidcc_client_test_invalid_sig_rs256() {
    let app = TestApp::start().await;
    refuses(&app, |token| token.signature = Signature::Corrupt).await;
    refuses(&app, |token| token.signature = Signature::WrongKey).await;
}

#[actix_web::test]
async fn oidcc_client_test_invalid_sig_hs256() {
    let app = TestApp::start().await;
    let secret = app.entra.client_secret().as_bytes().to_vec();
    refuses(&app, move |token| {
        token.signature = Signature::Hs256(secret.clone())
    })
    .await;
    // With the public key for a secret, as its modulus and as the document has it.
    let keys = app.keys().await;
    let n = keys["keys"][0]["n"].as_str().unwrap().to_owned();
    refuses(&app, move |token| {
        token.signature = Signature::Hs256(n.clone().into_bytes())
    })
    .await;
}

#[actix_web::test]
async fn oidcc_client_test_invalid_sig_es256() {
    let app = TestApp::start().await;
    for alg in ["ES256", "PS256", "RS384", "RS512", "EdDSA"] {
        refuses(&app, move |token| {
            drop(token.header.insert("alg".to_owned(), json!(alg)))
        })
        .await;
    }
    let unknown = with_token(&app, |token| {
        drop(token.header.insert("alg".to_owned(), json!("XX256")))
    });
    assert!(unknown.await.is_some());
}

#[actix_web::test]
async fn oidcc_client_test_kid_absent_multiple_jwks() {
    let app = TestApp::start().await;
    // The keys of work tenants are several: which one signed can't be told.
    let refused = with_token(&app, |token| drop(token.header.remove("kid"))).await;
    let keys = app.keys().await;
    let work = keys["keys"].as_array().unwrap().iter();
    let work = work
        .filter(|key| key["issuer"].as_str().unwrap().contains("{tenantid}"))
        .count();
    assert!(work > 1, "{work} keys");
    assert!(refused.is_some(), "signed in");
}

#[actix_web::test]
async fn a_critical_header_that_is_not_understood_is_refused() {
    let app = TestApp::start().await;
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("cty", json!("JWT")),
        ("typ", json!("at+jwt")),
    ] {
        let refused = with_token(&app, move |token| {
            drop(token.header.insert(name.to_owned(), value.clone()))
        });
        assert!(refused.await.is_some(), "{name}");
    }
}

#[actix_web::test]
async fn what_the_token_calls_a_person_never_decides_who_they_are() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in(ADA).await;
    let ada = browser.me().await.unwrap();
    for (name, value) in [
        ("preferred_username", "grace@contoso.example"),
        ("email", "grace@contoso.example"),
        ("name", "Grace"),
        ("sub", "another-sub"),
    ] {
        app.entra
            .tamper(move |token| drop(token.claims.insert(name.to_owned(), json!(value))));
        let browser = app.browser();
        browser.sign_in(ADA).await;
        assert_eq!(browser.me().await.unwrap()["id"], ada["id"], "{name}");
    }
    assert_eq!(app.count("users"), 1);
}

#[actix_web::test]
async fn ids_that_differ_in_letter_case_are_two_people() {
    let app = TestApp::start().await;
    let tenant = app.entra.people()[0].tenant.clone();
    for (upn, oid) in [
        ("a@contoso.example", "abcdef"),
        ("b@contoso.example", "ABCDEF"),
    ] {
        let mut person = Person::new(&tenant, upn);
        person.oid = oid.to_owned();
        person.graph_id = Some(oid.to_owned());
        app.entra.add_person(person);
        app.browser().sign_in(upn).await;
    }
    assert_eq!(app.count("users"), 2);
}
