//! Links of users with Microsoft accounts, made and taken away without a sign-in.

use diesel::{QueryResult, prelude::*};
use uuid::Uuid;

use super::{
    end::EndStatements,
    error::StoreError,
    models::{InsertIdentity, KnownAccountRow},
    schema::{microsoft_sso_identities as identities, microsoft_sso_users},
    statements::Statements,
    user_store::LinkOutcome,
};

/// The statements of an end of links.
pub(super) trait LinkStatements {
    fn delete_accounts_of_user(&mut self, user: i64) -> QueryResult<usize>;
}

macro_rules! statements {
    ($connection:ty) => {
        impl LinkStatements for $connection {
            fn delete_accounts_of_user(&mut self, user: i64) -> QueryResult<usize> {
                diesel::delete(microsoft_sso_users::table.find(user)).execute(self)?;
                diesel::delete(identities::table.filter(identities::user_id.eq(user))).execute(self)
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

/// Gives an account to a user who has none.
pub(super) fn link<C: Statements>(
    conn: &mut C,
    user: i64,
    tenant_id: Uuid,
    object_id: &str,
) -> Result<LinkOutcome, StoreError> {
    let tenant = tenant_id.to_string();
    conn.write(|conn| {
        // As a creation: nobody else may link the account, or the user, meanwhile.
        conn.lock_creation()?;
        if conn.user(user).optional()?.is_none() {
            return Ok(LinkOutcome::NoUser);
        }
        if let Some((stored, ..)) = conn.stored(&tenant, object_id)? {
            return Ok(if stored.id == user.into() {
                LinkOutcome::Unchanged
            } else {
                LinkOutcome::AccountTaken
            });
        }
        if conn.has_account(user)? {
            return Ok(LinkOutcome::UserTaken);
        }
        // A row whose user was deleted by hand is replaced.
        conn.delete_identity(&tenant, object_id)?;
        conn.insert_identity(&InsertIdentity {
            tenant_id: &tenant,
            object_id,
            subject: "",
            user_id: user,
            known: KnownAccountRow::default(),
        })?;
        Ok(LinkOutcome::Linked)
    })
}

/// Takes all accounts away from a user, with what is stored of Microsoft's, and ends their sessions; returns
/// how many accounts there were.
pub(super) fn unlink<C: EndStatements + LinkStatements>(
    conn: &mut C,
    user: i64,
) -> Result<usize, StoreError> {
    conn.write(|conn| {
        let accounts = conn.delete_accounts_of_user(user)?;
        if accounts > 0 {
            conn.raise_generation(user)?;
            super::end::delete_of_user(conn, &user.to_string())?;
        }
        Ok(accounts)
    })
}
