//! The demo's pages.

use actix_session::Session;
use actix_web::{
    HttpRequest, HttpResponse, Responder,
    error::ErrorInternalServerError,
    web::{Data, Html, Json},
};
use askama::Template;
use microsoft_sso::{
    ACCESS_TOKEN_KEY, Button, CurrentUser, Identity, IncomingFlashMessages, MicrosoftSso,
    MicrosoftUser,
};
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

/// What Microsoft said of the user, where it is kept.
async fn microsoft_user(
    sso: &MicrosoftSso,
    user: &CurrentUser,
) -> actix_web::Result<Option<MicrosoftUser>> {
    let found = sso.store().microsoft_user(&user.id).await;
    found.map_err(ErrorInternalServerError)
}

pub(crate) async fn home(
    sso: Data<MicrosoftSso>,
    user: Option<CurrentUser>,
    messages: IncomingFlashMessages,
) -> actix_web::Result<impl Responder> {
    let person = match user {
        Some(user) => {
            let microsoft = microsoft_user(&sso, &user).await?;
            let (locale, picture) = microsoft.map_or((None, None), |m| (m.locale, m.picture));
            Some(Person {
                name: format!("{} {}", user.first_name, user.last_name),
                email: user.email.clone(),
                locale: locale.unwrap_or_default(),
                picture: picture.map(|picture| picture.data_url()),
            })
        }
        None => None,
    };
    let messages = messages.iter().map(|message| message.content().to_owned());
    page(&Home {
        button: Button::new().to_html(),
        person,
        messages: messages.collect(),
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
    sso: Data<MicrosoftSso>,
    user: CurrentUser,
    session: Session,
) -> actix_web::Result<HttpResponse> {
    let microsoft = microsoft_user(&sso, &user).await?;
    let access_token = session.get::<String>(ACCESS_TOKEN_KEY)?;
    let body = Json(json!({
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "username": user.username,
        "picture": microsoft.as_ref().and_then(|m| m.picture.as_ref()).map(|p| p.data_url()),
        "microsoft_id": microsoft.as_ref().map(|m| &m.microsoft_id),
        "locale": microsoft.as_ref().and_then(|m| m.locale.as_ref()),
        "access_token": access_token,
    }));
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(body))
}
