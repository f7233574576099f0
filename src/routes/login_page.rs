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
    sign_in::attempt_cookies::AttemptCookies,
    util::next_path::NextPath,
    web::{
        button::Button,
        extract::Sso,
        localize::Localizer,
        message::Message,
        messages::Messages,
        origin,
        request::{login_with_next, parameter, with_parameter},
        respond::switched_off,
    },
};

const STYLE: &str = include_str!("../../templates/style.css");

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    language: &'a str,
    title: &'a str,
    logo: Option<String>,
    style: String,
    messages: Vec<&'a str>,
    button: String,
    others: Vec<(&'a str, String)>,
}

pub(super) async fn login_page(
    req: HttpRequest,
    sso: Sso,
    cookies: AttemptCookies,
    messages: Messages,
) -> HttpResponse {
    let config = &sso.site.config;
    let localizer = Localizer::for_request(&req, config);
    if !config.enabled || !config.login_page_enabled {
        return switched_off(&req);
    }
    let scope = origin::public_path(&sso, &origin::mount_path(&req));
    let next = parameter(&req, "next").and_then(|next| NextPath::within(&next));
    let mut login = format!("{scope}/login/");
    if let Some(next) = &next {
        login = login_with_next(&login, next.as_str());
    }
    let button = Button::new()
        .text(localizer.text(Text::Button))
        .login_path(&login);
    let others = config.other_providers.iter();
    let mut others: Vec<_> = others
        .map(|(name, to)| (name.as_str(), origin::public_path(&sso, to.as_str())))
        .collect();
    if cookies.is_account_refused() {
        let asking = with_parameter(&login, "prompt", "select_account");
        others.insert(0, (localizer.text(Text::UseAnother), asking));
    }
    let logo = config.logo_url.as_deref();
    let logo = logo.map(|logo| match logo.strip_prefix('/') {
        Some(_) => origin::public_path(&sso, logo),
        None => logo.to_owned(),
    });
    let page = LoginPage {
        language: localizer.language,
        title: localizer.text(Text::Title),
        logo,
        style: format!("{scope}/style.css"),
        messages: messages.iter().map(Message::text).collect(),
        button: button.to_html(),
        others,
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
