//! The HTML pages that the emulated Entra shows to people.

use actix_web::{HttpResponse, http::StatusCode};

use super::entra_error_page::EntraErrorPage;

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

pub(super) fn page(status: StatusCode, title: &str, body: &str) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("Cache-Control", "no-store"))
        .body(format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title}</title>{ICON}<style>{STYLE}</style></head>\
             <body><main><p class=\"label\">Emulated tenant – this is not Microsoft</p>\
             <h1>{title}</h1>{body}</main></body></html>\n"
        ))
}

/// Entra's error page.
pub(super) fn error_page(error: &EntraErrorPage) -> HttpResponse {
    let text = format!(
        "<p>Sorry, but we’re having trouble signing you in.</p><p>{}</p>",
        escape(error.message())
    );
    page(StatusCode::BAD_REQUEST, "Sign in", &text)
}

const ICON: &str = include_str!("../../templates/icon.html");

const STYLE: &str = ":root{color-scheme:light dark}\
body{font:15px/1.4 'Segoe UI',system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;background:#8881}\
main{width:min(100vw - 2rem,27rem);box-sizing:border-box;padding:2.5rem;background:Canvas;box-shadow:0 2px 6px #0004}\
.label{margin:0 0 1.25rem;padding:.4rem .75rem;background:#fff4ce;color:#5c2e00;font-weight:600}\
h1{font-size:1.5rem;font-weight:600;margin:0 0 1rem}\
form{display:grid}\
button{display:flex;gap:.75rem;align-items:center;text-align:left;font:inherit;color:inherit;background:none;border:0;border-bottom:1px solid #8884;padding:.75rem .5rem;cursor:pointer;overflow-wrap:anywhere}\
button:hover,button:focus-visible{background:#8882}\
.disc{flex:none;width:2.75rem;height:2.75rem;border-radius:50%;display:grid;place-items:center;background:#0078d4;color:#fff;font-size:1.2rem}\
.cancel{justify-content:center;margin-top:1rem;border:1px solid #8886}";
