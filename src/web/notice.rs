//! Pages of one sentence, for when no other page can tell it.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};

use super::request::Client;

/// A page of one sentence, or JSON for API clients. It never holds text from outside.
pub(crate) fn notice(client: Client, status: StatusCode, code: &str, text: &str) -> HttpResponse {
    notice_in("en", client, status, code, text)
}

/// A notice in a language of the settings.
pub(crate) fn notice_in(
    language: &str,
    client: Client,
    status: StatusCode,
    code: &str,
    text: &str,
) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.insert_header((header::RETRY_AFTER, "30"));
    }
    if client == Client::Api {
        return response.json(serde_json::json!({ "error": code, "message": text }));
    }
    response
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ))
        .content_type("text/html; charset=utf-8")
        .body(page(language, text))
}

fn page(language: &str, text: &str) -> String {
    // Both are the operator's, and may hold characters of markup.
    let (language, text) = (escape(language), escape(text));
    format!(
        "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Sign in</title><style>:root{{color-scheme:light dark}}\
         body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:20vh auto;padding:0 1rem}}\
         </style></head><body><main><h1>Sign in</h1><p>{text}</p></main></body></html>\n"
    )
}

fn escape(text: &str) -> String {
    askama::filters::escape(text, askama::filters::Html)
        .map(|escaped| escaped.to_string())
        .unwrap_or_default()
}
