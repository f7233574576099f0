//! What the session holds of a signed-in user. The only reader and writer of it.

#[cfg(feature = "_diesel")]
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use actix_session::{Session, SessionInsertError};
use actix_web::cookie::Key;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[cfg(feature = "_diesel")]
use super::written::{self, WrittenSession};
use super::{
    cookie_size,
    tokens::{self, SessionTokens},
};
use crate::{
    account::{
        profile::Profile,
        rights::named_roles,
        user::{User, UserId},
    },
    oidc::claims::VerifiedClaims,
    settings::codes::Code,
    site::Site,
    store::user_store::SignedInUser,
};

/// The session's key for the signed-in user: an [`Identity`], as JSON.
pub const IDENTITY_KEY: &str = "microsoft_sso_identity";

/// Who is signed in, read from the session without a database.
///
/// As an extractor it answers 401 when nobody is signed in; `Option<Identity>` is `None` then.
/// It holds the values of the sign-in; [`CurrentUser`](crate::CurrentUser) reads the user anew, and
/// refuses an inactive one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Identity {
    /// The id of the user in the store.
    pub user_id: UserId,
    /// The tenant of the account.
    pub tenant_id: Uuid,
    /// The immutable id of the account in that tenant.
    pub object_id: String,
    /// User name.
    pub username: String,
    /// E-mail address; empty if there is none. Check `email_verified`.
    pub email: String,
    /// Whether the e-mail address is proved to be the user's.
    #[serde(default)]
    pub email_verified: bool,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// When the user signed in, in UTC.
    pub signed_in_at: DateTime<Utc>,
    /// When the user last entered their credentials at Microsoft, in UTC, if the ID token says so
    /// (`auth_time`, an optional claim).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticated_at: Option<DateTime<Utc>>,
    /// The authentication contexts that the sign-in satisfied (`acrs`, an optional claim).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub auth_contexts: Vec<String>,
    /// When the sign-in ends, in UTC.
    pub expires_at: DateTime<Utc>,
    /// The names of the setting `roles` that app roles and groups granted at this sign-in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The name of the [`Site`](crate::Site) that the user signed in at; empty for the base
    /// settings.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub site: String,
    /// Entra's session (`sid`), if the token names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Names the account to Entra at single sign-out, if the token has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// The settings that admitted the account: see [`Site::binding`].
    #[serde(default)]
    pub(crate) binding: String,
    /// The user's generation of sessions at the sign-in.
    #[serde(default)]
    pub(crate) generation: i64,
}

impl Identity {
    /// Whether the user has a role of the setting `roles`. In a multi-tenant application it says what
    /// they may do in their own tenant: check `tenant_id`, too.
    pub fn has_role(&self, name: &str) -> bool {
        self.roles.iter().any(|role| role == name)
    }

    /// Whether it is the same user at the same site.
    fn is_of_same_user(&self, other: &Self) -> bool {
        self.user_id == other.user_id && self.binding == other.binding
    }

    pub(crate) fn for_sign_in(
        user: User,
        profile: &Profile,
        claims: &VerifiedClaims,
        site: &Site,
        now: DateTime<Utc>,
    ) -> Self {
        let age = TimeDelta::from_std(site.config.session_age).unwrap_or(TimeDelta::MAX);
        Self {
            user_id: user.id,
            tenant_id: profile.tenant_id,
            object_id: profile.object_id.clone(),
            username: user.username,
            email: user.email,
            email_verified: user.email_verified,
            first_name: user.first_name,
            last_name: user.last_name,
            signed_in_at: now,
            authenticated_at: claims.authenticated_at(),
            auth_contexts: claims.auth_contexts().to_vec(),
            expires_at: now
                .checked_add_signed(age)
                .unwrap_or(DateTime::<Utc>::MAX_UTC),
            roles: named_roles(profile, &site.policy),
            site: site.name().to_owned(),
            session_id: claims.session_id().map(str::to_owned),
            login_hint: claims.login_hint().map(str::to_owned),
            binding: site.binding().to_owned(),
            generation: user.session_generation,
        }
    }
}

/// A sign-in that succeeded, and what the session holds of it.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) identity: Identity,
    pub(crate) user: UserIs,
    pub(crate) tokens: SessionTokens,
    pub(crate) groups: GroupsKnown,
    /// For the first of the concurrent callbacks; the others write sessions of their own.
    #[cfg(feature = "_diesel")]
    pub(crate) session: Mutex<Option<WrittenSession>>,
}

#[cfg(feature = "_diesel")]
impl SignedIn {
    fn written(&self) -> Option<WrittenSession> {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        session.take()
    }
}

/// Whether a sign-in created its user, or linked the account to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserIs {
    New,
    Linked,
    Existing,
}

impl From<&SignedInUser> for UserIs {
    fn from(user: &SignedInUser) -> Self {
        match user {
            SignedInUser { is_new: true, .. } => Self::New,
            SignedInUser {
                is_linked: true, ..
            } => Self::Linked,
            _ => Self::Existing,
        }
    }
}

/// Whether the groups of the account could be read, where something depends on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupsKnown {
    Yes,
    No,
}

/// Where the session is kept.
#[derive(Clone, Copy)]
pub(crate) enum SessionPlace<'a> {
    Server,
    /// Sealed with this key.
    Cookie(&'a Key),
}

