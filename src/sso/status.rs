//! How sign-in does, as this process knows it.

use std::{sync::Arc, time::Duration};

use actix_web::rt::time::timeout;
use serde::Serialize;

use super::MicrosoftSso;
use crate::{
    account::user::UserId,
    site::Site,
    util::{log::chain, single_flight::Flight},
};

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
    /// The base settings, whose name is empty, and the sites of the settings, if they are enabled; not those
    /// of [`Builder::sites`](crate::Builder::sites).
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
        let answers = timeout(STORE_TIMEOUT, self.store_answers()).await;
        self.status_with(answers.unwrap_or(false))
    }

    /// As [`status`](Self::status), for requests of anybody: at most one of them asks the store at a time,
    /// and none within a second of the last answer. It needs actix's runtime.
    pub(crate) async fn shared_status(self: &Arc<Self>) -> Status {
        let probes = &self.store_probes;
        let waiter = match probes.flights.join((), self.clock.now()) {
            Flight::Finished => return self.status_with(probes.is_available()),
            Flight::Follower(waiter) => waiter,
            Flight::Leader(leader, waiter) => {
                // Whoever asked may go away; what the store does for them goes on, and nothing else begins.
                let sso = Arc::clone(self);
                actix_web::rt::spawn(async move {
                    let answers = sso.store_answers().await;
                    leader.finish(answers, sso.clock.now());
                });
                waiter
            }
        };
        let answers = timeout(STORE_TIMEOUT, waiter.result()).await;
        self.status_with(answers.ok().flatten().unwrap_or(false))
    }

    fn status_with(&self, is_store_available: bool) -> Status {
        let sites = self.sites.known();
        let sites = sites.filter(|site| site.config.enabled);
        Status {
            is_store_available,
            sign_ins: self.sign_in_limit.in_use(),
            max_sign_ins: self.sign_in_limit.max(),
            queued: self.sign_in_limit.queued(),
            sites: sites.map(|site| self.site_status(site)).collect(),
        }
    }

    /// Whether the store answers; a change is logged.
    async fn store_answers(&self) -> bool {
        let nobody = UserId::from(NOBODY);
        let answer = self.store.find(&nobody).await;
        let was_available = self.store_probes.set_available(answer.is_ok());
        match &answer {
            Err(error) if was_available => {
                tracing::warn!(reason = %chain(error), "status: the user store is unavailable");
            }
            Ok(_) if !was_available => tracing::info!("status: the user store is available again"),
            _ => {}
        }
        answer.is_ok()
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
