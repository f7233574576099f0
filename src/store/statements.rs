//! The statements of a sign-in, once for all databases.
//!
//! What a unique key finds is read without `LIMIT 1`: SQLite plans a statement anew each time for the
//! value of a bound LIMIT.

use diesel::{
    OptionalExtension, QueryResult,
    dsl::sql,
    prelude::*,
    sql_types::{Bool, Text},
};

use super::{
    dialect::Dialect,
    models::{
        BasicInfoRow, InsertBasicInfo, InsertIdentity, InsertUser, KnownAccountRow,
        UpdateBasicInfo, UpdateUser,
    },
    routine::RoutineWrites,
    schema::{microsoft_sso_identities, microsoft_sso_users, users},
};
use crate::account::user::User;

/// The user of an account, and what is kept of both.
type StoredAccount = (User, KnownAccountRow, Option<BasicInfoRow>);

/// The statements of a sign-in.
pub(super) trait Statements: RoutineWrites {
    fn stored(&mut self, tenant: &str, object: &str) -> QueryResult<Option<StoredAccount>>;
    fn user(&mut self, id: i64) -> QueryResult<User>;
    fn username_exists(&mut self, username: &str) -> QueryResult<bool>;
    /// Whether a user has the proved address, without regard to ASCII case.
    fn verified_email_exists(&mut self, email: &str) -> QueryResult<bool>;
    /// The user of a proved address, if there is one alone, who has no account.
    fn only_user_of_address(&mut self, email: &str) -> QueryResult<Option<i64>>;
    fn has_account(&mut self, user: i64) -> QueryResult<bool>;
    fn user_exists(&mut self) -> QueryResult<bool>;
    fn insert_user(&mut self, user: &InsertUser<'_>, username: &str) -> QueryResult<i64>;
    fn update_user(&mut self, id: i64, update: &UpdateUser<'_>) -> QueryResult<()>;
    fn delete_identity(&mut self, tenant: &str, object: &str) -> QueryResult<()>;
    fn insert_identity(&mut self, identity: &InsertIdentity<'_>) -> QueryResult<()>;
    fn update_identity(
        &mut self,
        tenant: &str,
        object: &str,
        known: &KnownAccountRow,
    ) -> QueryResult<()>;
    fn basic_info(&mut self, id: i64) -> QueryResult<Option<BasicInfoRow>>;
    fn insert_basic_info(&mut self, info: &InsertBasicInfo<'_>) -> QueryResult<()>;
    fn update_basic_info(&mut self, id: i64, update: &UpdateBasicInfo<'_>) -> QueryResult<()>;
}

/// Bounds that mean "any database" would fill pages, so the macro expands the statements for each.
macro_rules! statements {
    ($connection:ty) => {
        impl Statements for $connection {
            fn stored(&mut self, tenant: &str, object: &str) -> QueryResult<Option<StoredAccount>> {
                microsoft_sso_identities::table
                    .inner_join(users::table.left_join(microsoft_sso_users::table))
                    .filter(microsoft_sso_identities::tenant_id.eq(tenant))
                    .filter(microsoft_sso_identities::object_id.eq(object))
                    .select((
                        User::as_select(),
                        KnownAccountRow::as_select(),
                        Option::<BasicInfoRow>::as_select(),
                    ))
                    .get_result(self)
                    .optional()
            }

            fn user(&mut self, id: i64) -> QueryResult<User> {
                users::table
                    .find(id)
                    .select(User::as_select())
                    .get_result(self)
            }

            fn username_exists(&mut self, username: &str) -> QueryResult<bool> {
                let (before, after) = Self::SAME_USERNAME;
                let same = sql::<Bool>(before).bind::<Text, _>(username).sql(after);
                let found = users::table
                    .filter(same)
                    .select(users::id)
                    .get_result::<i64>(self);
                Ok(found.optional()?.is_some())
            }

            fn verified_email_exists(&mut self, email: &str) -> QueryResult<bool> {
                let (before, after) = Self::SAME_EMAIL;
                let similar = sql::<Bool>(before).bind::<Text, _>(email).sql(after);
                let found: Vec<String> = users::table
                    .filter(similar)
                    .filter(users::email_verified.eq(true))
                    .select(users::email)
                    .load(self)?;
                Ok(found.iter().any(|other| other.eq_ignore_ascii_case(email)))
            }

            fn only_user_of_address(&mut self, email: &str) -> QueryResult<Option<i64>> {
                let (before, after) = Self::SAME_EMAIL;
                let similar = sql::<Bool>(before).bind::<Text, _>(email).sql(after);
                let users: Vec<(i64, String, bool)> = users::table
                    .filter(similar)
                    .select((users::id, users::email, users::email_verified))
                    .load(self)?;
                let mut same = users
                    .into_iter()
                    .filter(|(_, other, ..)| other.eq_ignore_ascii_case(email));
                match (same.next(), same.next()) {
                    (Some((id, _, true)), None) if !self.has_account(id)? => Ok(Some(id)),
                    _ => Ok(None),
                }
            }

            fn has_account(&mut self, user: i64) -> QueryResult<bool> {
                let found = microsoft_sso_identities::table
                    .filter(microsoft_sso_identities::user_id.eq(user))
                    .select(microsoft_sso_identities::object_id);
                Ok(found.first::<String>(self).optional()?.is_some())
            }

            fn user_exists(&mut self) -> QueryResult<bool> {
                let found = users::table.select(users::id).first::<i64>(self);
                Ok(found.optional()?.is_some())
            }

            fn insert_user(&mut self, user: &InsertUser<'_>, username: &str) -> QueryResult<i64> {
                // Read back by the unique user name, to the letter: not every database has RETURNING.
                diesel::insert_into(users::table)
                    .values(user)
                    .execute(self)?;
                let (before, after) = Self::SAME_USERNAME;
                let same = sql::<Bool>(before).bind::<Text, _>(username).sql(after);
                users::table
                    .filter(same)
                    .filter(users::username.eq(username))
                    .select(users::id)
                    .get_result(self)
            }

            fn update_user(&mut self, id: i64, update: &UpdateUser<'_>) -> QueryResult<()> {
                diesel::update(users::table.find(id))
                    .set(update)
                    .execute(self)
                    .map(drop)
            }

            fn delete_identity(&mut self, tenant: &str, object: &str) -> QueryResult<()> {
                diesel::delete(microsoft_sso_identities::table.find((tenant, object)))
                    .execute(self)
                    .map(drop)
            }

            fn insert_identity(&mut self, identity: &InsertIdentity<'_>) -> QueryResult<()> {
                diesel::insert_into(microsoft_sso_identities::table)
                    .values(identity)
                    .execute(self)
                    .map(drop)
            }

            fn update_identity(
                &mut self,
                tenant: &str,
                object: &str,
                known: &KnownAccountRow,
            ) -> QueryResult<()> {
                diesel::update(microsoft_sso_identities::table.find((tenant, object)))
                    .set(known)
                    .execute(self)
                    .map(drop)
            }

            fn basic_info(&mut self, id: i64) -> QueryResult<Option<BasicInfoRow>> {
                microsoft_sso_users::table
                    .find(id)
                    .select(BasicInfoRow::as_select())
                    .get_result(self)
                    .optional()
            }

            fn insert_basic_info(&mut self, info: &InsertBasicInfo<'_>) -> QueryResult<()> {
                diesel::insert_into(microsoft_sso_users::table)
                    .values(info)
                    .execute(self)
                    .map(drop)
            }

            fn update_basic_info(
                &mut self,
                id: i64,
                update: &UpdateBasicInfo<'_>,
            ) -> QueryResult<()> {
                diesel::update(microsoft_sso_users::table.find(id))
                    .set(update)
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
