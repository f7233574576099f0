//! What the actix session holds of a signed-in person. The only reader and writer of it.

use actix_session::Session;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    account::{self, Profile},
    entra::claims::Claims,
    error::SignInError,
    secret::Secret,
    site::Site,
    store::{User, UserId},
};

/// The session's key for the signed-in person: an [`Identity`], as JSON.
pub const IDENTITY_KEY: &str = "microsoft_sso_identity";

/// The session's key for the access token, with `save_access_token = true`.
pub const ACCESS_TOKEN_KEY: &str = "microsoft_sso_access_token";

/// Most bytes of identity and token that a cookie session is asked to hold. The cookie has 4,064
/// at most, encryption and base64 take a third, and the application has values of its own.
const COOKIE_LIMIT: usize = 2_500;

/// Who is signed in, as the session knows it: read from there without a database.
///
/// As an extractor it answers 401 when nobody is signed in; `Option<Identity>` is `None` then.
/// It is as the person was when they signed in; [`CurrentUser`](crate::CurrentUser) reads the
/// user anew, and refuses one who was set inactive.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Identity {
    /// The user's id in the store.
    pub user_id: UserId,
    /// The tenant that the person belongs to.
    pub tenant_id: Uuid,
    /// The person's immutable id in that tenant.
    pub object_id: String,
    /// User name.
    pub username: String,
    /// E-mail address; empty when there is none.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// When the person signed in, in UTC.
    pub signed_in_at: DateTime<Utc>,
    /// When the sign-in ends, in UTC.
    pub expires_at: DateTime<Utc>,
    /// The names of the setting `roles` that the person's app roles and groups gave at this
    /// sign-in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The [`Site`](crate::Site) that the person signed in at, by its name; empty where the
    /// settings name none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub site: String,
    /// Entra's session (`sid`), where the token names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// What names the account to Entra at sign-out, where the token has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
}

impl Identity {
    /// Whether the person has a role, by its name in the setting `roles`. In an application of
    /// many tenants it says what they may do among their own: look at `tenant_id`, too.
    pub fn has_role(&self, name: &str) -> bool {
        self.roles.iter().any(|role| role == name)
    }

    pub(crate) fn new(
        user: User,
        profile: &Profile,
        claims: &Claims,
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
            first_name: user.first_name,
            last_name: user.last_name,
            signed_in_at: now,
            expires_at: now
                .checked_add_signed(age)
                .unwrap_or(DateTime::<Utc>::MAX_UTC),
            roles: account::named(profile, &site.policy),
            site: site.name().to_owned(),
            session_id: claims.session_id.clone(),
            login_hint: claims.login_hint.clone(),
        }
    }
}

/// A sign-in that succeeded, and what the session is to hold of it.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) identity: Identity,
    pub(crate) access_token: Option<Secret>,
    /// Rights that come from groups are missing, since Graph didn't tell the groups.
    pub(crate) lacks_groups: bool,
}

/// Who is signed in at a site, if somebody is. What another site's settings let in isn't let in
/// here.
pub(crate) fn identity(session: &Session, site: &str, now: DateTime<Utc>) -> Option<Identity> {
    match session.get::<Identity>(IDENTITY_KEY) {
        Ok(identity) => {
            identity.filter(|identity| identity.expires_at > now && identity.site == site)
        }
        Err(error) => {
            tracing::warn!(%error, "the session's identity can't be read; the person has to sign in again");
            None
        }
    }
}

/// Writes a sign-in into the session, under a new session id.
pub(crate) fn establish(
    session: &Session,
    signed_in: &SignedIn,
    in_cookie: bool,
) -> Result<(), SignInError> {
    let identity = &signed_in.identity;
    let same_person = session.get::<Identity>(IDENTITY_KEY).is_ok_and(|old| {
        old.is_none_or(|old| old.user_id == identity.user_id && old.site == identity.site)
    });
    if !same_person {
        // What the last person left in the session isn't for this one to see.
        session.clear();
    }
    // The id changes, so that one planted before is worth nothing (RFC 9700, section 4.7).
    session.renew();
    let failed = |_| SignInError::Session;
    session.insert(IDENTITY_KEY, identity).map_err(failed)?;
    match &signed_in.access_token {
        Some(token) if !in_cookie || token.expose().len() <= COOKIE_LIMIT => session
            .insert(ACCESS_TOKEN_KEY, token.expose())
            .map_err(failed),
        Some(token) => {
            tracing::error!(
                bytes = token.expose().len(),
                "the access token is too large for a cookie session and is not saved; use a server-side session store"
            );
            session.remove(ACCESS_TOKEN_KEY);
            Ok(())
        }
        None => {
            session.remove(ACCESS_TOKEN_KEY);
            Ok(())
        }
    }
}

/// Ends the session, in its store too.
pub(crate) fn end(session: &Session) {
    session.purge();
}
