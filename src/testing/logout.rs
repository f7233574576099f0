//! The end-session endpoint.

use std::collections::HashMap;

use actix_web::{HttpResponse, http::StatusCode, web::Query};
use url::Url;

use super::html::page;

pub(super) async fn logout(Query(query): Query<HashMap<String, String>>) -> HttpResponse {
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
