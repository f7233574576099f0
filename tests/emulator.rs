//! The emulated Entra checks what Entra checks, and answers as Entra answers: a test double that
//! lets everything pass would prove nothing.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{collections::HashMap, time::Duration};

use awc::Client;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use microsoft_sso::{
    Clock,
    testing::{CONTOSO, FakeEntra, PERSONAL, Person, TestClock},
};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{RSA_PSS_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};
use url::Url;

#[path = "support/certificate.rs"]
mod certificate;

use certificate::{KEYS, write_certificate};

const ADA: &str = "ada@contoso.example";
const REDIRECT: &str = "http://127.0.0.1:8000/microsoft_sso/callback/";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn authorize(entra: &FakeEntra, tenant: &str) -> String {
    let base = format!("{}/oauth2/v2.0/authorize", entra.authority(tenant));
    let parameters = [
        ("client_id", entra.application_id()),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("scope", "openid profile email User.Read"),
        ("state", "a-state"),
        ("nonce", "a-nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    Url::parse_with_params(&base, parameters)
        .unwrap()
        .to_string()
}

fn code(entra: &FakeEntra) -> String {
    let back = entra.sign_in(&authorize(entra, "common"), ADA).unwrap();
    let pairs: HashMap<_, _> = Url::parse(&back)
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect();
    assert_eq!(pairs["state"], "a-state");
    pairs["code"].clone()
}

/// Asks for tokens, with some parameters changed; the status and the answer.
async fn token(
    entra: &FakeEntra,
    tenant: &str,
    code: &str,
    changes: &[(&str, &str)],
) -> (u16, Value) {
    let mut form = HashMap::from([
        ("grant_type", "authorization_code"),
        ("client_id", entra.application_id()),
        ("client_secret", entra.client_secret()),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ]);
    form.extend(changes.iter().copied());
    if form.contains_key("client_assertion") {
        form.remove("client_secret");
    }
    let url = format!("{}/oauth2/v2.0/token", entra.authority(tenant));
    let mut response = Client::default().post(url).send_form(&form).await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn get(url: &str, bearer: &str) -> (u16, String) {
    let request = Client::default().get(url).bearer_auth(bearer);
    let mut response = request.send().await.unwrap();
    let body = response.body().await.unwrap();
    (
        response.status().as_u16(),
        String::from_utf8_lossy(&body).into_owned(),
    )
}

#[actix_web::test]
async fn tokens_are_given_for_a_good_code_once() {
    let entra = FakeEntra::start().unwrap();
    let code = code(&entra);
    let (status, tokens) = token(&entra, "common", &code, &[]).await;
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(tokens["token_type"], "Bearer");
    assert!(
        tokens.get("refresh_token").is_none(),
        "offline_access was not asked for"
    );
    let part = |n: usize| -> Value {
        let token = tokens["id_token"].as_str().unwrap();
        let part = token.split('.').nth(n).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    assert_eq!(
        (part(0)["alg"].as_str(), part(0)["typ"].as_str()),
        (Some("RS256"), Some("JWT"))
    );
    let claims = part(1);
    assert_eq!(claims["nonce"], "a-nonce");
    assert_eq!(claims["tid"], CONTOSO);
    assert_eq!(claims["iss"], format!("{}/{CONTOSO}/v2.0", entra.url()));
    assert!(
        claims.get("email_verified").is_none(),
        "Entra never sends it"
    );
    let (status, error) = token(&entra, "common", &code, &[]).await;
    assert_eq!((status, &error["error_codes"][0]), (400, &54005.into()));
    assert!(
        error["error_description"]
            .as_str()
            .unwrap()
            .starts_with("AADSTS54005: ")
    );
    assert!(error["correlation_id"].is_string() && error["trace_id"].is_string());
}

#[actix_web::test]
async fn each_parameter_of_the_token_request_is_checked() {
    let entra = FakeEntra::start().unwrap();
    for (changes, status, error, aadsts) in [
        (("client_secret", "wrong"), 401, "invalid_client", 7000215),
        (("client_id", "another"), 400, "unauthorized_client", 700016),
        (("code", "unknown"), 400, "invalid_grant", 9002313),
        (
            ("redirect_uri", "http://127.0.0.1:8000/other"),
            400,
            "invalid_grant",
            500112,
        ),
        (("code_verifier", "another"), 400, "invalid_grant", 501481),
        (
            ("grant_type", "password"),
            400,
            "unsupported_grant_type",
            70003,
        ),
    ] {
        let (got, answer) = token(&entra, "common", &code(&entra), &[changes]).await;
        assert_eq!(
            (got, &answer["error"], &answer["error_codes"][0]),
            (status, &error.into(), &aadsts.into()),
            "{changes:?}"
        );
    }
    let (_, answer) = token(&entra, CONTOSO, &code(&entra), &[]).await;
    assert_eq!(answer["error_codes"][0], 700005, "another tenant's path");
    let late = code(&entra);
    entra.set_clock_offset(TimeDelta::seconds(700));
    let (_, answer) = token(&entra, "common", &late, &[]).await;
    assert_eq!(answer["error_codes"][0], 70008, "an old code");
}

#[actix_web::test]
async fn the_shared_tenants_have_a_template_for_an_issuer_and_others_their_id() {
    let entra = FakeEntra::start().unwrap();
    for (tenant, issuer) in [
        ("common", "{tenantid}"),
        ("organizations", "{tenantid}"),
        ("consumers", PERSONAL),
        ("contoso.example", CONTOSO),
        (CONTOSO, CONTOSO),
    ] {
        let url = format!(
            "{}/v2.0/.well-known/openid-configuration",
            entra.authority(tenant)
        );
        let (status, body) = get(&url, "").await;
        let document: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(status, 200);
        assert_eq!(
            document["issuer"],
            format!("{}/{issuer}/v2.0", entra.url()),
            "{tenant}"
        );
        assert!(
            document.get("code_challenge_methods_supported").is_none(),
            "Entra doesn't name it"
        );
    }
    let unknown = format!(
        "{}/v2.0/.well-known/openid-configuration",
        entra.authority("nobody")
    );
    assert_eq!(get(&unknown, "").await.0, 400);
    let (_, keys) = get(
        &format!("{}/discovery/v2.0/keys", entra.authority("common")),
        "",
    )
    .await;
    let keys: Value = serde_json::from_str(&keys).unwrap();
    for key in keys["keys"].as_array().unwrap() {
        assert!(key["issuer"].is_string() && key["kid"].is_string() && key["n"].is_string());
    }
}

#[actix_web::test]
async fn the_picker_lists_those_whom_the_tenant_lets_in() {
    let entra = FakeEntra::start().unwrap();
    let (_, all) = get(&authorize(&entra, "common"), "").await;
    let (_, work) = get(&authorize(&entra, "organizations"), "").await;
    let (_, contoso) = get(&authorize(&entra, "contoso.example"), "").await;
    assert!(all.contains("pat@mail.example") && all.contains(ADA) && all.contains("not Microsoft"));
    assert!(!work.contains("pat@mail.example") && work.contains("frank@fabrikam.example"));
    assert!(!contoso.contains("frank@fabrikam.example") && contoso.contains(ADA));
    for (tenant, stranger) in [
        ("organizations", "pat@mail.example"),
        ("common", "nobody@contoso.example"),
    ] {
        let page = entra.sign_in(&authorize(&entra, tenant), stranger);
        let page = page.unwrap_err();
        assert!(page.message().starts_with("AADSTS50034: "), "{page}");
    }
}

#[actix_web::test]
async fn people_may_have_any_name() {
    let entra = FakeEntra::start().unwrap();
    for name in ["żaneta@contoso.example", "", "@", "丽"] {
        entra.add_person(Person::new(CONTOSO, name));
        assert!(
            entra.sign_in(&authorize(&entra, "common"), name).is_ok(),
            "{name}"
        );
    }
}

#[actix_web::test]
async fn what_is_wrong_with_a_request_is_shown_and_never_sent_back() {
    let entra = FakeEntra::start().unwrap();
    let good = authorize(&entra, "common");
    for (from, to) in [
        (entra.application_id(), "another"),
        ("response_type=code", "response_type=token"),
        ("scope=openid", "scope=x"),
        ("code_challenge_method=S256", "code_challenge_method=plain"),
        ("code_challenge=", "x="),
    ] {
        let bad = good.replacen(from, to, 1);
        let (status, body) = get(&bad, "").await;
        assert_eq!(status, 400, "{from}");
        let page = entra.sign_in(&bad, ADA).unwrap_err();
        assert!(page.message().starts_with("AADSTS"), "{page}");
        assert!(body.contains(page.message()), "{body}");
    }
}

#[actix_web::test]
async fn graph_answers_whom_the_token_is_of_and_nobody_else() {
    let entra = FakeEntra::start().unwrap();
    let (_, tokens) = token(&entra, "common", &code(&entra), &[]).await;
    let bearer = tokens["access_token"].as_str().unwrap();
    let me = format!("{}/me", entra.graph_url());
    let (status, body) = get(&me, bearer).await;
    let person: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, person["userPrincipalName"].as_str()),
        (200, Some(ADA))
    );
    let (status, body) = get(&me, "another").await;
    assert!(
        status == 401 && body.contains("InvalidAuthenticationToken"),
        "{body}"
    );
    let photo = format!("{}/me/photo/$value", entra.graph_url());
    assert_eq!(get(&photo, bearer).await.0, 200);
    entra.update_person(person["id"].as_str().unwrap(), |ada| ada.photo = None);
    let (status, body) = get(&photo, bearer).await;
    assert!(status == 404 && body.contains("ImageNotFound"), "{body}");
}

#[test]
fn debug_shows_the_url_and_no_state() {
    let entra = FakeEntra::start().unwrap();
    let expected = format!("FakeEntra {{ url: {:?}, .. }}", entra.url());
    assert_eq!(format!("{entra:?}"), expected);
}

#[test]
fn a_test_clock_goes_on_from_where_it_is_set() {
    let (clock, year) = (TestClock::new(), TimeDelta::days(365));
    let start = clock.now();
    let shared = clock.clone();
    shared.set(start - year);
    shared.advance(Duration::from_secs(60));
    let passed = clock.now() - (start - year);
    assert!(passed >= TimeDelta::seconds(60) && passed < TimeDelta::seconds(90));
    assert!(clock.offset() < TimeDelta::days(-364));
    clock.advance(Duration::MAX);
    clock.advance(Duration::MAX);
    assert!(clock.now() > start, "it stops at the end of time");
}

/// A client assertion that is signed as PS256 with a key, whatever it says.
fn assertion(key: &[u8], thumbprint: &str, claims: &Value) -> String {
    let key = RsaKeyPair::from_pkcs8(key).unwrap();
    let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    let random = SystemRandom::new();
    key.sign(&RSA_PSS_SHA256, &random, message.as_bytes(), &mut signature)
        .unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[actix_web::test]
async fn a_client_assertion_is_checked_as_entra_checks_it() {
    let entra = FakeEntra::start().unwrap();
    let dir = tempfile::TempDir::new().unwrap();
    let der = write_certificate(&dir.path().join("client.pem"), KEYS[0], 100);
    let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, &der));
    entra.register_certificate(&der).unwrap();
    assert!(entra.register_certificate(b"no certificate").is_err());
    let now = TestClock::new().now().timestamp();
    let id = entra.application_id();
    let good = json!({
        "aud": format!("{}/oauth2/v2.0/token", entra.authority("common")),
        "iss": id,
        "sub": id,
        "jti": "first",
        "nbf": now,
        "exp": now + 600,
    });
    let claims = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims["jti"] = json!(format!("of {name} {value}"));
        claims[name] = value;
        claims
    };
    let sign = |claims: &Value| assertion(KEYS[0], &thumbprint, claims);
    let other_key = assertion(KEYS[1], &thumbprint, &claims("jti", json!("other key")));
    let other_name = assertion(KEYS[0], "unknown", &claims("jti", json!("other name")));
    for (assertion, number) in [
        (sign(&good), 0),
        (sign(&good), 700_027),
        (sign(&claims("jti", json!(null))), 700_027),
        (other_key, 700_027),
        (other_name, 700_027),
        (
            sign(&claims("aud", json!("https://other.example"))),
            700_023,
        ),
        (sign(&claims("aud", json!([good["aud"]]))), 700_023),
        (sign(&claims("iss", json!("another"))), 50_048),
        (sign(&claims("sub", json!("another"))), 50_048),
        (sign(&claims("exp", json!(now - 3600))), 700_024),
        (sign(&claims("nbf", json!(now + 3600))), 700_024),
        ("x.y.z".to_owned(), 50_027),
    ] {
        let changes = [
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", &*assertion),
        ];
        let (status, answer) = token(&entra, "common", &code(&entra), &changes).await;
        if number == 0 {
            assert_eq!(status, 200, "{answer}");
        } else {
            assert_eq!(
                (status, &answer["error_codes"][0]),
                (401, &json!(number)),
                "{answer}"
            );
        }
    }
}
