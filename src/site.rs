//! Settings by site: which of them hold for a request.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, OnceLock},
};

use actix_web::HttpRequest;
use openidconnect::Scope;

use crate::{
    account::AccountPolicy,
    entra::{
        flow::{self, Client},
        provider::{Provider, Providers, Snapshot},
    },
    proxy::TrustedProxies,
    settings::{Config, Settings},
};

/// Settings under a name of their own: those of one customer, say.
///
/// What begins at one site ends there: a session or a sign-in under way of one is worth nothing
/// at another, since each may let other people in.
pub struct Site {
    name: String,
    pub(crate) config: Settings,
    pub(crate) policy: Arc<AccountPolicy>,
    pub(crate) scopes: Vec<Scope>,
    provider: OnceLock<Arc<Provider>>,
}

impl Site {
    /// A site. The name tells it from the others and must stay the same over restarts and on all
    /// nodes; the settings are those of [`Config`], without sites of their own.
    ///
    /// `secret_key`, `trusted_proxies`, `max_sign_ins`, `pool_size` and `database_timeout` are
    /// the process's, and have no meaning here.
    pub fn new(name: impl Into<String>, config: Config) -> Self {
        let Config(config) = config;
        let scopes = ["profile", "email"].into_iter().chain(config.scopes.iter());
        Self {
            name: name.into(),
            policy: Arc::new(AccountPolicy::new(&config)),
            scopes: scopes.map(|scope| Scope::new(scope.to_owned())).collect(),
            provider: OnceLock::new(),
            config,
        }
    }

    /// The name; empty for the settings that stand outside of all tables.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Entra's metadata and keys, shared with all sites of the same authority.
    pub(crate) fn provider(&self, providers: &Providers) -> &Arc<Provider> {
        self.provider
            .get_or_init(|| providers.of(&self.config.authority))
    }

    /// The openidconnect client with this site's credentials.
    pub(crate) fn client(&self, snapshot: &Snapshot) -> Client {
        let config = &self.config;
        flow::client(
            &snapshot.metadata,
            &config.application_id,
            &config.client_secret,
        )
    }

    /// What binds a sealed value to this site, and to nothing else.
    pub(crate) fn purpose(&self, purpose: &str) -> String {
        format!("{purpose} {}", self.name)
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Site").field(&self.name).finish()
    }
}

/// The application's own choice, by the request.
pub(crate) type Resolver = Arc<dyn Fn(&HttpRequest) -> Option<Arc<Site>> + Send + Sync>;

/// All sites that the settings name, and the application's choice before them.
pub(crate) struct Sites {
    base: Option<Arc<Site>>,
    hosts: HashMap<String, Arc<Site>>,
    resolver: Option<Resolver>,
}

impl Sites {
    pub(crate) fn new(config: Settings, resolver: Option<Resolver>) -> Self {
        let site = |(host, config): (&String, &Config)| {
            let site = Site::new(host, config.clone());
            (host.clone(), Arc::new(site))
        };
        Self {
            hosts: config.sites.iter().map(site).collect(),
            // With sites, the settings around them need not be a site themselves.
            base: (!config.enabled || !config.application_id.is_empty())
                .then(|| Arc::new(Site::new("", Config(config)))),
            resolver,
        }
    }

    /// The settings that hold for a request; `None` where it is of no site.
    pub(crate) fn of(&self, req: &HttpRequest, proxies: &TrustedProxies) -> Option<Arc<Site>> {
        let chosen = self.resolver.as_ref().and_then(|resolver| resolver(req));
        if chosen.is_some() {
            return chosen;
        }
        if !self.hosts.is_empty()
            && let Some(host) = proxies.host(req)
        {
            let by_name = || self.hosts.get(host.split(':').next()?);
            if let Some(site) = self.hosts.get(&host).or_else(by_name) {
                return Some(Arc::clone(site));
            }
        }
        self.base.clone()
    }

    /// All that are known at start.
    pub(crate) fn known(&self) -> impl Iterator<Item = &Site> {
        self.base
            .iter()
            .chain(self.hosts.values())
            .map(|site| &**site)
    }

    /// Whether the session's cookie, which is one for all sites, is for https alone.
    pub(crate) fn are_https(&self) -> bool {
        let known: Vec<_> = self.known().map(|site| site.config.is_https()).collect();
        // What a resolver brings isn't known yet, and is most likely public.
        known.contains(&Some(true)) || (self.resolver.is_some() && !known.contains(&Some(false)))
    }
}