impl SessionPlace<'_> {
    pub(crate) fn has_room(self, session: &Session) -> bool {
        match self {
            Self::Server => true,
            Self::Cookie(key) => cookie_size::fits(&session.entries(), key),
        }
    }
}

/// Who is signed in at a site. A session of one site or application is invalid at another, which may
/// admit other accounts and number other users.
pub(crate) fn identity(session: &Session, site: &Site, now: DateTime<Utc>) -> Option<Identity> {
    match session.get::<Identity>(IDENTITY_KEY) {
        Ok(identity) => identity
            .filter(|identity| identity.expires_at > now && identity.binding == site.binding()),
        Err(error) => {
            tracing::warn!(%error, "the session's identity can't be read; the user has to sign in again");
            None
        }
    }
}

/// What a session holds after a sign-in: the same as [`establish`] makes of it on the server.
#[cfg(feature = "_diesel")]
pub(super) fn state_after(
    before: &HashMap<String, String>,
    identity: &Identity,
    tokens: &SessionTokens,
) -> Result<HashMap<String, String>, serde_json::Error> {
    let old = before.get(IDENTITY_KEY);
    let old = old.map(|old| serde_json::from_str::<Identity>(old));
    let mut state = match old {
        None => before.clone(),
        Some(Ok(old)) if identity.is_of_same_user(&old) => before.clone(),
        Some(_) => HashMap::new(),
    };
    for key in tokens::KEYS {
        state.remove(key);
    }
    state.insert(IDENTITY_KEY.to_owned(), serde_json::to_string(identity)?);
    let entries = tokens.entries()?.into_iter();
    state.extend(entries.map(|(key, value)| (key.to_owned(), value)));
    Ok(state)
}

/// Writes a sign-in into the session, under a new session id.
pub(crate) fn establish(
    session: &Session,
    signed_in: &SignedIn,
    place: SessionPlace<'_>,
) -> Result<(), SessionInsertError> {
    let identity = &signed_in.identity;
    let old = session.get::<Identity>(IDENTITY_KEY);
    let is_same_user = old.is_ok_and(|old| old.is_none_or(|old| identity.is_of_same_user(&old)));
    if !is_same_user {
        // The last user's values are not for this one to see.
        session.clear();
    }
    // A planted session id is worth nothing after the sign-in (RFC 9700, section 4.7).
    session.renew();
    #[cfg(feature = "_diesel")]
    if let Some(session) = signed_in.written() {
        written::leave(session);
    }
    tokens::remove_access_token(session);
    tokens::save_id(session, signed_in.tokens.id)?;
    insert_identity(session, identity, place)?;
    let Some(token) = &signed_in.tokens.access_token else {
        return Ok(());
    };
    tokens::save_access_token(session, token)?;
    if !place.has_room(session) {
        tokens::remove_access_token(session);
        tracing::error!(
            code = Code::TokenTooLarge.as_str(),
            bytes = token.secret.expose().len(),
            "the access token is too large for a cookie session and is not saved; use a server-side session store"
        );
    }
    Ok(())
}

/// Inserts the identity. What a cookie can't hold is left out, so that the sign-in isn't lost: first
/// what only single sign-out needs, then the roles.
fn insert_identity(
    session: &Session,
    identity: &Identity,
    place: SessionPlace<'_>,
) -> Result<(), SessionInsertError> {
    session.insert(IDENTITY_KEY, identity)?;
    if place.has_room(session) {
        return Ok(());
    }
    let mut identity = identity.clone();
    (identity.login_hint, identity.session_id) = (None, None);
    session.insert(IDENTITY_KEY, &identity)?;
    if !place.has_room(session) && !identity.roles.is_empty() {
        tracing::error!(
            code = Code::RolesTooLarge.as_str(),
            roles = identity.roles.len(),
            "the roles are too many for a cookie session and are not saved: the user has none; use a server-side session store"
        );
        identity.roles.clear();
        session.insert(IDENTITY_KEY, &identity)?;
    }
    Ok(())
}

/// Gives the signed-in user other roles, where they are others.
#[cfg(feature = "_diesel")]
pub(crate) fn set_roles(
    session: &Session,
    roles: &[String],
    place: SessionPlace<'_>,
) -> Result<(), SessionInsertError> {
    let identity = session.get::<Identity>(IDENTITY_KEY).ok().flatten();
    let Some(mut identity) = identity.filter(|identity| identity.roles != roles) else {
        return Ok(());
    };
    let had_none = identity.roles.is_empty();
    identity.roles = roles.to_vec();
    session.insert(IDENTITY_KEY, &identity)?;
    if place.has_room(session) {
        return Ok(());
    }
    // A cookie that has no room for them was given none before, and the log said so.
    if had_none {
        identity.roles.clear();
        return session.insert(IDENTITY_KEY, &identity);
    }
    insert_identity(session, &identity, place)
}

/// Takes the sign-in with Microsoft out of the session, and leaves what is the application's own.
pub(crate) fn forget(session: &Session) {
    session.remove(IDENTITY_KEY);
    tokens::remove_access_token(session);
    if tokens::save_id(session, None).is_ok() {
        session.renew();
    }
}

/// Ends the session, in its store too.
pub(crate) fn end(session: &Session) {
    session.purge();
}
