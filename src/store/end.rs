//! The end of sessions and of users.
//!
//! A user's generation of sessions rises with each end. A session is written with the generation that
//! its sign-in saw, and read only while it is the user's: so the end also reaches sign-ins under
//! way, whose sessions are written later, without a clock that nodes would have to share.

use diesel::{OptionalExtension, QueryResult, prelude::*};

use super::{
    dialect::Dialect,
    error::StoreError,
    schema::{
        microsoft_sso_identities as identities, microsoft_sso_sessions as sessions,
        microsoft_sso_users, users,
    },
    token_row::TokenStatements,
    user_store::SessionSelector,
};

/// The statements of an end.
pub(super) trait EndStatements: Dialect + TokenStatements {
    fn user_exists(&mut self, id: i64) -> QueryResult<bool>;
    fn update_active(&mut self, id: i64, active: bool) -> QueryResult<()>;
    fn raise_generation(&mut self, id: i64) -> QueryResult<()>;
    fn delete_sessions_of_user(&mut self, user_id: &str) -> QueryResult<usize>;
    fn has_session_of_entra(&mut self, sid: &str) -> QueryResult<bool>;
    fn delete_sessions_of_entra(&mut self, sid: &str) -> QueryResult<usize>;
    fn delete_rows_of_user(&mut self, id: i64) -> QueryResult<()>;
}

/// Expands the statements for each database, as in [`super::statements`].
macro_rules! statements {
    ($connection:ty) => {
        impl EndStatements for $connection {
            fn user_exists(&mut self, id: i64) -> QueryResult<bool> {
                let user = users::table.find(id).select(users::id);
                Ok(user.get_result::<i64>(self).optional()?.is_some())
            }

            fn update_active(&mut self, id: i64, active: bool) -> QueryResult<()> {
                diesel::update(users::table.find(id))
                    .set(users::is_active.eq(active))
                    .execute(self)
                    .map(drop)
            }

            fn raise_generation(&mut self, id: i64) -> QueryResult<()> {
                diesel::update(users::table.find(id))
                    .set(users::session_generation.eq(users::session_generation + 1))
                    .execute(self)
                    .map(drop)
            }

            fn delete_sessions_of_user(&mut self, user_id: &str) -> QueryResult<usize> {
                diesel::delete(sessions::table.filter(sessions::user_id.eq(user_id))).execute(self)
            }

            fn has_session_of_entra(&mut self, sid: &str) -> QueryResult<bool> {
                let sessions = sessions::table.filter(sessions::sid.eq(sid));
                let found = sessions.select(sessions::id).first::<String>(self);
                Ok(found.optional()?.is_some())
            }

            fn delete_sessions_of_entra(&mut self, sid: &str) -> QueryResult<usize> {
                diesel::delete(sessions::table.filter(sessions::sid.eq(sid))).execute(self)
            }

            fn delete_rows_of_user(&mut self, id: i64) -> QueryResult<()> {
                // Not left to the foreign keys: SQLite enforces them only where told to.
                diesel::delete(identities::table.filter(identities::user_id.eq(id)))
                    .execute(self)?;
                diesel::delete(microsoft_sso_users::table.find(id)).execute(self)?;
                diesel::delete(users::table.find(id))
                    .execute(self)
                    .map(drop)
            }
        }
    };
}

#[cfg(feature = "sqlite")]
statements!(diesel::SqliteConnection);
#[cfg(feature = "postgres")]
statements!(diesel::PgConnection);
#[cfg(feature = "mysql")]
statements!(diesel::MysqlConnection);

/// Deletes the sessions of a user with their refresh tokens. A session elsewhere, such as in Redis, that
/// has a refresh token ends with it.
pub(super) fn delete_of_user<C: EndStatements>(conn: &mut C, user_id: &str) -> QueryResult<usize> {
    let tokens = conn.delete_tokens_of_user(user_id)?;
    Ok(conn.delete_sessions_of_user(user_id)?.max(tokens))
}

/// Sets whether a user may sign in; returns how many sessions ended, `None` without such a user.
pub(super) fn set_active<C: EndStatements>(
    conn: &mut C,
    id: i64,
    active: bool,
) -> Result<Option<usize>, StoreError> {
    conn.write(|conn| {
        if !conn.user_exists(id)? {
            return Ok(None);
        }
        conn.update_active(id, active)?;
        if active {
            return Ok(Some(0));
        }
        conn.raise_generation(id)?;
        Ok(Some(delete_of_user(conn, &id.to_string())?))
    })
}

/// Deletes a user and all their rows; returns how many sessions ended, `None` without such a user.
pub(super) fn delete_user<C: EndStatements>(
    conn: &mut C,
    id: i64,
) -> Result<Option<usize>, StoreError> {
    conn.write(|conn| {
        if !conn.user_exists(id)? {
            return Ok(None);
        }
        let ended = delete_of_user(conn, &id.to_string())?;
        conn.delete_rows_of_user(id)?;
        Ok(Some(ended))
    })
}

/// Ends sessions; returns how many.
pub(super) fn end_sessions<C: EndStatements>(
    conn: &mut C,
    which: &SessionSelector,
) -> Result<usize, StoreError> {
    match which {
        SessionSelector::User(id) => conn.write(|conn| {
            if let Some(id) = id.as_i64() {
                conn.raise_generation(id)?;
            }
            Ok(delete_of_user(conn, &id.to_string())?)
        }),
        // Anybody can ask for a session's end by a made-up `sid`: that shall not cost a write.
        SessionSelector::EntraSession(sid)
            if !conn.has_session_of_entra(sid)? && !conn.has_token_of_entra(sid)? =>
        {
            Ok(0)
        }
        SessionSelector::EntraSession(sid) => conn.write(|conn| {
            let tokens = conn.delete_tokens_of_entra(sid)?;
            Ok(conn.delete_sessions_of_entra(sid)?.max(tokens))
        }),
    }
}
