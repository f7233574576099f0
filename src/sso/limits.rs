//! Which limit of concurrent sign-ins applies to a client.

use tokio::sync::OwnedSemaphorePermit;

use super::MicrosoftSso;
use crate::sign_in::{concurrency_limit::ConcurrencyLimit, failing_clients::Client};

impl MicrosoftSso {
    fn is_suspect(&self, client: Option<Client>) -> bool {
        let now = self.clock.now();
        client.is_some_and(|client| self.failing_clients.is_suspect(client, now))
    }

    pub(crate) fn limit_of(&self, client: Option<Client>) -> &ConcurrencyLimit {
        if self.is_suspect(client) {
            &self.suspect_limit
        } else {
            &self.sign_in_limit
        }
    }

    /// A permit for one sign-in; `None` when the queue is full or the wait is too long.
    pub(crate) async fn acquire_sign_in(
        &self,
        client: Option<Client>,
    ) -> Option<OwnedSemaphorePermit> {
        if !self.is_suspect(client) {
            let permit = self.sign_in_limit.acquire().await?;
            // A burst waits here before its first code is refused, so ask again.
            if !self.is_suspect(client) {
                return Some(permit);
            }
        }
        self.suspect_limit.acquire().await
    }
}
