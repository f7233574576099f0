//! What the checks of this process share.

use std::sync::Arc;

use super::{access_tokens::AccessTokens, known_checks::KnownChecks, outages::Outages};
use crate::{
    session::{token_store::TokenStore, tokens::TokenId},
    settings::codes::Code,
    util::log::chain,
};

#[derive(Debug)]
pub(crate) struct CheckState {
    pub(crate) store: Arc<TokenStore>,
    pub(crate) access_tokens: Arc<AccessTokens>,
    pub(super) known: KnownChecks,
    pub(super) outages: Outages,
}

impl CheckState {
    pub(super) fn new(store: TokenStore) -> Self {
        let store = Arc::new(store);
        Self {
            access_tokens: Arc::new(AccessTokens::new(Arc::clone(&store))),
            store,
            known: KnownChecks::default(),
            outages: Outages::default(),
        }
    }

    /// Forgets a session whose row is gone.
    pub(super) fn forget_gone(&self, id: TokenId) {
        self.access_tokens.forget_session(id);
        self.known.remove(id);
    }

    /// Forgets a session that has ended, and deletes its row.
    pub(crate) async fn forget(&self, id: TokenId) {
        let deleted = self.store.delete(id).await;
        // Afterwards: a check under way may have remembered it meanwhile.
        self.forget_gone(id);
        if let Err(error) = deleted {
            tracing::warn!(
                code = Code::TokenNotDeleted.as_str(),
                reason = %chain(&error),
                "the refresh token of a session that has ended could not be deleted; it expires with the session"
            );
        }
    }
}
