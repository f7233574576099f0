//! Entra's errors as applications receive them: a JSON document, or a description in a redirect.

use actix_web::{HttpResponse, http::StatusCode};
use serde_json::json;
use uuid::Uuid;

const TIMESTAMP: &str = "2026-11-23 12:00:00Z";

/// The error document of the token and discovery endpoints.
pub(super) fn error_document(
    status: StatusCode,
    error: &str,
    aadsts: u32,
    text: &str,
) -> HttpResponse {
    let (trace, correlation) = (Uuid::new_v4(), Uuid::new_v4());
    HttpResponse::build(status)
        .insert_header(("Cache-Control", "no-store, no-cache"))
        .json(json!({
            "error": error,
            "error_description": format!(
                "AADSTS{aadsts}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {TIMESTAMP}"
            ),
            "error_codes": [aadsts],
            "timestamp": TIMESTAMP,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={aadsts}"),
        }))
}

/// The `error_description` of an authorization response. Its lines end with CRLF, unlike those of
/// the document.
pub(super) fn error_description(aadsts: u32, text: &str) -> String {
    let (trace, correlation) = (Uuid::new_v4(), Uuid::new_v4());
    format!(
        "AADSTS{aadsts}: {text}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {TIMESTAMP}"
    )
}
