//! The account picker: the page at which a person chooses who they are.

use std::collections::HashMap;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Form, Path, Query},
};
use url::Url;

use super::{
    authorize::{Answer, AuthorizeRequest, description},
    people::Person,
    state::Shared,
};

type Parameters = HashMap<String, String>;

pub(super) async fn authorize(
    req: HttpRequest,
    state: Data<Shared>,
    path: Path<String>,
    Query(query): Query<Parameters>,
) -> HttpResponse {
    let request = match AuthorizeRequest::parse(&path, &query) {
        Ok(request) => request,
        Err(problem) => return sorry(&problem),
    };
    let mut state = state.lock();
    if request.prompt.as_deref() == Some("none") {
        let hint = request.login_hint.clone().unwrap_or_default();
        let answer = request.sign_in(&mut state, &hint).unwrap_or_else(|_| {
            let text = description(
                50058,
                "A silent sign-in request was sent but no user is signed in.",
            );
            request.refuse("login_required", &text)
        });
        return back(&request, &answer);
    }
    let mut people: Vec<&Person> = state
        .people
        .iter()
        .filter(|person| request.tenant.lets_in(person))
        .collect();
    let hint = request.login_hint.as_deref().unwrap_or_default();
    people.sort_by_key(|person| !person.user_principal_name.eq_ignore_ascii_case(hint));
    let buttons: String = people.iter().map(|person| button(person)).collect();
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

pub(super) async fn choose(
    state: Data<Shared>,
    path: Path<String>,
    Query(query): Query<Parameters>,
    Form(form): Form<Parameters>,
) -> HttpResponse {
    let request = match AuthorizeRequest::parse(&path, &query) {
        Ok(request) => request,
        Err(problem) => return sorry(&problem),
    };
    let answer = match form.get("username") {
        Some(username) => request.sign_in(&mut state.lock(), username),
        None => {
            let text = description(65004, "User declined to consent to access the app.");
            Ok(request.refuse("access_denied", &text))
        }
    };
    match answer {
        Ok(answer) => back(&request, &answer),
        Err(problem) => sorry(&problem),
    }
}

pub(super) async fn logout(Query(query): Query<Parameters>) -> HttpResponse {
    let to = query
        .get("post_logout_redirect_uri")
        .and_then(|to| Url::parse(to).ok());
    match to {
        Some(to) => HttpResponse::Found()
            .insert_header(("Location", to.to_string()))
            .finish(),
        None => page(
            StatusCode::OK,
            "You signed out of your account",
            "<p>It is a good idea to close all browser windows.</p>",
        ),
    }
}

pub(super) async fn welcome(state: Data<Shared>) -> HttpResponse {
    let state = state.lock();
    let people: String = state
        .people
        .iter()
        .map(|person| format!("<li>{}</li>", escape(&person.user_principal_name)))
        .collect();
    page(
        StatusCode::OK,
        "An emulated tenant",
        &format!("<p>These people live here:</p><ul>{people}</ul>"),
    )
}

/// Sends the browser back: a redirect, or a form that posts itself as Entra's does.
fn back(request: &AuthorizeRequest, answer: &Answer) -> HttpResponse {
    if !request.form_post {
        return HttpResponse::Found()
            .insert_header(("Location", answer.url()))
            .finish();
    }
    let inputs: String = answer
        .parameters
        .iter()
        .map(|(name, value)| {
            format!(
                "<input type=\"hidden\" name=\"{name}\" value=\"{}\">",
                escape(value)
            )
        })
        .collect();
    let action = escape(answer.redirect_uri.as_str());
    page(
        StatusCode::OK,
        "Working…",
        &format!(
            "<form method=\"post\" action=\"{action}\">{inputs}<button>Continue</button></form>\
             <script>document.forms[0].submit()</script>"
        ),
    )
}

fn sorry(problem: &str) -> HttpResponse {
    let text = format!(
        "<p>Sorry, but we’re having trouble signing you in.</p><p>{}</p>",
        escape(problem)
    );
    page(StatusCode::BAD_REQUEST, "Sign in", &text)
}

fn button(person: &Person) -> String {
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

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn page(status: StatusCode, title: &str, body: &str) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("Cache-Control", "no-store"))
        .body(format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title}</title><style>{STYLE}</style></head>\
             <body><main><p class=\"label\">Emulated tenant – this is not Microsoft</p>\
             <h1>{title}</h1>{body}</main></body></html>\n"
        ))
}

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
