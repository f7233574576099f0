//! The profile of an account, from the verified ID token and from Graph.

use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    guest_name::{is_guest_name, own_address},
    policy::AccountPolicy,
};
use crate::{
    graph::profile::GraphUser, oidc::claims::VerifiedClaims, util::picture::PictureUpdate,
};

/// Longest name that is stored, in characters. Graph's own limit is 64 for each part.
const NAME_MAX_LEN: usize = 150;

/// Longest e-mail address, in bytes (RFC 5321, section 4.5.3.1.3).
const EMAIL_MAX_LEN: usize = 254;

/// Longest language tag, in characters (RFC 5646, section 4.4.1).
const LOCALE_MAX_LEN: usize = 35;

/// The key of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccountId {
    pub(crate) tenant_id: Uuid,
    pub(crate) object_id: String,
}

/// What Microsoft says of the account that signs in. The key is (`tenant_id`, `object_id`).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Profile {
    /// The tenant signed in to: the claim `tid`.
    pub tenant_id: Uuid,
    /// The immutable id of the account in that tenant: the claim `oid`. It is case-sensitive.
    pub object_id: String,
    /// The claim `sub`: the id of the account for this application alone.
    pub subject: String,
    /// The mail address, its ASCII letters in lower case. If there is no mail, the user principal
    /// name; of a guest, the address in front of `#EXT#`. Check `email_verified`: an address alone
    /// proves nothing, and neither finds nor admits a user.
    pub email: Option<String>,
    /// Whether `email` is proved to be the account's: its tenant is the only one or listed in
    /// `tenants`, or owns the address's domain. A personal account's is not.
    pub email_verified: bool,
    /// Graph's user principal name, its ASCII letters in lower case. Its domain is one that the tenant has verified.
    /// The token's `preferred_username`, which may be anything, never stands in for it.
    pub user_principal_name: Option<String>,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// The app roles that are assigned to the account in its tenant: the claim `roles`. Entra can be
    /// set to put the ids of groups there.
    pub app_roles: Vec<String>,
    /// The object ids of the account's groups: the claim `groups`, or Graph's answer where they
    /// are too many for it and a setting names a group. `None` if they can't be read.
    pub groups: Option<Vec<String>>,
    /// Whether the account is a guest of the tenant: its user principal name has `#EXT#`, or the
    /// claims `acct` or `idp` say so.
    pub is_guest: bool,
    /// What goes into `microsoft_sso_users`; `None` with `save_basic_info = false`, and when Graph
    /// is unavailable.
    pub basic_info: Option<BasicInfo>,
    /// Whether names and addresses are Graph's. When Graph is unavailable, they are the token's.
    pub(crate) from_graph: bool,
    /// Whether `is_guest` is certain. Without Graph the token may not say.
    pub(super) is_guest_known: bool,
    /// The token's address, where Entra says that the account's tenant owns its domain (`xms_edov`).
    pub(super) vouched_email: Option<String>,
    /// The verified claims.
    claims: Arc<Map<String, Value>>,
    /// Graph's answer; empty without Graph.
    graph: Arc<Map<String, Value>>,
    /// The token's name of the account; the last resort for a user name.
    pub(super) preferred_username: Option<String>,
}

/// What the table `microsoft_sso_users` holds of an account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BasicInfo {
    /// Graph's `id`: the object id; 16 hexadecimal digits for a personal account.
    pub microsoft_id: String,
    /// The preferred language, such as `en-GB` or `zh-Hans-CN`.
    pub locale: Option<String>,
    /// What to do with the stored picture.
    pub picture: PictureUpdate,
}

impl Profile {
    /// An account of which nothing but the key is known; set the fields for the rest. For tests of a
    /// user store or of hooks.
    pub fn new(tenant_id: Uuid, object_id: impl Into<String>) -> Self {
        let object_id = object_id.into();
        Self {
            tenant_id,
            subject: object_id.clone(),
            object_id,
            email: None,
            email_verified: false,
            user_principal_name: None,
            first_name: String::new(),
            last_name: String::new(),
            app_roles: Vec::new(),
            groups: Some(Vec::new()),
            is_guest: false,
            basic_info: None,
            from_graph: true,
            is_guest_known: true,
            vouched_email: None,
            claims: Arc::default(),
            graph: Arc::default(),
            preferred_username: None,
        }
    }

