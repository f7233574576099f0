//! Rows to read and to write.
//!
//! `None` is inserted as NULL and not as DEFAULT: diesel prepares a statement with DEFAULT anew each
//! time.

use chrono::NaiveDateTime;
use diesel::{
    backend::Backend,
    deserialize::{self, FromStaticSqlRow, Queryable},
    prelude::*,
};

use super::schema::{microsoft_sso_identities, microsoft_sso_users, users};
use crate::{
    account::{
        decide::Changes,
        known::KnownAccount,
        new_user::NewUser,
        profile::BasicInfo,
        user::{MicrosoftUser, User},
    },
    util::picture::{Picture, PictureUpdate},
};

/// The columns of a [`User`], in its order. No password among them.
type UserColumns = (
    users::id,
    users::username,
    users::email,
    users::first_name,
    users::last_name,
    users::is_active,
    users::is_staff,
    users::is_superuser,
    users::date_joined,
    users::last_login,
    users::session_generation,
    users::email_verified,
);

type UserRow = (
    i64,
    String,
    String,
    String,
    String,
    bool,
    bool,
    bool,
    NaiveDateTime,
    Option<NaiveDateTime>,
    i64,
    bool,
);

impl<DB: Backend> Selectable<DB> for User {
    type SelectExpression = UserColumns;

    fn construct_selection() -> UserColumns {
        (
            users::id,
            users::username,
            users::email,
            users::first_name,
            users::last_name,
            users::is_active,
            users::is_staff,
            users::is_superuser,
            users::date_joined,
            users::last_login,
            users::session_generation,
            users::email_verified,
        )
    }
}

impl<ST, DB: Backend> Queryable<ST, DB> for User
where
    UserRow: FromStaticSqlRow<ST, DB>,
{
    type Row = UserRow;

    fn build(row: UserRow) -> deserialize::Result<Self> {
        let (id, username, email, first_name, last_name, active, ..) = row;
        let (.., staff, superuser, joined, login, generation, verified) = row;
        let mut user = Self::new(id.into(), username, joined.and_utc());
        (user.email, user.first_name, user.last_name) = (email, first_name, last_name);
        (user.is_active, user.is_staff, user.is_superuser) = (active, staff, superuser);
        user.last_login = login.map(|at| at.and_utc());
        user.session_generation = generation;
        user.email_verified = verified;
        Ok(user)
    }
}

#[derive(Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub(super) struct InsertUser<'a> {
    username: &'a str,
    email: &'a str,
    first_name: &'a str,
    last_name: &'a str,
    password: &'a str,
    is_active: bool,
    is_staff: bool,
    is_superuser: bool,
    date_joined: NaiveDateTime,
    last_login: Option<NaiveDateTime>,
    email_verified: bool,
}

impl<'a> InsertUser<'a> {
    pub(super) fn new(user: &'a NewUser, username: &'a str, at: NaiveDateTime) -> Self {
        Self {
            username,
            email: &user.email,
            first_name: &user.first_name,
            last_name: &user.last_name,
            password: &user.password,
            is_active: user.is_active,
            is_staff: user.is_staff,
            is_superuser: user.is_superuser,
            date_joined: at,
            last_login: Some(at).filter(|_| user.is_active),
            email_verified: user.is_email_verified(),
        }
    }
}

/// What a sign-in or a check writes to a stored user: never a password.
#[derive(AsChangeset)]
#[diesel(table_name = users)]
pub(super) struct UpdateUser<'a> {
    email: Option<&'a str>,
    email_verified: Option<bool>,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    is_staff: Option<bool>,
    is_superuser: Option<bool>,
    last_login: Option<NaiveDateTime>,
}

impl<'a> UpdateUser<'a> {
    /// `signed_in_at` is `None` where it is no sign-in.
    pub(super) fn new(changes: &'a Changes, signed_in_at: Option<NaiveDateTime>) -> Self {
        Self {
            email: changes.email.as_deref(),
            email_verified: changes.email_verified,
            first_name: changes.first_name.as_deref(),
            last_name: changes.last_name.as_deref(),
            is_staff: changes.is_staff,
            is_superuser: changes.is_superuser,
            last_login: signed_in_at,
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = microsoft_sso_identities, treat_none_as_default_value = false)]
pub(super) struct InsertIdentity<'a> {
    pub(super) tenant_id: &'a str,
    pub(super) object_id: &'a str,
    pub(super) subject: &'a str,
    pub(super) user_id: i64,
    #[diesel(embed)]
    pub(super) known: KnownAccountRow,
}

