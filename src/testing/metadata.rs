//! The discovery document and the key document.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    error_document::error_document, registration::APPLICATION_ID, state::SharedState,
    tenant_path::TenantPath, tenants::PERSONAL,
};

fn tenant_not_found(path: &str) -> HttpResponse {
    let text = format!("Tenant '{}' not found.", path.escape_debug());
    error_document(StatusCode::BAD_REQUEST, "invalid_tenant", 90002, &text)
}

/// Of an application, where the query names one.
#[derive(Deserialize)]
pub(super) struct Application {
    appid: Option<String>,
}

pub(super) async fn discovery(
    state: Data<SharedState>,
    path: Path<String>,
    Query(application): Query<Application>,
) -> HttpResponse {
    let Some(tenant) = TenantPath::parse(&path) else {
        return tenant_not_found(&path);
    };
    let state = state.lock();
    let base = state.base_url.clone();
    let issuer = state.issuer(tenant.issuer());
    let of_application = match &application.appid {
        Some(id) => format!("?appid={id}"),
        None => String::new(),
    };
    let segment = format!("{base}/{}", tenant.segment(&path));
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "max-age=86400, private"))
        .content_type("application/json; charset=utf-8")
        .json(json!({
            "token_endpoint": format!("{segment}/oauth2/v2.0/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": format!("{segment}/discovery/v2.0/keys{of_application}"),
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": issuer,
            "request_uri_parameter_supported": false,
            "userinfo_endpoint": format!("{base}/oidc/userinfo"),
            "authorization_endpoint": format!("{segment}/oauth2/v2.0/authorize"),
            "device_authorization_endpoint": format!("{segment}/oauth2/v2.0/devicecode"),
            "http_logout_supported": true,
            "frontchannel_logout_supported": true,
            "end_session_endpoint": format!("{segment}/oauth2/v2.0/logout"),
            "claims_supported": ["sub", "iss", "cloud_instance_name", "cloud_instance_host_name",
                "cloud_graph_host_name", "msgraph_host", "aud", "exp", "iat", "auth_time", "acr", "nonce",
                "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email"],
            "kerberos_endpoint": format!("{segment}/kerberos"),
            "tenant_region_scope": null,
            "cloud_instance_name": "microsoftonline.com",
            "cloud_graph_host_name": "graph.windows.net",
            "msgraph_host": "graph.microsoft.com",
            "rbac_url": "https://pas.windows.net",
        }))
}

pub(super) async fn keys(
    state: Data<SharedState>,
    path: Path<String>,
    Query(application): Query<Application>,
) -> HttpResponse {
    if TenantPath::parse(&path).is_none() {
        return tenant_not_found(&path);
    }
    let state = state.lock();
    let is_application = application.appid.as_deref() == Some(APPLICATION_ID);
    let with_signing = is_application || !state.has_application_key;
    let (work, personal) = (state.issuer("{tenantid}"), state.issuer(PERSONAL));
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "max-age=86400, private"))
        .content_type("application/json; charset=utf-8")
        .json(state.keys.document(&work, &personal, with_signing))
}
