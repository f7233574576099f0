//! What becomes of the tokens of a sign-in: the access token, if the application wants it in the session, and
//! the refresh token, with the setting `recheck`.

use super::{error::SignInError, steps::SignInFlow};
#[cfg(feature = "_diesel")]
use crate::session::identity::Identity;
use crate::{
    oidc::exchange::Tokens,
    session::tokens::{self, LiveToken, SessionTokens},
};

impl SignInFlow {
    /// What the session gets of the tokens. With `recheck`, there is no session without a refresh token.
    pub(super) fn session_tokens(&self, tokens: &Tokens) -> Result<SessionTokens, SignInError> {
        let (settings, now) = (&self.site.config, self.clock.now());
        let saves_token = settings.save_access_token;
        let id = if settings.recheck.is_some() {
            #[cfg(feature = "_diesel")]
            let has_store = self.tokens.is_some();
            #[cfg(not(feature = "_diesel"))]
            let has_store = false;
            if !has_store {
                return Err(SignInError::NoTokenDatabase);
            }
            if tokens.refresh_token.is_none() {
                return Err(SignInError::NoRefreshToken);
            }
            Some(tokens::new_id(now)?)
        } else {
            None
        };
        Ok(SessionTokens {
            access_token: saves_token.then(|| LiveToken::new(tokens, now)),
            id,
        })
    }

    #[cfg(feature = "_diesel")]
    pub(super) async fn keep_refresh_token(
        &self,
        identity: &Identity,
        session: &SessionTokens,
        tokens: &Tokens,
    ) -> Result<(), SignInError> {
        let (Some(store), Some(id), Some(token), Some(recheck)) = (
            &self.tokens,
            session.id,
            &tokens.refresh_token,
            self.site.config.recheck,
        ) else {
            return Ok(());
        };
        let due_at = self.clock.now() + recheck;
        store.insert(id, identity, token, due_at).await?;
        // An end of the user's sessions that came before the row has not deleted it.
        let user = self.store.find(&identity.user_id).await?;
        if user.is_some_and(|user| user.is_active && user.session_generation == identity.generation)
        {
            return Ok(());
        }
        store.delete(id).await?;
        Err(SignInError::EndedMeanwhile)
    }
}
