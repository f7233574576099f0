//! How sign-in does, as this process knows it.

use std::time::Duration;

use actix_web::rt::time::timeout;
use serde::Serialize;

use super::MicrosoftSso;
use crate::{account::user::UserId, site::Site, util::log::chain};

/// Longest wait for the user store: shorter than what load balancers wait.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// No user has it: ids begin at 1.
const NOBODY: i64 = 0;

/// How sign-in does in this process. Nothing of it is secret; the names of the sites may be your customers'.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// Whether the user store answered within 2 seconds.
    pub is_store_available: bool,
    /// Sign-ins between callback and session, now.
    pub sign_ins: usize,
    /// How many there may be: the setting `max_sign_ins`.
    pub max_sign_ins: usize,
    /// Sign-ins that wait for others to end.
    pub queued: usize,
    /// The base settings, whose name is empty, and the sites of the settings; not those of
    /// [`Builder::sites`](crate::Builder::sites).
    pub sites: Vec<SiteStatus>,
}

/// How sign-in does at a site.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SiteStatus {
    /// The name of the site.
    pub name: String,
    /// Seconds since Entra's metadata and keys were fetched; `None` before the first sign-in. They are fetched
    /// again by the first sign-in after an hour, so more than that means that nobody came, or that Entra
    /// can't be reached.
    pub keys_age: Option<u64>,
    /// Whole days until the client certificate ends, negative afterwards; `None` with another credential: of
    /// a secret, Entra alone knows.
    pub certificate_days: Option<i64>,
}

impl MicrosoftSso {
    /// How sign-in does in this process. It asks the user store for a user whom nobody is, and nobody else;
    /// not Entra, and not Graph.
    pub async fn status(&self) -> Status {
        Status {
            is_store_available: self.is_store_available().await,
            sign_ins: self.sign_in_limit.in_use(),
            max_sign_ins: self.sign_in_limit.max(),
            queued: self.sign_in_limit.queued(),
            sites: self
                .sites
                .known()
                .map(|site| self.site_status(site))
                .collect(),
        }
    }

    async fn is_store_available(&self) -> bool {
        let nobody = UserId::from(NOBODY);
        match timeout(STORE_TIMEOUT, self.store.find(&nobody)).await {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => {
                tracing::warn!(reason = %chain(&error), "status: the user store is unavailable");
                false
            }
            Err(_elapsed) => {
                tracing::warn!("status: the user store did not answer within 2 s");
                false
            }
        }
    }

    fn site_status(&self, site: &Site) -> SiteStatus {
        let now = self.clock.now();
        let age = site.provider(&self.providers).keys_age();
        SiteStatus {
            name: site.name().to_owned(),
            keys_age: age.map(|age| age.num_seconds().try_into().unwrap_or_default()),
            certificate_days: site.credential.certificate_days(now),
        }
    }
}
