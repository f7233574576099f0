//! The emulated Microsoft Graph: `/me` and what is below it.

use std::collections::HashMap;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Json, Query},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    person::Person,
    state::{SharedState, State},
};
use crate::util::picture::Picture;

fn error(status: StatusCode, code: &str, message: &str) -> HttpResponse {
    let id = Uuid::new_v4().to_string();
    HttpResponse::build(status)
        .insert_header(("request-id", id.clone()))
        .json(json!({ "error": {
            "code": code,
            "message": message,
            "innerError": {
                "date": "2026-11-23T12:00:00",
                "request-id": id,
                "client-request-id": id,
            },
        } }))
}

fn access_token(req: &HttpRequest) -> Option<&str> {
    let header = req.headers().get("authorization")?.to_str().ok()?;
    header.strip_prefix("Bearer ")
}

fn token_owner<'a>(req: &HttpRequest, state: &'a State) -> Option<&'a Person> {
    state.token_owner(access_token(req)?)
}

fn unauthorized() -> HttpResponse {
    let message = "Access token is empty, expired or not of this Graph.";
    error(
        StatusCode::UNAUTHORIZED,
        "InvalidAuthenticationToken",
        message,
    )
}

pub(super) async fn me(req: HttpRequest, state: Data<SharedState>) -> HttpResponse {
    let state = state.lock();
    let Some(person) = token_owner(&req, &state) else {
        return unauthorized();
    };
    HttpResponse::Ok()
        .insert_header(("request-id", Uuid::new_v4().to_string()))
        .content_type("application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
        .json(user_document(person, &state.base_url))
}

fn user_document(person: &Person, base_url: &str) -> Value {
    json!({
        "@odata.context": format!("{base_url}/v1.0/$metadata#users/$entity"),
        "businessPhones": [],
        "displayName": person.display_name,
        "givenName": person.given_name,
        "jobTitle": null,
        "mail": person.mail,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": person.preferred_language,
        "surname": person.surname,
        "userPrincipalName": person.user_principal_name,
        "id": person.graph_id(),
    })
}

/// The settings of the person's mailbox, for tokens with the scope that it needs.
pub(super) async fn mailbox_settings(req: HttpRequest, state: Data<SharedState>) -> HttpResponse {
    let state = state.lock();
    let Some(person) = token_owner(&req, &state) else {
        return unauthorized();
    };
    if !state.has_scope(
        access_token(&req).unwrap_or_default(),
        "MailboxSettings.Read",
    ) {
        let message = "Access is denied. Check credentials and try again.";
        return error(StatusCode::FORBIDDEN, "ErrorAccessDenied", message);
    }
    HttpResponse::Ok().json(json!({ "timeZone": person.time_zone }))
}

/// How many messages a mailbox has, and how many are on a page.
const MESSAGES: usize = 7;
const PAGE: usize = 3;

/// The messages of the person, page by page, for tokens with the scope that it needs.
pub(super) async fn messages(
    req: HttpRequest,
    state: Data<SharedState>,
    Query(query): Query<HashMap<String, String>>,
) -> HttpResponse {
    let state = state.lock();
    if token_owner(&req, &state).is_none() {
        return unauthorized();
    }
    if !state.has_scope(access_token(&req).unwrap_or_default(), "Mail.ReadBasic") {
        let message = "Access is denied. Check credentials and try again.";
        return error(StatusCode::FORBIDDEN, "ErrorAccessDenied", message);
    }
    let skip = query.get("$skip").and_then(|skip| skip.parse().ok());
    let skip: usize = skip.unwrap_or_default();
    let end = MESSAGES.min(skip + PAGE);
    let message = |number: usize| json!({ "subject": format!("Message {number}") });
    let page: Vec<_> = (skip..end).map(message).collect();
    let mut answer = json!({ "value": page });
    if end < MESSAGES {
        let next = format!("{}/v1.0/me/messages?$skip={end}", state.base_url);
        answer["@odata.nextLink"] = json!(next);
    }
    HttpResponse::Ok().json(answer)
}

/// Takes a message, for tokens with the scope that it needs.
pub(super) async fn send_mail(
    req: HttpRequest,
    state: Data<SharedState>,
    Json(mail): Json<Value>,
) -> HttpResponse {
    let state = state.lock();
    if token_owner(&req, &state).is_none() {
        return unauthorized();
    }
    if !state.has_scope(access_token(&req).unwrap_or_default(), "Mail.Send") {
        let message = "Access is denied. Check credentials and try again.";
        return error(StatusCode::FORBIDDEN, "ErrorAccessDenied", message);
    }
    if mail.get("message").is_none() {
        let message = "The message is missing.";
        return error(StatusCode::BAD_REQUEST, "ErrorInvalidRequest", message);
    }
    HttpResponse::Accepted().finish()
}

/// All of a person's groups, for tokens with a scope that it needs.
pub(super) async fn member_objects(req: HttpRequest, state: Data<SharedState>) -> HttpResponse {
    let state = state.lock();
    let Some(person) = token_owner(&req, &state) else {
        return unauthorized();
    };
    let scopes = ["GroupMember.Read.All", "Directory.Read.All"];
    let token = access_token(&req).unwrap_or_default();
    if !scopes.iter().any(|scope| state.has_scope(token, scope)) {
        let message = "Insufficient privileges to complete the operation.";
        return error(
            StatusCode::FORBIDDEN,
            "Authorization_RequestDenied",
            message,
        );
    }
    HttpResponse::Ok()
        .insert_header(("request-id", Uuid::new_v4().to_string()))
        .json(json!({
            "@odata.context": format!("{}/v1.0/$metadata#Collection(Edm.String)", state.base_url),
            "value": person.groups,
        }))
}

pub(super) async fn photo(req: HttpRequest, state: Data<SharedState>) -> HttpResponse {
    let state = state.lock();
    let Some(person) = token_owner(&req, &state) else {
        return unauthorized();
    };
    match &person.photo {
        Some(photo) => {
            let picture = Picture::sniff(photo.clone());
            let media_type = picture.map_or("application/octet-stream", |p| p.media_type());
            HttpResponse::Ok()
                .content_type(media_type)
                .body(photo.clone())
        }
        None => error(
            StatusCode::NOT_FOUND,
            "ImageNotFound",
            "Exception of type 'Microsoft.Fast.Profile.Core.Exception.ImageNotFoundException' was thrown.",
        ),
    }
}
