//! The authorization endpoint: the account picker.

use std::collections::HashMap;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Form, Path, Query},
};

use super::{
    authorize::{AuthorizationRequest, AuthorizationResponse},
    error_document::error_description,
    html::{error_page, escape, page},
    person::Person,
    state::SharedState,
};

type Parameters = HashMap<String, String>;

pub(super) async fn show(
    req: HttpRequest,
    state: Data<SharedState>,
    path: Path<String>,
    Query(query): Query<Parameters>,
) -> HttpResponse {
    let request = match AuthorizationRequest::parse(&path, &query) {
        Ok(request) => request,
        Err(error) => return error_page(&error),
    };
    let mut state = state.lock();
    if request.prompt.as_deref() == Some("none") {
        let hint = request.login_hint.clone().unwrap_or_default();
        let response = request.sign_in(&mut state, &hint).unwrap_or_else(|_| {
            let text = error_description(
                50058,
                "A silent sign-in request was sent but no user is signed in.",
            );
            request.refuse("login_required", &text)
        });
        return respond(&response);
    }
    let mut people: Vec<&Person> = state
        .people
        .iter()
        .filter(|person| request.admits(person))
        .collect();
    let hint = request.login_hint.as_deref().unwrap_or_default();
    people.sort_by_key(|person| !person.user_principal_name.eq_ignore_ascii_case(hint));
    let buttons: String = people.iter().map(|person| account_button(person)).collect();
    let action = escape(&format!("{}?{}", req.path(), req.query_string()));
    page(
        StatusCode::OK,
        "Pick an account",
        &format!(
            "<form method=\"post\" action=\"{action}\">{buttons}\
             <button class=\"cancel\" name=\"cancel\" value=\"yes\">Cancel</button></form>"
        ),
    )
}

pub(super) async fn pick(
    state: Data<SharedState>,
    path: Path<String>,
    Query(query): Query<Parameters>,
    Form(form): Form<Parameters>,
) -> HttpResponse {
    let request = match AuthorizationRequest::parse(&path, &query) {
        Ok(request) => request,
        Err(error) => return error_page(&error),
    };
    let response = match form.get("username") {
        Some(username) => request.sign_in(&mut state.lock(), username),
        None => {
            let text = error_description(65004, "User declined to consent to access the app.");
            Ok(request.refuse("access_denied", &text))
        }
    };
    match response {
        Ok(response) => respond(&response),
        Err(error) => error_page(&error),
    }
}

/// Sends the browser back by a redirect, or by a form that submits itself as Entra's does.
fn respond(response: &AuthorizationResponse) -> HttpResponse {
    if !response.form_post {
        return HttpResponse::Found()
            .insert_header(("Location", response.url().to_string()))
            .finish();
    }
    let inputs: String = response
        .parameters
        .iter()
        .map(|(name, value)| {
            format!(
                "<input type=\"hidden\" name=\"{name}\" value=\"{}\">",
                escape(value)
            )
        })
        .collect();
    let action = escape(response.redirect_uri.as_str());
    page(
        StatusCode::OK,
        "Working…",
        &format!(
            "<form method=\"post\" action=\"{action}\">{inputs}<button>Continue</button></form>\
             <script>document.forms[0].submit()</script>"
        ),
    )
}

fn account_button(person: &Person) -> String {
    let initial = person
        .display_name
        .chars()
        .next()
        .unwrap_or('?')
        .to_string();
    format!(
        "<button name=\"username\" value=\"{upn}\"><span class=\"disc\" aria-hidden=\"true\">{initial}</span>\
         <span><strong>{name}</strong><br>{upn}</span></button>",
        upn = escape(&person.user_principal_name),
        initial = escape(&initial),
        name = escape(&person.display_name),
    )
}
