//! What decides stays strict, beside odd claims that decide nothing; and the log names it.

use microsoft_sso::testing::{Signature, TokenParts};
use serde_json::json;

use crate::{harness::TestApp, log, odd_types::all_odd};

const ADA: &str = "ada@contoso.example";

/// Signs in with odd harmless claims and one thing that must be refused; the reason in the log.
async fn refused(site: &str, tamper: impl Fn(&mut TokenParts) + Send + Sync + 'static) -> String {
    log::begin();
    let app = TestApp::at_site(site).await;
    app.entra.tamper(move |token| {
        all_odd(token, &json!("true"));
        tamper(token);
    });
    let message = app.browser().refused(ADA).await;
    assert!(
        message.contains("could not be verified"),
        "{site}: {message}"
    );
    assert_eq!(app.count("users"), 0, "{site}");
    let name = format!("site=\"{site}\"");
    log::lines(&["microsoft_sso::audit:", "id_token_refused", &name]).remove(0)
}

#[actix_web::test]
async fn a_token_with_odd_harmless_claims_is_checked_like_any_other() {
    type Tamper = fn(&mut TokenParts);
    let cases: &[(&str, Tamper, &str)] = &[
        ("corrupt", |t| t.signature = Signature::Corrupt, "verifies"),
        (
            "wrong-key",
            |t| t.signature = Signature::WrongKey,
            "verifies",
        ),
        ("none", |t| t.signature = Signature::None, "`alg`"),
        (
            "hs256",
            |t| t.signature = Signature::Hs256(b"x".to_vec()),
            "`alg`",
        ),
        (
            "ps256",
            |t| drop(t.header.insert("alg".into(), json!("PS256"))),
            "`alg`",
        ),
        (
            "crit",
            |t| drop(t.header.insert("crit".into(), json!(["exp"]))),
            "critical",
        ),
        (
            "iss",
            |t| {
                drop(
                    t.claims
                        .insert("iss".into(), json!("https://evil.example/v2.0")),
                )
            },
            "`iss`",
        ),
        (
            "aud",
            |t| drop(t.claims.insert("aud".into(), json!("another"))),
            "`aud`",
        ),
        (
            "nonce",
            |t| drop(t.claims.insert("nonce".into(), json!("another"))),
            "`nonce`",
        ),
        (
            "exp",
            |t| drop(t.claims.insert("exp".into(), json!(1))),
            "`exp`",
        ),
        (
            "iat",
            |t| drop(t.claims.insert("iat".into(), json!(1))),
            "`iat`",
        ),
        (
            "nbf",
            |t| drop(t.claims.insert("nbf".into(), json!(9_999_999_999i64))),
            "`nbf`",
        ),
        (
            "azp",
            |t| drop(t.claims.insert("azp".into(), json!("another"))),
            "`azp`",
        ),
        (
            "at-hash",
            |t| drop(t.claims.insert("at_hash".into(), json!("AAAA"))),
            "`at_hash`",
        ),
        (
            "oid",
            |t| drop(t.claims.insert("oid".into(), json!("a b"))),
            "`oid`",
        ),
        (
            "sub",
            |t| drop(t.claims.insert("sub".into(), json!(""))),
            "`sub`",
        ),
        (
            "tid",
            |t| drop(t.claims.insert("tid".into(), json!("contoso"))),
            "`tid`",
        ),
    ];
    for (name, tamper, named) in cases {
        let line = refused(&format!("odd-but-{name}"), tamper).await;
        assert!(line.contains(named), "{name}: {line}");
    }
}

#[actix_web::test]
async fn a_claim_that_decides_is_refused_by_its_type_and_named_in_the_log() {
    for (name, values) in [
        ("iss", vec![json!(7), json!(["x"]), json!("no url")]),
        ("aud", vec![json!(7), json!([7]), json!({})]),
        ("sub", vec![json!(7), json!(["x"])]),
        ("oid", vec![json!(7), json!({})]),
        ("tid", vec![json!(7), json!(null)]),
        ("nonce", vec![json!(7), json!(null)]),
        ("exp", vec![json!("9999999999"), json!(null), json!(1e300)]),
        ("iat", vec![json!("1"), json!({})]),
        ("nbf", vec![json!("0"), json!(1.5), json!([])]),
        ("at_hash", vec![json!(7), json!([])]),
        ("azp", vec![json!(7), json!(["x"])]),
    ] {
        for (number, value) in values.into_iter().enumerate() {
            let site = format!("strict-{name}-{number}");
            let line = refused(&site, move |token| {
                drop(token.claims.insert(name.to_owned(), value.clone()));
            });
            let line = line.await;
            assert!(line.contains(&format!("`{name}`")), "{name}: {line}");
        }
    }
}
