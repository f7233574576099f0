//! What the session holds of a signed-in user. The only reader and writer of it.

use actix_session::{Session, SessionInsertError};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    account::{
        profile::Profile,
        rights::named_roles,
        user::{User, UserId},
    },
    oidc::claims::VerifiedClaims,
    site::Site,
    util::secret::Secret,
};

/// The session's key for the signed-in user: an [`Identity`], as JSON.
pub const IDENTITY_KEY: &str = "microsoft_sso_identity";

/// The session's key for the access token, with `save_access_token = true`.
pub const ACCESS_TOKEN_KEY: &str = "microsoft_sso_access_token";

/// Most bytes of an access token in a cookie session. A cookie holds 4,064 bytes; encryption and
/// base64 take a third, and the application has values of its own.
const COOKIE_TOKEN_LIMIT: usize = 2_500;

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
}

impl Identity {
    /// Whether the user has a role of the setting `roles`. In a multi-tenant application it says what
    /// they may do in their own tenant: check `tenant_id`, too.
    pub fn has_role(&self, name: &str) -> bool {
        self.roles.iter().any(|role| role == name)
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
            expires_at: now
                .checked_add_signed(age)
                .unwrap_or(DateTime::<Utc>::MAX_UTC),
            roles: named_roles(profile, &site.policy),
            site: site.name().to_owned(),
            session_id: claims.session_id().map(str::to_owned),
            login_hint: claims.login_hint().map(str::to_owned),
        }
    }
}

/// A sign-in that succeeded, and what the session holds of it.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) identity: Identity,
    pub(crate) access_token: Option<Secret>,
    pub(crate) groups: GroupsKnown,
}

/// Whether the groups of the account could be read, where something depends on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupsKnown {
    Yes,
    No,
}

/// Where the session is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionPlace {
    Server,
    Cookie,
}

/// Who is signed in at a site. A session of one site is invalid at another, which may admit other
/// accounts.
pub(crate) fn identity(session: &Session, site: &Site, now: DateTime<Utc>) -> Option<Identity> {
    match session.get::<Identity>(IDENTITY_KEY) {
        Ok(identity) => {
            identity.filter(|identity| identity.expires_at > now && identity.site == site.name())
        }
        Err(error) => {
            tracing::warn!(%error, "the session's identity can't be read; the user has to sign in again");
            None
        }
    }
}

/// Writes a sign-in into the session, under a new session id.
pub(crate) fn establish(
    session: &Session,
    signed_in: &SignedIn,
    place: SessionPlace,
) -> Result<(), SessionInsertError> {
    let identity = &signed_in.identity;
    let is_same_user = session.get::<Identity>(IDENTITY_KEY).is_ok_and(|old| {
        old.is_none_or(|old| old.user_id == identity.user_id && old.site == identity.site)
    });
    if !is_same_user {
        // The last user's values are not for this one to see.
        session.clear();
    }
    // A planted session id is worth nothing after the sign-in (RFC 9700, section 4.7).
    session.renew();
    session.insert(IDENTITY_KEY, identity)?;
    session.remove(ACCESS_TOKEN_KEY);
    let Some(token) = signed_in.access_token.as_ref().map(Secret::expose) else {
        return Ok(());
    };
    if place == SessionPlace::Cookie && token.len() > COOKIE_TOKEN_LIMIT {
        tracing::error!(
            bytes = token.len(),
            "the access token is too large for a cookie session and is not saved; use a server-side session store"
        );
        return Ok(());
    }
    session.insert(ACCESS_TOKEN_KEY, token)
}

/// Ends the session, in its store too.
pub(crate) fn end(session: &Session) {
    session.purge();
}
