//! A row of `microsoft_sso_sessions`, as it is written and read.

use diesel::{OptionalExtension, prelude::*};

use super::{
    error::StoreError,
    schema::{microsoft_sso_sessions as sessions, users},
};
use crate::account::user::User;

/// A session, sealed, with what it can be found by.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = sessions)]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct SessionRow {
    pub(crate) id: String,
    pub(crate) state: Vec<u8>,
    pub(crate) user_id: Option<String>,
    pub(crate) tenant_id: Option<String>,
    pub(crate) sid: Option<String>,
    pub(crate) expires_at: i64,
    pub(crate) user_number: Option<i64>,
    pub(crate) generation: Option<i64>,
}

/// Makes the row of the session that the sign-in of a user begins.
pub(super) type MakeSession<'a> = &'a dyn Fn(&User) -> Result<SessionRow, StoreError>;

/// The statements that make and read a session.
pub(crate) trait SessionStatements {
    fn insert_session(&mut self, session: &SessionRow) -> QueryResult<()>;
    /// The state of a session that hasn't expired, and whose user, if it follows one, is there, active,
    /// and of its generation.
    fn live_session(&mut self, id: &str, now: i64) -> QueryResult<Option<Vec<u8>>>;
}

macro_rules! session_statements {
    ($connection:ty) => {
        impl SessionStatements for $connection {
            fn insert_session(&mut self, session: &SessionRow) -> QueryResult<()> {
                diesel::insert_into(sessions::table)
                    .values(session)
                    .execute(self)
                    .map(drop)
            }

            fn live_session(&mut self, id: &str, now: i64) -> QueryResult<Option<Vec<u8>>> {
                let generation = users::session_generation.nullable();
                let is_current = sessions::user_number.is_null().or(users::is_active
                    .nullable()
                    .eq(true)
                    .and(generation.eq(sessions::generation)));
                sessions::table
                    .left_join(users::table)
                    .filter(sessions::id.eq(id))
                    .filter(sessions::expires_at.gt(now))
                    .filter(is_current)
                    .select(sessions::state)
                    .get_result(self)
                    .optional()
            }
        }
    };
}

#[cfg(feature = "sqlite")]
session_statements!(diesel::SqliteConnection);
#[cfg(feature = "postgres")]
session_statements!(diesel::PgConnection);
#[cfg(feature = "mysql")]
session_statements!(diesel::MysqlConnection);
