//! Who the account is according to Graph, and its photo.

use std::{pin::pin, sync::Arc, time::Duration};

use awc::http::StatusCode;
use futures_util::future::{Either, OptionFuture, join, select};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::time::timeout;
use uuid::Uuid;

use super::{
    groups,
    response::{GraphError, json},
};
use crate::{
    http_client::{HttpClient, JSON_LIMIT},
    settings::{authority::PERSONAL_TENANT, config::Settings},
    util::{
        lenient,
        log::chain,
        picture::{MAX_LEN, Picture, PictureUpdate},
        secret::Secret,
    },
};

/// Largest response to `/me` that is read, in bytes.
const ME_MAX_LEN: usize = 64 * 1024;

/// How much longer than the profile the photo may take.
const PHOTO_LIMIT: Duration = Duration::from_secs(2);

/// The answer of `GET /me`: the properties that are stored. `id` alone decides; another one of an odd
/// type counts as absent.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub(crate) struct GraphUser {
    pub(crate) id: String,
    pub(crate) display_name: Option<String>,
    pub(crate) given_name: Option<String>,
    pub(crate) surname: Option<String>,
    pub(crate) mail: Option<String>,
    pub(crate) user_principal_name: Option<String>,
    pub(crate) preferred_language: Option<String>,
    /// All of it, as it came.
    pub(crate) document: Arc<Map<String, Value>>,
}

impl TryFrom<Map<String, Value>> for GraphUser {
    type Error = serde_json::Error;

    fn try_from(document: Map<String, Value>) -> Result<Self, serde_json::Error> {
        let user = Properties::deserialize(&document)?;
        Ok(Self {
            id: user.id,
            display_name: user.display_name,
            given_name: user.given_name,
            surname: user.surname,
            mail: user.mail,
            user_principal_name: user.user_principal_name,
            preferred_language: user.preferred_language,
            document: Arc::new(document),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    id: String,
    #[serde(default, deserialize_with = "lenient::text")]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    given_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    surname: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    mail: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    user_principal_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    preferred_language: Option<String>,
}

/// Whether the ID token leaves it to Graph to tell the groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupsSource {
    Token,
    Graph,
}

/// Graph's part of a sign-in.
pub(crate) struct Answers {
    pub(crate) user: Result<GraphUser, GraphError>,
    pub(crate) photo: PictureUpdate,
    /// `None` if Graph was not asked.
    pub(crate) groups: Option<Result<Vec<String>, GraphError>>,
}

/// Fetches profile, photo and groups concurrently: one round trip. `limit` bounds each.
pub(crate) async fn fetch(
    http: &HttpClient,
    settings: &Settings,
    token: &Secret,
    groups: GroupsSource,
    limit: Duration,
) -> Answers {
    let with_groups = groups == GroupsSource::Graph;
    let saves_photo = settings.save_basic_info;
    let photo = OptionFuture::from(saves_photo.then(|| photo(http, settings, token, limit)));
    let groups =
        OptionFuture::from(with_groups.then(|| groups::fetch(http, settings, token, limit)));
    let others = join(me(http, settings, token, limit), groups);
    let ((user, groups), photo) = match select(pin!(others), pin!(photo)).await {
        Either::Left((others, photo)) => {
            let photo = timeout(PHOTO_LIMIT, photo).await;
            let photo = photo.unwrap_or_else(|_| {
                let reason = format!("it takes longer than {PHOTO_LIMIT:?} after the profile came");
                Some(keep_photo(&reason))
            });
            (others, photo)
        }
        Either::Right((photo, others)) => (others.await, photo),
    };
    Answers {
        user,
        photo: photo.unwrap_or(PictureUpdate::Keep),
        groups,
    }
}

/// `GET /me`.
pub(crate) async fn me(
    http: &HttpClient,
    settings: &Settings,
    token: &Secret,
    limit: Duration,
) -> Result<GraphUser, GraphError> {
    let url = format!("{}/me", settings.graph_url);
    let response = http.get(&url, Some(token.expose()), ME_MAX_LEN, limit);
    json(
        &response.await?,
        "; do `scopes` hold User.Read, and is it consented to?",
    )
}

/// The application's own question: any path below `graph_url`.
pub(crate) async fn query(
    http: &HttpClient,
    settings: &Settings,
    token: &Secret,
    path: &str,
) -> Result<serde_json::Value, GraphError> {
    let url = format!("{}/{}", settings.graph_url, path.trim_start_matches('/'));
    let timeout = settings.graph_timeout;
    let response = http.get(&url, Some(token.expose()), JSON_LIMIT, timeout);
    json(
        &response.await?,
        "; is the scope for it in `scopes`, and consented to?",
    )
}

async fn photo(
    http: &HttpClient,
    settings: &Settings,
    token: &Secret,
    limit: Duration,
) -> PictureUpdate {
    let url = format!("{}/me/photo/$value", settings.graph_url);
    let response = http.get(&url, Some(token.expose()), MAX_LEN, limit);
    let reason = match response.await {
        Ok(response) if response.status() == StatusCode::OK => {
            match Picture::sniff(response.body) {
                Some(picture) => {
                    // Before it comes to a transaction, which others may wait for.
                    picture.hash();
                    return PictureUpdate::Replace(picture);
                }
                None => "it is not a JPEG, PNG, GIF or WebP picture".to_owned(),
            }
        }
        Ok(response) if response.status() == StatusCode::NOT_FOUND => return PictureUpdate::Remove,
        Ok(response) => chain(&GraphError::new(&response, "")),
        Err(error) => chain(&error),
    };
    keep_photo(&reason)
}

fn keep_photo(reason: &str) -> PictureUpdate {
    tracing::warn!(%reason, "the photo could not be fetched; the stored one stays");
    PictureUpdate::Keep
}

/// Whether Graph's user is the token's (OpenID Connect Core 1.0, section 5.3.2): `id` equals `oid`, or,
/// for personal accounts, its last 16 hexadecimal digits.
pub(crate) fn is_same_account(tenant_id: Uuid, object_id: &str, graph_id: &str) -> bool {
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
        assert!(is_same_account(work, oid, oid));
        assert!(is_same_account(PERSONAL_TENANT, oid, "ded4daa1bad8ae4f"));
        assert!(!is_same_account(work, oid, "ded4daa1bad8ae4f"));
        assert!(!is_same_account(PERSONAL_TENANT, oid, "ded4daa1bad8ae40"));
        let other = "87d349ed-44d7-43e1-9a83-5f2406dee5bd";
        assert!(!is_same_account(work, oid, other));
        assert!(!is_same_account(PERSONAL_TENANT, other, "9a835f2406dee5bd"));
        assert!(!is_same_account(work, oid, ""));
    }
}
