//! What Microsoft says of a person, from the verified ID token and from Graph.

use uuid::Uuid;

use crate::{
    entra::{
        claims::Claims,
        graph::{GraphUser, Photo},
    },
    picture::Picture,
};

/// Longest name that is kept, in characters. Graph's own limit is 64 for each part.
const NAME: usize = 150;

/// Longest e-mail address, in bytes (RFC 5321, section 4.5.3.1.3).
const EMAIL: usize = 254;

/// Longest language tag, in characters (RFC 5646, section 4.4.1).
const LOCALE: usize = 35;

/// What Microsoft says of the person who signs in. The key is (`tenant_id`, `object_id`).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Profile {
    /// The tenant signed in to: the claim `tid`.
    pub tenant_id: Uuid,
    /// The person's immutable id in that tenant: the claim `oid`. Compare it to the letter.
    pub object_id: String,
    /// The claim `sub`: the person's id for this application alone.
    pub subject: String,
    /// The mail address, in lower case; the user principal name where there is no mail.
    pub email: Option<String>,
    /// The user principal name, in lower case. Graph's, which is of a domain that the tenant has
    /// verified; never the token's `preferred_username`, which may be anything.
    pub user_principal_name: Option<String>,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// The app roles that are assigned to the person in their tenant: the claim `roles`.
    pub app_roles: Vec<String>,
    /// The object ids of the person's groups: the claim `groups`, or Graph's answer where they
    /// were too many for it and a setting names a group. `None` when they could not be read.
    pub groups: Option<Vec<String>>,
    /// Whether the person is a guest of the tenant: their user principal name has `#EXT#`, or the
    /// optional claim `acct` says so.
    pub is_guest: bool,
    /// What goes into `microsoft_sso_users`; `None` with `save_basic_info = false`, and when
    /// Graph could not be asked.
    pub basic_info: Option<BasicInfo>,
    /// Whether Graph could be asked. When it could not, names and addresses are the token's.
    pub(crate) is_fresh: bool,
    /// Entra vouches for the domain of `email`.
    pub(super) email_domain_verified: bool,
    /// What the token calls the person; a last resort for a user name.
    pub(super) preferred_username: Option<String>,
}

/// What the table `microsoft_sso_users` holds of a person.
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

/// What Graph said of the person's photo.
#[derive(Clone, Debug)]
pub enum PictureUpdate {
    /// Nothing that could be used: what is stored stays.
    Keep,
    /// There is none: the stored one goes.
    Remove,
    /// This is it.
    Replace(Picture),
}

impl Profile {
    /// `graph` is `None` when Graph could not be asked, and `groups` when they could not be read.
    pub(crate) fn new(
        claims: &Claims,
        graph: Option<GraphUser>,
        photo: Photo,
        groups: Option<Vec<String>>,
        basic: bool,
    ) -> Self {
        let is_fresh = graph.is_some();
        let text = |text: &Option<String>| text.as_deref().map(name).unwrap_or_default();
        let address = |address: &Option<String>| address.as_deref().and_then(address_of);
        let upn = graph
            .as_ref()
            .and_then(|user| address(&user.user_principal_name));
        let mail = graph.as_ref().and_then(|user| address(&user.mail));
        let token_mail = address(&claims.email);
        // `xms_edov` speaks of the token's address, so it counts for that one alone.
        let email_domain_verified =
            claims.email_domain_verified && (mail.is_none() || mail == token_mail);
        let email = mail.or_else(|| match is_fresh {
            true => upn.clone(),
            false => token_mail,
        });
        let (mut first_name, last_name) = match &graph {
            Some(user) => (text(&user.given_name), text(&user.surname)),
            None => (text(&claims.given_name), text(&claims.family_name)),
        };
        if first_name.is_empty() && last_name.is_empty() {
            let display = graph.as_ref().and_then(|user| user.display_name.clone());
            first_name = text(&display.or_else(|| claims.name.clone()));
        }
        Self {
            tenant_id: claims.tenant_id,
            object_id: claims.object_id.clone(),
            subject: claims.subject.clone(),
            email,
            first_name,
            last_name,
            app_roles: claims.app_roles.clone(),
            groups,
            is_guest: claims.is_guest || upn.as_deref().is_some_and(is_guest),
            user_principal_name: upn,
            basic_info: graph
                .filter(|_| basic)
                .map(|user| BasicInfo::new(user, photo)),
            is_fresh,
            email_domain_verified,
            preferred_username: address(&claims.preferred_username),
        }
    }
}

impl BasicInfo {
    fn new(user: GraphUser, photo: Photo) -> Self {
        let is_tag = |tag: &String| {
            let byte = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
            !tag.is_empty() && tag.len() <= LOCALE && tag.bytes().all(byte)
        };
        Self {
            microsoft_id: user.id,
            locale: user.preferred_language.filter(is_tag),
            picture: match photo {
                Photo::Picture(picture) => PictureUpdate::Replace(picture),
                Photo::None => PictureUpdate::Remove,
                Photo::Unknown => PictureUpdate::Keep,
            },
        }
    }
}

/// A name without control characters (PostgreSQL refuses NUL), cut to its limit.
fn name(text: &str) -> String {
    let visible = text.chars().filter(|c| !c.is_control());
    visible.take(NAME).collect::<String>().trim().to_owned()
}

/// Entra's mark in the user principal name of an account whose home is elsewhere.
fn is_guest(user_principal_name: &str) -> bool {
    user_principal_name.contains("#ext#")
}

/// An address in lower case; `None` for what can't be one.
fn address_of(text: &str) -> Option<String> {
    let text = text.trim();
    let plain = !text.is_empty()
        && text.len() <= EMAIL
        && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    plain.then(|| text.to_lowercase())
}
