//! `GET /microsoft_sso/`: the stock login page, and the stylesheet of page and button.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
        X_FRAME_OPTIONS,
    },
};
use askama::Template;

use crate::{
    settings::texts::Text,
    util::next_path::NextPath,
    web::{
        button::Button, extract::Sso, localize::Localizer, message::Message, messages::Messages,
        origin, request::parameter, respond::switched_off,
    },
};

const STYLE: &str = include_str!("../../templates/style.css");

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    language: &'a str,
    title: &'a str,
    logo: Option<&'a str>,
    style: String,
    messages: Vec<&'a str>,
    button: String,
    others: Vec<(&'a str, &'a str)>,
}

pub(super) async fn login_page(req: HttpRequest, sso: Sso, messages: Messages) -> HttpResponse {
    let config = &sso.site.config;
    let localizer = Localizer::for_request(&req, config);
    if !config.enabled || !config.login_page_enabled {
        return switched_off(&req);
    }
    let scope = origin::mount_path(&req);
    let next = parameter(&req, "next").and_then(|next| NextPath::parse(&next));
    let button = Button::new()
        .text(localizer.text(Text::Button))
        .login_path(format!("{scope}/login/"));
    let button = match &next {
        Some(next) => button.next(next.as_str()),
        None => button,
    };
    let page = LoginPage {
        language: localizer.language,
        title: localizer.text(Text::Title),
        logo: config.logo_url.as_deref(),
        style: format!("{scope}/style.css"),
        messages: messages.iter().map(Message::text).collect(),
        button: button.to_html(),
        others: config
            .other_providers
            .iter()
            .map(|(name, to)| (name.as_str(), to.as_str()))
            .collect(),
    };
    let Ok(body) = page.render() else {
        return HttpResponse::InternalServerError().finish();
    };
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'",
        ))
        .content_type("text/html; charset=utf-8")
        .body(body)
}

pub(super) async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type("text/css; charset=utf-8")
        .body(STYLE)
}
