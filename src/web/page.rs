//! The HTML of the login page and of notices: one template, one stylesheet, and a content security
//! policy that allows nothing else.

use std::sync::LazyLock;

use actix_web::{HttpResponse, HttpResponseBuilder, http::header};
use askama::Template;
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest::{SHA256, digest};

use super::message::Message;

/// The stylesheet of page and button.
pub(crate) const STYLE: &str = include_str!("../../templates/style.css");

/// How the policy names the stylesheet within a page.
static STYLE_HASH: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    format!("'sha256-{hash}'")
});

/// A page of the plugin.
#[derive(Template)]
#[template(path = "page.html")]
pub(crate) struct Page<'a> {
    pub(crate) language: &'a str,
    pub(crate) title: &'a str,
    pub(crate) logo: Option<&'a str>,
    /// The URL of the stylesheet; `None` puts it into the page.
    pub(crate) stylesheet: Option<&'a str>,
    pub(crate) messages: Vec<&'a Message>,
    pub(crate) text: Option<&'a str>,
    /// The HTML of the button.
    pub(crate) button: Option<&'a str>,
    /// The text of a button that posts to the page's own address.
    pub(crate) sign_out: Option<&'a str>,
    pub(crate) links: Vec<Link<'a>>,
}

/// A link that looks like a button.
pub(crate) struct Link<'a> {
    href: &'a str,
    text: &'a str,
    is_primary: bool,
}

impl<'a> Link<'a> {
    pub(crate) fn primary(href: &'a str, text: &'a str) -> Self {
        let is_primary = true;
        Self {
            href,
            text,
            is_primary,
        }
    }

    pub(crate) fn other(href: &'a str, text: &'a str) -> Self {
        let is_primary = false;
        Self {
            href,
            text,
            is_primary,
        }
    }
}

impl Page<'_> {
    pub(crate) fn respond(&self, mut response: HttpResponseBuilder) -> HttpResponse {
        let Ok(body) = self.render() else {
            return HttpResponse::InternalServerError().finish();
        };
        let style = match self.stylesheet {
            Some(_) => "'self'",
            None => &STYLE_HASH,
        };
        // A sign-out goes on to Entra, and browsers apply `form-action` to that redirect, too.
        let form = match self.sign_out {
            Some(_) => "",
            None => " form-action 'none';",
        };
        let policy = format!(
            "default-src 'none'; style-src {style}; img-src 'self' data:; base-uri 'none';{form} frame-ancestors 'none'"
        );
        response
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::REFERRER_POLICY, "no-referrer"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::X_FRAME_OPTIONS, "DENY"))
            .insert_header((header::CONTENT_SECURITY_POLICY, policy))
            .content_type("text/html; charset=utf-8")
            .body(body)
    }
}
