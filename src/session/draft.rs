//! A session that is written in the transaction of its sign-in.

use std::{collections::HashMap, sync::Arc};

use actix_web::cookie::time::Duration;

use super::{
    diesel::DieselSessions,
    identity::{Identity, state_after},
    tokens::SessionTokens,
    written::WrittenSession,
};
use crate::{
    account::{decide::SignIn, user::User},
    store::{diesel::DieselStore, error::StoreError, user_store::SignInOutcome},
};

/// Where a session comes to be, and what it holds already.
pub(crate) struct SessionDraft {
    pub(crate) sessions: Arc<DieselSessions>,
    /// That of the sessions, which holds the users, too.
    pub(crate) database: DieselStore,
    pub(crate) before: HashMap<String, String>,
    pub(crate) age: Duration,
}

impl SessionDraft {
    /// Carries out a sign-in with its session; `None` of the latter if nobody is signed in.
    pub(crate) async fn sign_in(
        self,
        sign_in: SignIn,
        identity: impl Fn(User) -> Identity + Send + 'static,
        tokens: SessionTokens,
    ) -> Result<(SignInOutcome, Option<WrittenSession>), StoreError> {
        let database = self.database.clone();
        let make = move |user: &User| {
            let identity = identity(user.clone());
            let state = state_after(&self.before, &identity, &tokens);
            let state = state.map_err(StoreError::new)?;
            self.sessions
                .draft(&self.database, state, &identity, &self.age)
        };
        database.sign_in_with_session(sign_in, make).await
    }
}
