//! The state that all workers share.

pub(crate) mod builder;
mod limits;
pub(crate) mod links;
pub(crate) mod status;
mod store_probes;
mod users;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

#[cfg(feature = "_diesel")]
use crate::tokens::session_checks::SessionChecks;
use crate::{
    graph::health::GraphHealth,
    http_client::network::Network,
    oidc::provider::Providers,
    session::{
        cookie_key::SessionKey,
        identity::{SessionPlace, SignedIn},
    },
    settings::trusted_proxies::TrustedProxies,
    sign_in::{
        attempt::AttemptId, concurrency_limit::ConcurrencyLimit, error::SignInError,
        failing_clients::FailingClients, hooks::DynHooks, link::LocalUser,
    },
    site::{Site, Sites},
    store::dyn_user_store::DynUserStore,
    util::{clock::Clock, crypto::Sealer, single_flight::SingleFlight},
};

/// What concurrent callbacks of one attempt share.
pub(crate) type SharedResult = Result<Arc<SignedIn>, Arc<SignInError>>;

/// The plugin's shared state: one for the process, in app data.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let config = microsoft_sso::Config::builder()
/// #     .application_id("00001111-aaaa-2222-bbbb-3333cccc4444").client_secret("s").build()?;
/// use actix_web::web::Data;
/// use microsoft_sso::{DieselStore, MicrosoftSso};
///
/// let store = DieselStore::connect("sqlite://:memory:", &config)?;
/// let sso = Data::new(MicrosoftSso::builder(config).store(store).build()?);
/// # Ok(())
/// # }
/// ```
pub struct MicrosoftSso {
    pub(crate) sites: Sites,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: Arc<dyn DynUserStore>,
    pub(crate) hooks: Option<Arc<dyn DynHooks>>,
    pub(crate) local_user: Option<Arc<LocalUser>>,
    pub(crate) providers: Providers,
    pub(crate) graph_health: Arc<GraphHealth>,
    pub(crate) sealer: Arc<Sealer>,
    /// Where the store has a database for refresh tokens.
    #[cfg(feature = "_diesel")]
    pub(crate) session_checks: Option<Arc<SessionChecks>>,
    /// Whether a site may have the setting `recheck`.
    #[cfg(feature = "_diesel")]
    pub(crate) may_recheck: bool,
    pub(crate) network: Arc<Network>,
    pub(crate) sign_ins: SingleFlight<AttemptId, SharedResult>,
    pub(crate) sign_in_limit: ConcurrencyLimit,
    /// The part of it for [`FailingClients`].
    pub(crate) suspect_limit: ConcurrencyLimit,
    pub(crate) failing_clients: FailingClients,
    pub(crate) attempt_counter: AtomicUsize,
    pub(crate) has_cookie_sessions: AtomicBool,
    pub(crate) session_key: SessionKey,
    pub(crate) previous_session_keys: Vec<SessionKey>,
    pub(crate) session_age: Duration,
    pub(crate) health_enabled: bool,
    store_probes: store_probes::StoreProbes,
    pub(crate) cookie_suffix: String,
}

impl fmt::Debug for MicrosoftSso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sites: Vec<_> = self.sites.known().map(Site::name).collect();
        f.debug_struct("MicrosoftSso")
            .field("sites", &sites)
            .finish_non_exhaustive()
    }
}

impl MicrosoftSso {
    /// Where sessions are kept.
    pub(crate) fn session_place(&self) -> SessionPlace<'_> {
        if self.has_cookie_sessions.load(Ordering::Relaxed) {
            SessionPlace::Cookie(&self.session_key.key)
        } else {
            SessionPlace::Server
        }
    }
}
