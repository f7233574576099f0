//! Access tokens for the application's own API (Microsoft identity platform, "Access token claims reference").

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{id_token::TokenParts, person::Person, registration::APPLICATION_ID, state::State};

/// The client that the tokens were issued to.
const CLIENT_ID: &str = "00001111-aaaa-2222-bbbb-3333cccc6666";

/// A token of a person, for these scopes.
pub(super) fn of_person(state: &State, person: &Person, scopes: &[&str]) -> String {
    let own = json!({
        "azpacr": "0",
        "name": person.display_name,
        "oid": person.oid,
        "preferred_username": person.user_principal_name,
        "scp": scopes.join(" "),
        "sub": person.sub,
    });
    let mut claims = claims(state, &person.tenant, own);
    if !person.roles.is_empty() {
        claims.insert("roles".to_owned(), json!(person.roles));
    }
    sign(state, claims)
}

/// A token of an application's own, with these permissions.
pub(super) fn of_application(state: &State, tenant: &str, roles: &[&str]) -> String {
    let service_principal = Uuid::from_u128(0x5e41_ce9a).to_string();
    let own = json!({
        "azpacr": "1",
        "oid": service_principal,
        "roles": roles,
        "sub": service_principal,
    });
    sign(state, claims(state, tenant, own))
}

fn claims(state: &State, tenant: &str, own: Value) -> Map<String, Value> {
    let now = state.now();
    let is_v1 = state.has_api_tokens_v1;
    let mut claims = json!({
        "aio": "E2ZgYFBbw",
        "aud": if is_v1 { format!("api://{APPLICATION_ID}") } else { APPLICATION_ID.to_owned() },
        "exp": now + 4367,
        "iat": now - 300,
        "iss": if is_v1 {
            format!("https://sts.windows.net/{tenant}/")
        } else {
            state.issuer(tenant)
        },
        "nbf": now - 300,
        "rh": "1.AXQA.",
        "tid": tenant,
        "uti": Uuid::new_v4().simple().to_string(),
        "ver": if is_v1 { "1.0" } else { "2.0" },
    });
    claims[if is_v1 { "appid" } else { "azp" }] = json!(CLIENT_ID);
    if let (Some(claims), Value::Object(own)) = (claims.as_object_mut(), own) {
        claims.extend(own);
    }
    match claims {
        Value::Object(claims) => claims,
        _ => Map::new(),
    }
}

fn sign(state: &State, claims: Map<String, Value>) -> String {
    let mut parts = TokenParts::of_claims(claims, &state.keys.signing.kid);
    if let Some(tamper) = &state.tamper {
        tamper(&mut parts);
    }
    parts.sign(&state.keys)
}
