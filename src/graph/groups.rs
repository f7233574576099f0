//! The groups of an account, where they are too many for the ID token.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::response::{self, GraphError};
use crate::{
    http_client::{HttpClient, response::Response},
    settings::config::Settings,
    util::secret::Secret,
};

/// The scope that Graph requires. Its documentation names `User.Read`, with which it has been seen
/// to answer 403.
pub(crate) const SCOPE: &str = "GroupMember.Read.All";

/// Largest response that is read, in bytes. Graph returns at most 11,000 ids.
const MAX_LEN: usize = 1024 * 1024;

/// `POST /me/getMemberObjects`: all groups, nested ones included.
pub(crate) async fn fetch(
    http: &HttpClient,
    settings: &Settings,
    token: &Secret,
    limit: Duration,
) -> Result<Vec<String>, GraphError> {
    let url = format!("{}/me/getMemberObjects", settings.graph_url);
    let body = json!({ "securityEnabledOnly": false });
    let response = http.post_json(&url, token.expose(), &body, MAX_LEN, limit);
    parse(&response.await?)
}

/// Parses Graph's response.
pub(crate) fn parse(response: &Response) -> Result<Vec<String>, GraphError> {
    #[derive(Deserialize)]
    struct Ids {
        value: Vec<String>,
        #[serde(rename = "@odata.nextLink")]
        next: Option<String>,
    }
    let forbidden_hint =
        "; do `scopes` hold GroupMember.Read.All, and has an administrator consented to it?";
    match response::json(response, forbidden_hint)? {
        // A partial list would silently take rights away.
        Ids { next: Some(_), .. } => Err(GraphError::Malformed(response.source.clone())),
        Ids { value, next: None } => Ok(value),
    }
}
