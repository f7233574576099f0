//! The demo's pages.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, error::ErrorInternalServerError, web::Data};
use askama::Template;
use microsoft_sso::{
    ACCESS_TOKEN_KEY, Button, CurrentUser, Identity, Level, Message, Messages, MicrosoftUser,
};
use serde_json::json;

use crate::sign_in::SignIn;

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    button: String,
    sign_in: &'a SignIn,
    person: Option<Person>,
    messages: Vec<&'a Message>,
}

#[derive(Template)]
#[template(path = "private.html")]
struct Private {
    name: String,
    address: String,
}

struct Person {
    name: String,
    email: String,
    locale: String,
    picture: Option<String>,
}

fn page(template: &impl Template) -> actix_web::Result<HttpResponse> {
    let body = template.render().map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .insert_header((
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'",
        ))
        .content_type("text/html; charset=utf-8")
        .body(body))
}

pub(crate) async fn home(
    sign_in: Data<SignIn>,
    user: Option<CurrentUser>,
    microsoft: Option<MicrosoftUser>,
    messages: Messages,
) -> actix_web::Result<HttpResponse> {
    let (locale, picture) = microsoft.map_or((None, None), |m| (m.locale, m.picture));
    page(&Home {
        button: Button::new().to_html(),
        sign_in: &sign_in,
        person: user.map(|user| Person {
            name: format!("{} {}", user.first_name, user.last_name),
            email: user.email.clone(),
            locale: locale.unwrap_or_default(),
            picture: picture.map(|picture| picture.data_url()),
        }),
        messages: messages.iter().collect(),
    })
}

pub(crate) async fn private(
    req: HttpRequest,
    identity: Identity,
) -> actix_web::Result<HttpResponse> {
    page(&Private {
        name: identity.first_name,
        address: req.uri().to_string(),
    })
}

pub(crate) async fn me(
    user: CurrentUser,
    microsoft: Option<MicrosoftUser>,
    session: Session,
) -> actix_web::Result<HttpResponse> {
    let access_token = session.get::<String>(ACCESS_TOKEN_KEY)?;
    let body = json!({
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "username": user.username,
        "picture": microsoft.as_ref().map(|m| &m.picture),
        "microsoft_id": microsoft.as_ref().map(|m| &m.microsoft_id),
        "locale": microsoft.as_ref().map(|m| &m.locale),
        "access_token": access_token,
    });
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(body))
}

pub(crate) async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .body(include_str!("templates/demo.css"))
}

/// How a message is announced to screen readers, and its class.
fn role(message: &Message) -> &'static str {
    match message.level() {
        Level::Info => "status",
        _ => "alert",
    }
}
