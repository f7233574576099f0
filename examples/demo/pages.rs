//! The demo's pages.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, Responder, error::ErrorInternalServerError, web::Html};
use askama::Template;
use microsoft_sso::{ACCESS_TOKEN_KEY, Button, CurrentUser, Identity, Messages, MicrosoftUser};
use serde_json::json;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    button: String,
    person: Option<Person>,
    messages: Vec<String>,
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

fn page<T: Template>(template: &T) -> actix_web::Result<impl Responder + use<T>> {
    let body = template.render().map_err(ErrorInternalServerError)?;
    Ok(Html::new(body)
        .customize()
        .insert_header(("Cache-Control", "no-store")))
}

pub(crate) async fn home(
    user: Option<CurrentUser>,
    microsoft: Option<MicrosoftUser>,
    messages: Messages,
) -> actix_web::Result<impl Responder> {
    let (locale, picture) = microsoft.map_or((None, None), |m| (m.locale, m.picture));
    page(&Home {
        button: Button::new().to_html(),
        person: user.map(|user| Person {
            name: format!("{} {}", user.first_name, user.last_name),
            email: user.email.clone(),
            locale: locale.unwrap_or_default(),
            picture: picture.map(|picture| picture.data_url()),
        }),
        messages: messages.iter().map(ToString::to_string).collect(),
    })
}

pub(crate) async fn private(
    req: HttpRequest,
    identity: Identity,
) -> actix_web::Result<impl Responder> {
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
