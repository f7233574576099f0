//! People by name, and what belongs to them: for whoever runs the application.

use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Bool, Text},
};
use serde::Serialize;

use super::{
    dialect::Dialect,
    diesel::DieselStore,
    error::StoreError,
    pool::on_backend,
    schema::{
        microsoft_sso_identities as identities, microsoft_sso_sessions as sessions,
        microsoft_sso_tokens as tokens, users,
    },
};
use crate::account::user::User;

diesel::define_sql_function! {
    /// Small letters.
    fn lower(text: Text) -> Text;
}

/// A Microsoft account of a user, with what Graph said of it at its last sign-in.
#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = identities)]
pub(crate) struct Account {
    pub(crate) tenant_id: String,
    pub(crate) object_id: String,
    pub(crate) email: Option<String>,
    pub(crate) user_principal_name: Option<String>,
    pub(crate) is_guest: Option<bool>,
}

/// The rights of a user; `None` leaves one as it is.
#[derive(AsChangeset, Clone, Copy, Debug, PartialEq, Eq)]
#[diesel(table_name = users)]
pub(crate) struct NewRights {
    pub(crate) is_staff: Option<bool>,
    pub(crate) is_superuser: Option<bool>,
}

trait PeopleStatements: Dialect {
    fn people(&mut self, pattern: &str, after: i64, limit: i64) -> QueryResult<Vec<User>>;
    fn people_named(&mut self, name: &str) -> QueryResult<Vec<User>>;
    fn accounts(&mut self, user: i64) -> QueryResult<Vec<Account>>;
    fn count_sessions(&mut self, user: i64, now: i64) -> QueryResult<i64>;
    fn set_rights(&mut self, user: i64, rights: NewRights) -> QueryResult<()>;
}

macro_rules! statements {
    ($connection:ty) => {
        impl PeopleStatements for $connection {
            fn people(&mut self, pattern: &str, after: i64, limit: i64) -> QueryResult<Vec<User>> {
                let matches = lower(users::username)
                    .like(lower(pattern))
                    .escape('!')
                    .or(lower(users::email).like(lower(pattern)).escape('!'))
                    .or(lower(users::first_name).like(lower(pattern)).escape('!'))
                    .or(lower(users::last_name).like(lower(pattern)).escape('!'));
                users::table
                    .filter(users::id.gt(after))
                    .filter(matches)
                    .order(users::id)
                    .limit(limit)
                    .select(User::as_select())
                    .load(self)
            }

            fn people_named(&mut self, name: &str) -> QueryResult<Vec<User>> {
                let (before, after) = Self::SAME_USERNAME;
                let username = sql::<Bool>(before).bind::<Text, _>(name).sql(after);
                let (before, after) = Self::SAME_EMAIL;
                let email = sql::<Bool>(before).bind::<Text, _>(name).sql(after);
                users::table
                    .filter(username.or(email))
                    .order(users::id)
                    .select(User::as_select())
                    .load(self)
            }

            fn accounts(&mut self, user: i64) -> QueryResult<Vec<Account>> {
                identities::table
                    .filter(identities::user_id.eq(user))
                    .select(Account::as_select())
                    .load(self)
            }

            fn count_sessions(&mut self, user: i64, now: i64) -> QueryResult<i64> {
                let sessions: i64 = sessions::table
                    .filter(sessions::user_id.eq(user.to_string()))
                    .filter(sessions::expires_at.gt(now))
                    .count()
                    .get_result(self)?;
                let tokens: i64 = tokens::table
                    .filter(tokens::user_id.eq(user.to_string()))
                    .filter(tokens::expires_at.gt(now))
                    .count()
                    .get_result(self)?;
                Ok(sessions.max(tokens))
            }

            fn set_rights(&mut self, user: i64, rights: NewRights) -> QueryResult<()> {
                diesel::update(users::table.find(user))
                    .set(rights)
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

/// A pattern that finds a text anywhere; `!` escapes.
fn anywhere(text: &str) -> String {
    let mut pattern = "%".to_owned();
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern + "%"
}

impl DieselStore {
    /// Users by id, after one; those whose names or address have the text, without regard to letter case.
    /// It reads the whole table.
    pub(crate) async fn people(
        &self,
        text: &str,
        after: i64,
        limit: i64,
    ) -> Result<Vec<User>, StoreError> {
        let pattern = anywhere(text);
        self.block(move |pool| on_backend!(pool, |conn| conn.people(&pattern, after, limit)))
            .await
    }

    /// Users whose user name or address it is, without regard to letter case; also where the address is not
    /// proved.
    pub(crate) async fn people_named(&self, name: &str) -> Result<Vec<User>, StoreError> {
        let name = name.to_owned();
        self.block(move |pool| on_backend!(pool, |conn| conn.people_named(&name)))
            .await
    }

    /// The Microsoft accounts of a user.
    pub(crate) async fn accounts(&self, user: i64) -> Result<Vec<Account>, StoreError> {
        self.block(move |pool| on_backend!(pool, |conn| conn.accounts(user)))
            .await
    }

    /// The user's sessions that this database knows; `now` is in seconds since 1970.
    pub(crate) async fn count_sessions(&self, user: i64, now: i64) -> Result<i64, StoreError> {
        self.block(move |pool| on_backend!(pool, |conn| conn.count_sessions(user, now)))
            .await
    }

    /// Sets rights of a user. One of them must be some.
    pub(crate) async fn set_rights(&self, user: i64, rights: NewRights) -> Result<(), StoreError> {
        self.block(move |pool| on_backend!(pool, |conn| conn.set_rights(user, rights)))
            .await
    }
}
