//! The discovery document, the key document, and Entra's error document.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    people::{DOMAINS, PERSONAL, Person},
    state::Shared,
};

/// What a tenant path lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TenantPath {
    Common,
    Organizations,
    Tenant(String),
}

impl TenantPath {
    pub(super) fn parse(path: &str) -> Option<Self> {
        let path = path.to_ascii_lowercase();
        Some(match path.as_str() {
            "common" => Self::Common,
            "organizations" => Self::Organizations,
            "consumers" => Self::Tenant(PERSONAL.to_owned()),
            _ => match DOMAINS.iter().find(|(domain, _)| *domain == path) {
                Some((_, tenant)) => Self::Tenant((*tenant).to_owned()),
                None => Self::Tenant(Uuid::try_parse(&path).ok()?.to_string()),
            },
        })
    }

    pub(super) fn lets_in(&self, person: &Person) -> bool {
        match self {
            Self::Common => true,
            Self::Organizations => !person.is_personal(),
            Self::Tenant(tenant) => person.tenant == *tenant,
        }
    }

    fn issuer(&self) -> &str {
        match self {
            Self::Common | Self::Organizations => "{tenantid}",
            Self::Tenant(tenant) => tenant,
        }
    }

    /// How Entra writes it in the endpoints.
    fn segment<'a>(&'a self, path: &'a str) -> &'a str {
        match self {
            Self::Tenant(tenant) if path != "consumers" => tenant,
            _ => path,
        }
    }
}

/// Entra's error document, as its token endpoint answers it.
pub(super) fn entra_error(
    status: StatusCode,
    error: &str,
    aadsts: u32,
    text: &str,
) -> HttpResponse {
    let (trace, correlation) = (Uuid::new_v4(), Uuid::new_v4());
    let timestamp = "2026-11-23 12:00:00Z";
    HttpResponse::build(status)
        .insert_header(("Cache-Control", "no-store, no-cache"))
        .json(json!({
            "error": error,
            "error_description": format!(
                "AADSTS{aadsts}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}"
            ),
            "error_codes": [aadsts],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={aadsts}"),
        }))
}

fn no_tenant(path: &str) -> HttpResponse {
    let text = format!("Tenant '{}' not found.", path.escape_debug());
    entra_error(StatusCode::BAD_REQUEST, "invalid_tenant", 90002, &text)
}

pub(super) async fn discovery(state: Data<Shared>, path: Path<String>) -> HttpResponse {
    let Some(tenant) = TenantPath::parse(&path) else {
        return no_tenant(&path);
    };
    let base = state.lock().base.clone();
    let segment = format!("{base}/{}", tenant.segment(&path));
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "max-age=86400, private"))
        .content_type("application/json; charset=utf-8")
        .json(json!({
            "token_endpoint": format!("{segment}/oauth2/v2.0/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": format!("{segment}/discovery/v2.0/keys"),
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": format!("{base}/{}/v2.0", tenant.issuer()),
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

pub(super) async fn keys(state: Data<Shared>, path: Path<String>) -> HttpResponse {
    if TenantPath::parse(&path).is_none() {
        return no_tenant(&path);
    }
    let state = state.lock();
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "max-age=86400, private"))
        .content_type("application/json; charset=utf-8")
        .json(state.keys.document(&state.base))
}
