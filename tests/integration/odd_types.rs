//! What decides nothing refuses nobody, whatever its JSON type.

use microsoft_sso::testing::{Endpoint, FakeEntra, Fault, TokenParts};
use serde_json::{Value, json};

use crate::harness::TestApp;

const ADA: &str = "ada@contoso.example";

/// No type of these is one that OpenID Connect gives to all of the claims below.
fn odd() -> Vec<Value> {
    vec![
        json!("true"),
        json!(7),
        json!(-1.5),
        json!(true),
        json!(null),
        json!(["a", 1, null]),
        json!({ "a": { "b": [] } }),
    ]
}

/// All that OpenID Connect and Entra define and that decides nothing about who gets in, and a few
/// of nobody's. `email`, `preferred_username`, `roles` and the like decide by what they hold: of an
/// odd type they count as absent.
const HARMLESS: &[&str] = &[
    "acct",
    "acr",
    "address",
    "aio",
    "amr",
    "auth_time",
    "birthdate",
    "birthday",
    "c_hash",
    "ctry",
    "email",
    "email_verified",
    "family_name",
    "gender",
    "given_name",
    "groups",
    "hasgroups",
    "idp",
    "ipaddr",
    "locale",
    "login_hint",
    "middle_name",
    "name",
    "name#de",
    "nickname",
    "phone_number",
    "phone_number_verified",
    "picture",
    "preferred_username",
    "profile",
    "rh",
    "roles",
    "sid",
    "upn",
    "updated_at",
    "uti",
    "ver",
    "verified_primary_email",
    "website",
    "xms_edov",
    "xms_pl",
    "zoneinfo",
    "_claim_names",
    "_claim_sources",
    "employeeid",
    "",
];

pub(crate) fn all_odd(token: &mut TokenParts, value: &Value) {
    for name in HARMLESS {
        token.claims.insert((*name).to_owned(), value.clone());
    }
}

#[actix_web::test]
async fn a_claim_that_decides_nothing_refuses_nobody_whatever_its_type() {
    let app = TestApp::start().await;
    for value in odd() {
        let said = value.to_string();
        app.entra.tamper(move |token| all_odd(token, &value));
        let browser = app.browser();
        browser.sign_in(ADA).await;
        assert!(browser.me().await.is_some(), "all are {said}");
    }
    // The one from which this rule comes: Entra writes mapped claims as text.
    app.entra.tamper(|token| {
        drop(
            token
                .claims
                .insert("email_verified".to_owned(), json!("true")),
        );
    });
    let browser = app.browser();
    browser.sign_in(ADA).await;
    assert!(browser.me().await.is_some());
    assert_eq!(app.count("users"), 1);
}

/// Whether Ada gets in while a member of the token response is another.
async fn with_member(app: &TestApp, name: &str, value: &Value) -> bool {
    let members = json!({ name: value });
    app.entra.fault(Endpoint::Token, Fault::Members(members));
    let browser = app.browser();
    browser.sign_in(ADA).await;
    browser.me().await.is_some()
}

#[actix_web::test]
async fn what_the_token_response_says_beside_its_tokens_refuses_nobody() {
    let app = TestApp::start().await;
    for value in odd() {
        for name in [
            "expires_in",
            "ext_expires_in",
            "scope",
            "token_type",
            "refresh_token",
            "client_info",
            "foci",
        ] {
            let is_in = with_member(&app, name, &value).await;
            assert!(is_in, "{name} is {value}");
        }
    }
    for token_type in ["bearer", "BEARER"] {
        assert!(with_member(&app, "token_type", &json!(token_type)).await);
    }
    for name in ["id_token", "access_token"] {
        for value in [json!(7), json!(null), json!(["x"])] {
            let is_in = with_member(&app, name, &value).await;
            assert!(!is_in, "{name} is {value}");
        }
    }
}

#[actix_web::test]
async fn of_graphs_profile_the_id_alone_decides() {
    let app = TestApp::start().await;
    let people = app.entra.people();
    let ada = people
        .iter()
        .find(|person| person.user_principal_name == ADA);
    let oid = ada.unwrap().oid.clone();
    for value in odd() {
        let mut profile = json!({ "id": oid });
        for name in [
            "displayName",
            "givenName",
            "surname",
            "mail",
            "userPrincipalName",
            "preferredLanguage",
            "businessPhones",
            "@odata.context",
        ] {
            profile[name] = value.clone();
        }
        // Text counts, even where it isn't a name or an address.
        profile["mail"] = if value.is_string() {
            json!(ADA)
        } else {
            value.clone()
        };
        app.entra.fault(Endpoint::Me, Fault::Json(profile));
        let browser = app.browser();
        browser.sign_in(ADA).await;
        assert!(browser.me().await.is_some(), "{value}");
        // A known account would get in without Graph.
        for table in ["microsoft_sso_users", "microsoft_sso_identities", "users"] {
            app.execute(&format!("DELETE FROM {table}"));
        }
    }
    for id in [json!(7), json!(null), json!([oid])] {
        app.entra
            .fault(Endpoint::Me, Fault::Json(json!({ "id": id, "mail": ADA })));
        app.browser().refused(ADA).await;
    }
    assert_eq!(app.count("users"), 0);
}

#[actix_web::test]
async fn of_the_metadata_what_no_sign_in_uses_refuses_nobody() {
    for value in odd() {
        let entra = FakeEntra::start().unwrap();
        let base = entra.url();
        let mut metadata = json!({
            "issuer": format!("{base}/{{tenantid}}/v2.0"),
            "authorization_endpoint": format!("{base}/common/oauth2/v2.0/authorize"),
            "token_endpoint": format!("{base}/common/oauth2/v2.0/token"),
            "jwks_uri": format!("{base}/common/discovery/v2.0/keys"),
        });
        for name in [
            "end_session_endpoint",
            "userinfo_endpoint",
            "claims_supported",
            "x",
        ] {
            metadata[name] = value.clone();
        }
        entra.fault(Endpoint::Metadata, Fault::Json(metadata));
        let app = TestApp::with_entra(entra, |settings| settings).await;
        let browser = app.browser();
        browser.sign_in(ADA).await;
        assert!(browser.me().await.is_some(), "{value}");
    }
}
