//! What a callback hands to the steps of its sign-in.

use std::sync::Arc;

#[cfg(feature = "_diesel")]
use actix_web::cookie::time;
use openidconnect::RedirectUrl;

use super::callback::Callback;
use crate::{
    account::user::UserId,
    sign_in::{
        attempt::Attempt, error::SignInError, link::LinkTag, state::State, steps::SignInFlow,
    },
    web::extract::WorkerClient,
};
#[cfg(feature = "_diesel")]
use crate::{session::draft::SessionDraft, web::wiring::sessions_with_users};

impl Callback {
    /// The local user whom the account becomes linked to: the one who began, and is still there.
    pub(super) async fn link(&self, state: &State) -> Result<Option<UserId>, SignInError> {
        let Some(tag) = state.link else {
            return Ok(None);
        };
        let user = match &self.sso.local_user {
            Some(local_user) => local_user(self.req.clone()).await,
            None => None,
        };
        let user = user.filter(|user| LinkTag::new(user) == tag);
        user.map(Some).ok_or(SignInError::LinkUser)
    }

    pub(super) fn flow(
        &self,
        state: &State,
        attempt: Attempt,
        redirect_uri: RedirectUrl,
        link: Option<UserId>,
    ) -> SignInFlow {
        let sso = &self.sso;
        SignInFlow {
            site: Arc::clone(&sso.site),
            provider: Arc::clone(sso.site.provider(&sso.providers)),
            clock: Arc::clone(&sso.clock),
            store: Arc::clone(&sso.store),
            hooks: sso.hooks.clone(),
            #[cfg(feature = "_diesel")]
            tokens: sso
                .session_checks
                .as_ref()
                .map(|checks| Arc::clone(&checks.state.store)),
            graph_health: Arc::clone(&self.sso.graph_health),
            http: WorkerClient::for_request(&self.req, sso),
            request: self.req.clone(),
            redirect_uri,
            attempt,
            demand: state.demand.clone(),
            began_at: state.began_at,
            link,
        }
    }

    /// The session to be written with the sign-in, where both are in one database.
    #[cfg(feature = "_diesel")]
    pub(super) fn session_draft(&self) -> Option<SessionDraft> {
        let sessions = sessions_with_users(&self.req)?;
        // The middleware may be that of another `MicrosoftSso`, around the whole application.
        let store = &self.sso.store;
        let database = sessions.database_of_users()?.clone();
        if !store.is_session_database() || !store.session_database()?.is_same(&database) {
            return None;
        }
        let age = time::Duration::try_from(self.sso.session_age);
        Some(SessionDraft {
            sessions,
            database,
            before: self.session.entries().clone(),
            age: age.unwrap_or(time::Duration::MAX),
        })
    }
}
