//! The home page, which lists the people.

use actix_web::{HttpResponse, http::StatusCode, web::Data};

use super::{
    html::{escape, page},
    state::SharedState,
};

pub(super) async fn home_page(state: Data<SharedState>) -> HttpResponse {
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
