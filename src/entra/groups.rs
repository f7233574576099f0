//! The groups that a person is in: from the ID token, or from Graph where they are too many for it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    graph::{self, GraphError},
    http::{Answer, HttpClient},
};
use crate::{secret::Secret, settings::Settings};

/// The scope that Graph wants for it. Its documentation names `User.Read`, with which it has been
/// seen to answer 403.
pub(crate) const SCOPE: &str = "GroupMember.Read.All";

/// Largest answer that is read, in bytes. Graph gives at most 11,000 ids.
const LIMIT: usize = 1024 * 1024;

/// What the ID token says of groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Groups {
    /// These, by their object ids; none where the claim isn't there.
    Listed(Vec<String>),
    /// More than fit (over 200): Graph has to be asked.
    TooMany,
}

impl Groups {
    /// Microsoft identity platform, "Configure group claims": with too many, `groups` is left out,
    /// and `_claim_names` or `hasgroups` says so. The URL in `_claim_sources` is never called.
    pub(super) fn of(
        groups: Option<&Value>,
        claim_names: Option<&Value>,
        hasgroups: Option<&Value>,
    ) -> Self {
        let is_elsewhere = claim_names.is_some_and(|names| names.get("groups").is_some());
        let is_so = |value: &Value| *value == json!(true) || *value == json!("true");
        if groups.is_none() && (is_elsewhere || hasgroups.is_some_and(is_so)) {
            return Self::TooMany;
        }
        Self::Listed(strings(groups))
    }
}

/// The texts of a list; of anything else, none.
pub(super) fn strings(list: Option<&Value>) -> Vec<String> {
    let entries = list.and_then(Value::as_array).into_iter().flatten();
    entries
        .filter_map(|entry| entry.as_str().map(str::to_owned))
        .collect()
}

/// `POST /me/getMemberObjects`: all groups, those that are in other groups among them.
pub(super) async fn ask(
    http: &HttpClient,
    config: &Settings,
    token: &Secret,
) -> Result<Vec<String>, GraphError> {
    let url = format!("{}/me/getMemberObjects", config.graph_url);
    let body = json!({ "securityEnabledOnly": false });
    let answer = http.post_json(&url, token.expose(), &body, LIMIT, config.graph_timeout);
    let answer = answer.await?;
    read(&answer)
}

/// Reads Graph's answer.
pub(crate) fn read(answer: &Answer) -> Result<Vec<String>, GraphError> {
    #[derive(Deserialize)]
    struct Ids {
        value: Vec<String>,
        #[serde(rename = "@odata.nextLink")]
        next: Option<String>,
    }
    let forbidden =
        "; do `scopes` hold GroupMember.Read.All, and has an administrator consented to it?";
    match graph::json(answer, forbidden)? {
        // A part of the groups would take rights away without a word.
        Ids { next: Some(_), .. } => Err(GraphError::Malformed),
        Ids { value, next: None } => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_groups_are_told_from_none() {
        let of = |claims: Value| {
            Groups::of(
                claims.get("groups"),
                claims.get("_claim_names"),
                claims.get("hasgroups"),
            )
        };
        let listed = |groups: &[&str]| {
            Groups::Listed(groups.iter().map(|group| (*group).to_owned()).collect())
        };
        assert_eq!(of(json!({})), listed(&[]));
        assert_eq!(of(json!({ "groups": ["a", "b"] })), listed(&["a", "b"]));
        assert_eq!(of(json!({ "groups": "a" })), listed(&[]));
        assert_eq!(of(json!({ "groups": ["a", 3, null] })), listed(&["a"]));
        assert_eq!(of(json!({ "_claim_names": {} })), listed(&[]));
        assert_eq!(
            of(json!({ "_claim_names": { "groups": "src1" } })),
            Groups::TooMany
        );
        assert_eq!(of(json!({ "hasgroups": true })), Groups::TooMany);
        assert_eq!(of(json!({ "hasgroups": "true" })), Groups::TooMany);
        assert_eq!(of(json!({ "hasgroups": false })), listed(&[]));
    }
}
