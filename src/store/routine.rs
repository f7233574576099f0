//! What nearly every sign-in writes: the time in `users`, and a session.
//!
//! diesel prepares an UPDATE of its own anew each time, which costs a server another round trip. Hence
//! a statement that is prepared once, and, on PostgreSQL, one that does both.

use chrono::NaiveDateTime;
use diesel::{
    QueryResult,
    backend::Backend,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{BigInt, Timestamp},
};

#[cfg(feature = "postgres")]
use super::schema::microsoft_sso_sessions;
use super::{
    dialect::Dialect,
    error::StoreError,
    session_row::{SessionRow, SessionStatements},
};

/// `users.last_login` of one user.
#[derive(Clone, Copy, QueryId)]
pub(super) struct LastLogin {
    pub(super) user_id: i64,
    pub(super) at: NaiveDateTime,
}

impl<DB> QueryFragment<DB> for LastLogin
where
    DB: Backend,
    i64: ToSql<BigInt, DB>,
    NaiveDateTime: ToSql<Timestamp, DB>,
    DB: diesel::sql_types::HasSqlType<BigInt> + diesel::sql_types::HasSqlType<Timestamp>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE users SET last_login = ");
        out.push_bind_param::<Timestamp, _>(&self.at)?;
        out.push_sql(" WHERE id = ");
        out.push_bind_param::<BigInt, _>(&self.user_id)
    }
}

impl<C> RunQueryDsl<C> for LastLogin {}

/// The writes of a sign-in that changes nothing else.
pub(super) trait RoutineWrites: Dialect + SessionStatements {
    fn set_last_login(&mut self, login: LastLogin) -> QueryResult<()>;

    /// Both, or neither.
    fn set_last_login_and_insert_session(
        &mut self,
        login: LastLogin,
        session: &SessionRow,
    ) -> Result<(), StoreError> {
        self.write(|conn| {
            conn.set_last_login(login)?;
            Ok(conn.insert_session(session)?)
        })
    }
}

#[cfg(feature = "sqlite")]
impl RoutineWrites for diesel::SqliteConnection {
    fn set_last_login(&mut self, login: LastLogin) -> QueryResult<()> {
        login.execute(self).map(drop)
    }
}

#[cfg(feature = "mysql")]
impl RoutineWrites for diesel::MysqlConnection {
    fn set_last_login(&mut self, login: LastLogin) -> QueryResult<()> {
        login.execute(self).map(drop)
    }
}

#[cfg(feature = "postgres")]
impl RoutineWrites for diesel::PgConnection {
    fn set_last_login(&mut self, login: LastLogin) -> QueryResult<()> {
        login.execute(self).map(drop)
    }

    fn set_last_login_and_insert_session(
        &mut self,
        login: LastLogin,
        session: &SessionRow,
    ) -> Result<(), StoreError> {
        let session = diesel::insert_into(microsoft_sso_sessions::table).values(session);
        Ok(Both { login, session }.execute(self).map(drop)?)
    }
}

/// Both writes as one statement, which is a transaction by itself.
#[cfg(feature = "postgres")]
#[derive(QueryId)]
struct Both<I> {
    login: LastLogin,
    session: I,
}

#[cfg(feature = "postgres")]
impl<I: QueryFragment<diesel::pg::Pg>> QueryFragment<diesel::pg::Pg> for Both<I> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, diesel::pg::Pg>) -> QueryResult<()> {
        // A statement in WITH that writes is carried out whether or not its rows are read
        // (PostgreSQL, "WITH Queries", section 7.8.4).
        out.push_sql("WITH login AS (");
        self.login.walk_ast(out.reborrow())?;
        out.push_sql(") ");
        self.session.walk_ast(out)
    }
}

#[cfg(feature = "postgres")]
impl<I> RunQueryDsl<diesel::PgConnection> for Both<I> {}
