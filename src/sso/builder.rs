//! The builder of the shared state.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize},
    },
};

use actix_web::HttpRequest;
use chrono::TimeDelta;

use super::{MicrosoftSso, store_probes::StoreProbes};
use crate::{
    account::user::UserId,
    http_client::{
        network::{Network, Roots},
        proxy::{ProxyRules, UnusableProxy},
    },
    oidc::provider::Providers,
    session::cookie_key::SessionKey,
    settings::config::{Config, Settings},
    sign_in::{
        concurrency_limit::ConcurrencyLimit,
        failing_clients::FailingClients,
        hooks::{DynHooks, Hooks},
        link::LocalUser,
    },
    site::{Resolver, Site, Sites},
    store::{dyn_user_store::DynUserStore, user_store::UserStore},
    util::{
        clock::{Clock, SystemClock},
        crypto::{CryptoError, Sealer, hex, random},
        environment::variable,
        log::readable_debug,
        proxy_url::ProxySetting,
        secret::Secret,
        single_flight::SingleFlight,
    },
};
#[cfg(feature = "_diesel")]
use crate::{session::token_store::TokenStore, tokens::session_checks::SessionChecks};

/// How long a finished callback is remembered, so that its code isn't redeemed again: Entra may revoke
/// the tokens of a code that comes twice (RFC 6749, section 4.1.2).
const REMEMBER_FINISHED: TimeDelta = TimeDelta::minutes(10);

