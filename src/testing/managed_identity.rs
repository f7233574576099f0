//! The endpoints of a managed identity: Azure's Instance Metadata Service, and App Service's.

use std::collections::HashMap;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use serde_json::json;

use super::{
    client_assertion::identity_token,
    registration::{IDENTITY_HEADER, MANAGED_IDENTITY},
    state::SharedState,
};

type Parameters = Query<HashMap<String, String>>;

/// In seconds.
const LIFETIME: i64 = 3600;

fn refuse(status: StatusCode, error: &str, text: &str) -> HttpResponse {
    HttpResponse::build(status).json(json!({ "error": error, "error_description": text }))
}

/// `/metadata/identity/oauth2/token`
pub(super) async fn metadata_service(
    req: HttpRequest,
    state: Data<SharedState>,
    query: Parameters,
) -> HttpResponse {
    let is_asked = req
        .headers()
        .get("metadata")
        .is_some_and(|value| value == "true");
    if !is_asked {
        let text = "Required metadata header not specified";
        return refuse(StatusCode::BAD_REQUEST, "invalid_request", text);
    }
    issue(&state, &query, "2018-02-01")
}

/// `/msi/token`
pub(super) async fn app_service(
    req: HttpRequest,
    state: Data<SharedState>,
    query: Parameters,
) -> HttpResponse {
    let header = req.headers().get("x-identity-header");
    if header.is_none_or(|value| value != IDENTITY_HEADER) {
        return refuse(StatusCode::UNAUTHORIZED, "unauthorized", "Invalid header");
    }
    issue(&state, &query, "2019-08-01")
}

fn issue(state: &SharedState, query: &Parameters, version: &str) -> HttpResponse {
    let get = |name: &str| query.get(name).map_or("", String::as_str);
    if get("api-version") != version || get("resource").is_empty() {
        let text = "A parameter is missing or has an unknown value";
        return refuse(StatusCode::BAD_REQUEST, "invalid_request", text);
    }
    if get("client_id") != MANAGED_IDENTITY {
        return refuse(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "Identity not found",
        );
    }
    let state = state.lock();
    HttpResponse::Ok().json(json!({
        "access_token": identity_token(&state, get("resource")),
        "client_id": MANAGED_IDENTITY,
        "expires_in": LIFETIME.to_string(),
        "expires_on": (state.now() + LIFETIME).to_string(),
        "resource": get("resource"),
        "token_type": "Bearer",
    }))
}