    /// `graph` is `None` when Graph gave no usable profile, and `groups` when they can't be read.
    pub(crate) fn from_claims(
        claims: &VerifiedClaims,
        graph: Option<GraphUser>,
        photo: PictureUpdate,
        groups: Option<Vec<String>>,
        policy: &AccountPolicy,
    ) -> Self {
        let from_graph = graph.is_some();
        let document = graph.as_ref().map(|user| Arc::clone(&user.document));
        let document = document.unwrap_or_default();
        let of_graph = |field: fn(&GraphUser) -> &Option<String>| {
            graph
                .as_ref()
                .and_then(|user| address(field(user).as_deref()))
        };
        let upn = of_graph(|user| &user.user_principal_name);
        let mail = of_graph(|user| &user.mail).filter(|mail| !is_guest_name(mail));
        let token_mail = address(claims.email()).filter(|mail| !is_guest_name(mail));
        let preferred_username = address(claims.preferred_username());
        let own = match &upn {
            Some(name) if is_guest_name(name) => own_address(name),
            upn => upn.clone(),
        };
        let named_guest = |name: &Option<String>| name.as_deref().is_some_and(is_guest_name);
        let is_guest = claims.is_guest() == Some(true)
            || named_guest(&upn)
            || (!from_graph && named_guest(&preferred_username));
        let (first_name, last_name) = names(claims, graph.as_ref());
        let mut profile = Self {
            tenant_id: claims.tenant_id(),
            object_id: claims.object_id().to_owned(),
            subject: claims.subject().to_owned(),
            email: if from_graph {
                mail.or(own)
            } else {
                token_mail.clone()
            },
            email_verified: false,
            first_name,
            last_name,
            app_roles: claims.app_roles().to_vec(),
            groups,
            is_guest,
            is_guest_known: from_graph || is_guest || claims.is_guest().is_some(),
            user_principal_name: upn,
            basic_info: graph
                .filter(|_| policy.save_basic_info)
                .map(|user| BasicInfo::from_graph(user, photo)),
            from_graph,
            claims: Arc::clone(claims.all()),
            graph: document,
            vouched_email: token_mail.filter(|_| claims.is_email_domain_owner_verified()),
            preferred_username,
        };
        let email = profile.email.as_deref();
        profile.email_verified = email.is_some_and(|email| profile.proves(email, policy));
        profile
    }

    /// A claim of the verified ID token, as it came: one that the app registration adds, for example.
    /// Check its type, and what Entra says of who may write it.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// A property of Graph's answer to `/me`, as it came, such as `jobTitle`. `None` if Graph was
    /// unavailable.
    pub fn graph(&self, name: &str) -> Option<&Value> {
        self.graph.get(name)
    }

    /// The key of the account: (`tid`, `oid`).
    pub(crate) fn account_id(&self) -> AccountId {
        AccountId {
            tenant_id: self.tenant_id,
            object_id: self.object_id.clone(),
        }
    }
}

impl BasicInfo {
    /// With Graph's `id` alone; set the fields for the rest.
    pub fn new(microsoft_id: impl Into<String>) -> Self {
        Self {
            microsoft_id: microsoft_id.into(),
            locale: None,
            picture: PictureUpdate::Keep,
        }
    }

    fn from_graph(user: GraphUser, photo: PictureUpdate) -> Self {
        let is_tag = |tag: &String| {
            let byte = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
            !tag.is_empty() && tag.len() <= LOCALE_MAX_LEN && tag.bytes().all(byte)
        };
        Self {
            microsoft_id: user.id,
            locale: user.preferred_language.filter(is_tag),
            picture: photo,
        }
    }
}

/// First and last name: Graph's, or the token's where Graph is unavailable.
fn names(claims: &VerifiedClaims, graph: Option<&GraphUser>) -> (String, String) {
    let text = |text: Option<&str>| text.map(name).unwrap_or_default();
    let (first_name, last_name) = match graph {
        Some(user) => (user.given_name.as_deref(), user.surname.as_deref()),
        None => (claims.given_name(), claims.family_name()),
    };
    let (first_name, last_name) = (text(first_name), text(last_name));
    if first_name.is_empty() && last_name.is_empty() {
        let display_name = graph.and_then(|user| user.display_name.as_deref());
        return (text(display_name.or_else(|| claims.name())), last_name);
    }
    (first_name, last_name)
}

/// A name without control characters (PostgreSQL refuses NUL), cut to its limit.
fn name(text: &str) -> String {
    let visible = text.chars().filter(|c| !c.is_control());
    visible
        .take(NAME_MAX_LEN)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// An address, ASCII letters in lower case; `None` if it can't be one.
fn address(text: Option<&str>) -> Option<String> {
    let text = text?.trim();
    let plain = !text.is_empty()
        && text.len() <= EMAIL_MAX_LEN
        && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    plain.then(|| text.to_ascii_lowercase())
}
