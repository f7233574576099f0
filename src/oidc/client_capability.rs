//! The client capability `cp1`: the application handles claims challenges, so resources may issue tokens
//! that they revoke (Microsoft identity platform, "Claims challenges, claims requests, and client
//! capabilities").

use serde_json::{Map, Value, json};

/// The parameter `claims` with the capability, beside other claims.
pub(crate) fn declare(mut claims: Map<String, Value>) -> Map<String, Value> {
    let access_token = claims.entry("access_token").or_insert_with(|| json!({}));
    if let Some(access_token) = access_token.as_object_mut() {
        access_token.insert("xms_cc".to_owned(), json!({ "values": ["cp1"] }));
    }
    claims
}
