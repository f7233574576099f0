//! A row of `microsoft_sso_tokens`: the refresh token of a session, and when it is due.

use diesel::{OptionalExtension, prelude::*};

use super::schema::microsoft_sso_tokens::{self as tokens, table};

/// The refresh token of a session, sealed. Times are seconds since 1970.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = tokens, treat_none_as_default_value = false)]
pub(crate) struct TokenRow {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) sid: Option<String>,
    pub(crate) refresh_token: Vec<u8>,
    /// As JSON; `None` if they are those of the sign-in.
    pub(crate) roles: Option<String>,
    /// When the account is to be checked again.
    pub(crate) due_at: i64,
    /// The first failed check since the last one that succeeded.
    pub(crate) failing_since: Option<i64>,
    /// Until then one process refreshes, and the others wait.
    pub(crate) leased_until: i64,
    pub(crate) expires_at: i64,
}

/// What a check writes. It gives the lease back.
#[derive(AsChangeset)]
#[diesel(table_name = tokens, treat_none_as_null = true)]
pub(crate) struct TokenUpdate {
    pub(crate) refresh_token: Vec<u8>,
    pub(crate) roles: Option<String>,
    pub(crate) due_at: i64,
    pub(crate) failing_since: Option<i64>,
    pub(crate) leased_until: i64,
}

/// The statements on refresh tokens.
pub(crate) trait TokenStatements {
    fn insert_token(&mut self, row: &TokenRow) -> QueryResult<()>;
    fn token(&mut self, id: &str) -> QueryResult<Option<TokenRow>>;
    /// Whether the lease is as it was read, and the caller's from now on.
    fn lease_token(&mut self, row: &TokenRow, until: i64) -> QueryResult<bool>;
    /// Whether the row is there.
    fn update_token(&mut self, id: &str, update: &TokenUpdate) -> QueryResult<bool>;
    /// Whether the row is there.
    fn replace_refresh_token(&mut self, id: &str, sealed: &[u8]) -> QueryResult<bool>;
    fn delete_token(&mut self, id: &str) -> QueryResult<()>;
    fn delete_tokens_of_user(&mut self, user_id: &str) -> QueryResult<usize>;
    fn has_token_of_entra(&mut self, sid: &str) -> QueryResult<bool>;
    fn delete_tokens_of_entra(&mut self, sid: &str) -> QueryResult<usize>;
}

macro_rules! token_statements {
    ($connection:ty) => {
        impl TokenStatements for $connection {
            fn insert_token(&mut self, row: &TokenRow) -> QueryResult<()> {
                diesel::insert_into(table)
                    .values(row)
                    .execute(self)
                    .map(drop)
            }

            fn token(&mut self, id: &str) -> QueryResult<Option<TokenRow>> {
                let row = table.find(id).select(TokenRow::as_select());
                row.get_result(self).optional()
            }

            fn lease_token(&mut self, row: &TokenRow, until: i64) -> QueryResult<bool> {
                // A check that ended since the row was read has moved its time.
                let free = table
                    .filter(tokens::id.eq(&row.id))
                    .filter(tokens::due_at.eq(row.due_at))
                    .filter(tokens::leased_until.eq(row.leased_until));
                let leased = diesel::update(free)
                    .set(tokens::leased_until.eq(until))
                    .execute(self)?;
                Ok(leased > 0)
            }

            fn update_token(&mut self, id: &str, update: &TokenUpdate) -> QueryResult<bool> {
                let updated = diesel::update(table.find(id)).set(update).execute(self)?;
                Ok(updated > 0)
            }

            fn replace_refresh_token(&mut self, id: &str, sealed: &[u8]) -> QueryResult<bool> {
                let row = diesel::update(table.find(id));
                let replaced = row.set(tokens::refresh_token.eq(sealed)).execute(self)?;
                Ok(replaced > 0)
            }

            fn delete_token(&mut self, id: &str) -> QueryResult<()> {
                diesel::delete(table.find(id)).execute(self).map(drop)
            }

            fn delete_tokens_of_user(&mut self, user_id: &str) -> QueryResult<usize> {
                diesel::delete(table.filter(tokens::user_id.eq(user_id))).execute(self)
            }

            fn has_token_of_entra(&mut self, sid: &str) -> QueryResult<bool> {
                let found = table.filter(tokens::sid.eq(sid)).select(tokens::id);
                Ok(found.first::<String>(self).optional()?.is_some())
            }

            fn delete_tokens_of_entra(&mut self, sid: &str) -> QueryResult<usize> {
                diesel::delete(table.filter(tokens::sid.eq(sid))).execute(self)
            }
        }
    };
}

#[cfg(feature = "sqlite")]
token_statements!(diesel::SqliteConnection);
#[cfg(feature = "postgres")]
token_statements!(diesel::PgConnection);
#[cfg(feature = "mysql")]
token_statements!(diesel::MysqlConnection);