/// Builds a [`MicrosoftSso`].
#[must_use]
pub struct Builder {
    config: Config,
    clock: Arc<dyn Clock>,
    store: Option<Arc<dyn DynUserStore>>,
    hooks: Option<Arc<dyn DynHooks>>,
    sites: Option<Resolver>,
    local_user: Option<Arc<LocalUser>>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// The plugin can't be built.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no user store.
    #[error(
        "there is no user store: add `.store(DieselStore::connect(url, &config)?)`, or a store of your own, to the builder"
    )]
    NoStore,
    /// The setting `recheck` is on, and the user store has no database.
    #[error(
        "`recheck` needs a database for refresh tokens, and the user store has none: use a DieselStore, implement `UserStore::session_database`, or leave `recheck` off"
    )]
    NoTokenDatabase,
    /// The TLS client can't be made.
    #[error("the TLS client can't be made")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The system has no trusted certificates.
    #[error(
        "the system has no trusted certificates, so Microsoft can't be reached: install them (Debian: `ca-certificates`) or set SSL_CERT_FILE"
    )]
    NoRoots,
    /// The variable of this name names no proxy that can be used.
    #[error(
        "the variable {0} is not the address of a proxy that takes CONNECT, such as `http://proxy.example:3128` (in a user name and a password, write `@:/?#%` percent-encoded): correct it, or set `proxy`, to `off` for none"
    )]
    Proxy(&'static str),
    /// The system's source of random bytes failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

readable_debug!(BuildError);

impl MicrosoftSso {
    /// Begins with the settings.
    pub fn builder(config: Config) -> Builder {
        Builder {
            config,
            clock: Arc::new(SystemClock),
            store: None,
            hooks: None,
            sites: None,
            local_user: None,
        }
    }
}

impl Builder {
    /// The store of users. Required.
    pub fn store(mut self, store: impl UserStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// The application's part in a sign-in. By default none.
    pub fn hooks(mut self, hooks: impl Hooks) -> Self {
        self.hooks = Some(Arc::new(hooks));
        self
    }

    /// Chooses the site of a request, before the hosts of the settings do; `None` leaves it to them.
    ///
    /// It runs several times per request and must not block: keep the sites in memory, and return
    /// the same [`Site`] for the same settings. The client writes what it sees (`Host`, a path);
    /// the names of the sites keep them apart.
    ///
    /// It may choose by `next`. The callback has none, so the resolver is asked there once more, with
    /// a request that has the path of `login/`, the query `next=…`, and the headers and peer address
    /// of the callback, but neither app data nor extensions. A choice by another parameter of
    /// `login/` is found at the callback by the same process alone.
    pub fn sites(
        mut self,
        resolver: impl Fn(&HttpRequest) -> Option<Arc<Site>> + Send + Sync + 'static,
    ) -> Self {
        self.sites = Some(Arc::new(resolver));
        self
    }

    /// Who is signed in by the application's own means, for `POST link/` and `POST unlink/`: its password
    /// form, another provider. Without it, those answer 404.
    ///
    /// `link/` leads that user to Microsoft and links the account that they choose there, if neither has
    /// another link. The function is asked at the start and at the callback, with the request of each, and
    /// has to answer with the same user. Read the user anew, and answer `None` for one who is inactive.
    ///
    /// ```
    /// # use microsoft_sso::{Builder, UserId};
    /// use microsoft_sso::actix_session::SessionExt;
    ///
    /// # fn linked(sso: Builder) -> Builder {
    /// sso.local_user(|req| async move {
    ///     let id: Option<i64> = req.get_session().get("local_user").ok()?;
    ///     id.map(UserId::from)
    /// })
    /// # }
    /// ```
    pub fn local_user<F>(
        mut self,
        local_user: impl Fn(HttpRequest) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Option<UserId>> + 'static,
    {
        self.local_user = Some(Arc::new(move |req| Box::pin(local_user(req))));
        self
    }

    /// The clock. By default that of the machine.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Builds the plugin. It does no I/O: the application starts while Microsoft is unavailable.
    ///
    /// # Errors
    /// A part is missing, or the system lacks certificates or random bytes.
    pub fn build(self) -> Result<MicrosoftSso, BuildError> {
        let Self {
            config: Config(config),
            clock,
            store,
            hooks,
            sites,
            local_user,
        } = self;
        let store = store.ok_or(BuildError::NoStore)?;
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        let secret = if config.secret_key.is_empty() {
            Secret::new(hex(&random::<64>()?))
        } else {
            config.secret_key.clone()
        };
        let secret = secret.expose().as_bytes();
        let session_key = SessionKey::new(secret)?;
        let previous_session_keys = previous_session_keys(&config)?;
        let sites = Sites::new(config.clone(), sites);
        let session_ages = sites.known().map(|site| site.config.session_age);
        let session_age = session_ages.max().unwrap_or(config.session_age);
        let network = network(&config, &sites)?;
        for site in sites.known() {
            site.credential.log_at_start(site.name(), clock.now());
        }
        check_token_database(&sites, &*store)?;
        let sealer = Arc::new(Sealer::new(secret, &config.secret_key_previous)?);
        let [attempt_counter] = random::<1>()?;
        Ok(MicrosoftSso {
            trusted_proxies: config.trusted_proxies.clone(),
            providers: Providers::new(Arc::clone(&clock)),
            graph_health: Arc::default(),
            session_key,
            session_age,
            health_enabled: config.health_enabled,
            store_probes: StoreProbes::default(),
            cookie_suffix: sites.cookie_suffix(),
            previous_session_keys,
            #[cfg(feature = "_diesel")]
            session_checks: session_checks(&config, &*store, &sealer, &clock, session_age),
            #[cfg(feature = "_diesel")]
            may_recheck: sites.may_recheck(),
            sealer,
            sites,
            clock,
            store,
            hooks,
            local_user,
            network: Arc::new(network),
            sign_ins: SingleFlight::new(REMEMBER_FINISHED),
            sign_in_limit: ConcurrencyLimit::new(config.max_sign_ins),
            suspect_limit: ConcurrencyLimit::new((config.max_sign_ins / 10).max(1)),
            failing_clients: FailingClients::default(),
            attempt_counter: AtomicUsize::new(usize::from(attempt_counter)),
            has_cookie_sessions: AtomicBool::new(false),
        })
    }
}

fn previous_session_keys(config: &Settings) -> Result<Vec<SessionKey>, CryptoError> {
    let previous = config.secret_key_previous.iter();
    let previous = previous.map(|secret| SessionKey::new(secret.expose().as_bytes()));
    previous.collect()
}

/// With `recheck`, refresh tokens need a place.
fn check_token_database(sites: &Sites, store: &dyn DynUserStore) -> Result<(), BuildError> {
    #[cfg(feature = "_diesel")]
    let has_database = store.session_database().is_some();
    #[cfg(not(feature = "_diesel"))]
    let has_database = {
        let _ = store;
        false
    };
    let mut known = sites.known();
    if !has_database && known.any(|site| site.config.recheck.is_some()) {
        return Err(BuildError::NoTokenDatabase);
    }
    Ok(())
}

#[cfg(feature = "_diesel")]
fn session_checks(
    config: &Settings,
    store: &dyn DynUserStore,
    sealer: &Arc<Sealer>,
    clock: &Arc<dyn Clock>,
    session_age: std::time::Duration,
) -> Option<Arc<SessionChecks>> {
    let age = actix_web::cookie::time::Duration::try_from(session_age);
    let age = age.unwrap_or(actix_web::cookie::time::Duration::MAX);
    let database = store.session_database()?.clone();
    let tokens = TokenStore::new(database, Arc::clone(sealer), Arc::clone(clock), age);
    Some(Arc::new(SessionChecks::new(tokens, config.max_sign_ins)))
}

/// The way to Microsoft.
pub(crate) fn network(config: &Settings, sites: &Sites) -> Result<Network, BuildError> {
    let is_emulated = |site: &Site| site.config.authority.is_loopback();
    let stays_here = sites.known().all(is_emulated);
    let roots = Roots::of_system(&config.trusted_certificates);
    if roots.are_none() && !stays_here {
        return Err(BuildError::NoRoots);
    }
    let proxy = match proxy(&config.proxy) {
        // Nothing goes through a proxy, whatever the machine's variables say.
        Err(_) if stays_here => ProxyRules::default(),
        proxy => proxy?,
    };
    Network::new(roots, proxy).map_err(|error| BuildError::Tls(error.into()))
}

/// The proxy for requests to Microsoft, which the log names.
fn proxy(setting: &ProxySetting) -> Result<ProxyRules, BuildError> {
    let rules = ProxyRules::new(setting, variable);
    let rules = rules.map_err(|UnusableProxy(name)| BuildError::Proxy(name))?;
    if let Some((proxy, named_by)) = rules.proxy() {
        tracing::info!(%proxy, named_by, "requests to Microsoft go through a proxy");
    }
    Ok(rules)
}
