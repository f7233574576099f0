//! Microsoft Graph: who the person is, and their photo.

use awc::http::StatusCode;
use futures_util::future::{OptionFuture, join3};
use serde::{Deserialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{
    groups,
    http::{Answer, HttpClient, HttpError, JSON_LIMIT},
};
use crate::{
    picture::{self, Picture},
    secret::Secret,
    settings::{PERSONAL_TENANT, Settings},
};

/// Largest answer to `/me` that is read, in bytes.
const ME_LIMIT: usize = 64 * 1024;

/// `GET /me`, its default set of properties as far as we keep them. All but `id` may be null.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GraphUser {
    pub(crate) id: String,
    pub(crate) display_name: Option<String>,
    pub(crate) given_name: Option<String>,
    pub(crate) surname: Option<String>,
    pub(crate) mail: Option<String>,
    pub(crate) user_principal_name: Option<String>,
    pub(crate) preferred_language: Option<String>,
}

/// Why Graph's answer can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum GraphError {
    #[error("Graph gave no answer")]
    Unreachable(#[from] HttpError),
    #[error("Graph answered {status} (request-id {request_id}){hint}")]
    Status {
        status: u16,
        request_id: String,
        hint: &'static str,
    },
    #[error("Graph's answer is not the JSON it should be")]
    Malformed,
}

/// What Graph says of the photo.
#[derive(Clone, Debug)]
pub(crate) enum Photo {
    Picture(Picture),
    /// Graph says there is none.
    None,
    /// Graph didn't say, or sent what isn't a picture: what is stored stays.
    Unknown,
}

/// What Graph says of a person.
pub(crate) struct Answers {
    pub(crate) user: Result<GraphUser, GraphError>,
    pub(crate) photo: Photo,
    /// `None` where it wasn't asked for groups.
    pub(crate) groups: Option<Result<Vec<String>, GraphError>>,
}

/// The profile and, where asked for, photo and groups: all at the same time, one round.
pub(crate) async fn profile(
    http: &HttpClient,
    config: &Settings,
    token: &Secret,
    with_groups: bool,
) -> Answers {
    let with_photo = config.save_basic_info;
    let photo = OptionFuture::from(with_photo.then(|| photo(http, config, token)));
    let groups = OptionFuture::from(with_groups.then(|| groups::ask(http, config, token)));
    let (user, photo, groups) = join3(me(http, config, token), photo, groups).await;
    Answers {
        user,
        photo: photo.unwrap_or(Photo::Unknown),
        groups,
    }
}

async fn me(http: &HttpClient, config: &Settings, token: &Secret) -> Result<GraphUser, GraphError> {
    let url = format!("{}/me", config.graph_url);
    let answer = http
        .get(&url, Some(token.expose()), ME_LIMIT, config.graph_timeout)
        .await?;
    json(
        &answer,
        "; do `scopes` hold User.Read, and is it consented to?",
    )
}

/// A further question, of the application's own: any path below `graph_url`.
pub(crate) async fn query(
    http: &HttpClient,
    config: &Settings,
    token: &Secret,
    path: &str,
) -> Result<serde_json::Value, GraphError> {
    let url = format!("{}/{}", config.graph_url, path.trim_start_matches('/'));
    let answer = http.get(&url, Some(token.expose()), JSON_LIMIT, config.graph_timeout);
    let answer = answer.await?;
    json(
        &answer,
        "; is the scope for it in `scopes`, and consented to?",
    )
}

/// The JSON of an answer; of one that isn't 200, what the operator can do, where it is 403.
pub(crate) fn json<T: DeserializeOwned>(
    answer: &Answer,
    forbidden: &'static str,
) -> Result<T, GraphError> {
    if answer.status == StatusCode::OK {
        return serde_json::from_slice(&answer.body).map_err(|_| GraphError::Malformed);
    }
    let request_id = answer.request_id.clone();
    Err(GraphError::Status {
        status: answer.status.as_u16(),
        request_id: request_id.unwrap_or_else(|| "unknown".to_owned()),
        hint: match answer.status {
            StatusCode::UNAUTHORIZED => "; is `graph_url` of the same cloud as `authority`?",
            StatusCode::FORBIDDEN => forbidden,
            _ => "",
        },
    })
}

async fn photo(http: &HttpClient, config: &Settings, token: &Secret) -> Photo {
    let url = format!("{}/me/photo/$value", config.graph_url);
    let answer = http.get(
        &url,
        Some(token.expose()),
        picture::LIMIT,
        config.graph_timeout,
    );
    match answer.await {
        Ok(answer) if answer.status == StatusCode::OK => Picture::sniff(answer.body).map_or_else(
            || {
                tracing::warn!(
                    "Graph sent a photo that is no JPEG, PNG, GIF or WebP; it is ignored"
                );
                Photo::Unknown
            },
            Photo::Picture,
        ),
        Ok(answer) if answer.status == StatusCode::NOT_FOUND => Photo::None,
        Ok(answer) => {
            tracing::warn!(
                status = answer.status.as_u16(),
                "Graph gave no photo; the stored one stays"
            );
            Photo::Unknown
        }
        Err(error) => {
            tracing::warn!(%error, "Graph gave no photo; the stored one stays");
            Photo::Unknown
        }
    }
}

/// Whether Graph speaks of the token's person (OpenID Connect Core 1.0, section 5.3.2): its `id`
/// is the `oid`; for personal accounts it is the 16 hex digits at the end of the `oid`.
pub(crate) fn is_same_person(tenant_id: Uuid, object_id: &str, graph_id: &str) -> bool {
    if graph_id.eq_ignore_ascii_case(object_id) {
        return true;
    }
    let digits = object_id.replace('-', "");
    tenant_id == PERSONAL_TENANT
        && graph_id.len() == 16
        && digits.len() == 32
        && digits.starts_with("0000000000000000")
        && digits[16..].eq_ignore_ascii_case(graph_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphs_id_must_be_the_tokens_oid() {
        let work = Uuid::from_u128(1);
        let oid = "00000000-0000-0000-ded4-daa1bad8ae4f";
        assert!(is_same_person(work, oid, oid));
        assert!(is_same_person(PERSONAL_TENANT, oid, "ded4daa1bad8ae4f"));
        assert!(!is_same_person(work, oid, "ded4daa1bad8ae4f"));
        assert!(!is_same_person(PERSONAL_TENANT, oid, "ded4daa1bad8ae40"));
        let other = "87d349ed-44d7-43e1-9a83-5f2406dee5bd";
        assert!(!is_same_person(work, oid, other));
        assert!(!is_same_person(PERSONAL_TENANT, other, "9a835f2406dee5bd"));
        assert!(!is_same_person(work, oid, ""));
    }
}