/// What Graph said of an account at its last sign-in with it.
#[derive(Default, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = microsoft_sso_identities, treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false)]
pub(super) struct KnownAccountRow {
    email: Option<String>,
    user_principal_name: Option<String>,
    is_guest: Option<bool>,
}

impl From<KnownAccount> for KnownAccountRow {
    fn from(known: KnownAccount) -> Self {
        Self {
            email: known.email,
            user_principal_name: known.user_principal_name,
            is_guest: known.is_guest,
        }
    }
}

impl From<KnownAccountRow> for KnownAccount {
    fn from(row: KnownAccountRow) -> Self {
        Self {
            email: row.email,
            user_principal_name: row.user_principal_name,
            is_guest: row.is_guest,
        }
    }
}

/// What tells whether `microsoft_sso_users` has changed, without the picture.
#[derive(Queryable, Selectable)]
#[diesel(table_name = microsoft_sso_users)]
pub(super) struct BasicInfoRow {
    microsoft_id: String,
    locale: Option<String>,
    picture_sha256: Option<String>,
}

#[derive(Insertable)]
#[diesel(table_name = microsoft_sso_users, treat_none_as_default_value = false)]
pub(super) struct InsertBasicInfo<'a> {
    user_id: i64,
    microsoft_id: &'a str,
    locale: Option<&'a str>,
    picture_raw: Option<&'a [u8]>,
    picture_sha256: Option<&'a str>,
}

impl<'a> InsertBasicInfo<'a> {
    pub(super) fn new(user_id: i64, info: &'a BasicInfo) -> Self {
        let picture = match &info.picture {
            PictureUpdate::Replace(picture) => Some(picture),
            PictureUpdate::Keep | PictureUpdate::Remove => None,
        };
        Self {
            user_id,
            microsoft_id: &info.microsoft_id,
            locale: info.locale.as_deref(),
            picture_raw: picture.map(Picture::bytes),
            picture_sha256: picture.map(Picture::hash),
        }
    }
}

#[derive(AsChangeset, Default, PartialEq)]
#[diesel(table_name = microsoft_sso_users)]
pub(super) struct UpdateBasicInfo<'a> {
    microsoft_id: Option<&'a str>,
    locale: Option<Option<&'a str>>,
    picture_raw: Option<Option<&'a [u8]>>,
    picture_sha256: Option<Option<&'a str>>,
}

impl<'a> UpdateBasicInfo<'a> {
    /// Only what differs; `None` if nothing does.
    pub(super) fn new(stored: &BasicInfoRow, info: &'a BasicInfo) -> Option<Self> {
        let mut update = Self::default();
        if stored.microsoft_id != info.microsoft_id {
            update.microsoft_id = Some(&info.microsoft_id);
        }
        if stored.locale != info.locale {
            update.locale = Some(info.locale.as_deref());
        }
        match &info.picture {
            PictureUpdate::Replace(picture) => {
                let sha256 = Some(picture.hash());
                if stored.picture_sha256.as_deref() != sha256 {
                    update.picture_raw = Some(Some(picture.bytes()));
                    update.picture_sha256 = Some(sha256);
                }
            }
            PictureUpdate::Remove if stored.picture_sha256.is_some() => {
                update.picture_raw = Some(None);
                update.picture_sha256 = Some(None);
            }
            PictureUpdate::Keep | PictureUpdate::Remove => {}
        }
        (update != Self::default()).then_some(update)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = microsoft_sso_users)]
pub(super) struct MicrosoftUserRow {
    microsoft_id: String,
    locale: Option<String>,
    picture_raw: Option<Vec<u8>>,
}

impl From<MicrosoftUserRow> for MicrosoftUser {
    fn from(row: MicrosoftUserRow) -> Self {
        let mut user = Self::new(row.microsoft_id);
        user.locale = row.locale;
        user.picture = row.picture_raw.and_then(Picture::sniff);
        user
    }
}
