//! Sites: which settings apply to a request.

pub(crate) mod forwarded;

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};
use openidconnect::Scope;
use ring::digest::{SHA256, digest};

use crate::{
    account::policy::AccountPolicy,
    http_client::HttpClient,
    oidc::{
        credential::{Credential, request::TokenRequest},
        exchange::TokenClient,
        flow::{self, Client},
        provider::{Provider, Providers, Snapshot},
    },
    settings::{
        config::{Config, Settings},
        trusted_proxies::TrustedProxies,
    },
    util::crypto::hex,
};

/// Settings under a name: those of one customer, for example.
///
/// Sessions and sign-ins of one site are invalid at another, because each may admit other accounts.
pub struct Site {
    name: String,
    binding: String,
    pub(crate) config: Settings,
    pub(crate) policy: Arc<AccountPolicy>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) credential: Credential,
    provider: OnceLock<Arc<Provider>>,
    client: RwLock<Option<(Arc<Snapshot>, Arc<Client>)>>,
}

impl Site {
    /// A site with the settings of a [`Config`], without sites of their own. The name identifies it:
    /// keep it the same over restarts and on all nodes.
    ///
    /// `secret_key`, `trusted_proxies`, `proxy`, `ca_file`, `max_sign_ins`, `health_enabled`, `pool_size` and
    /// `database_timeout` apply to the whole process and have no effect here.
    ///
    /// # Errors
    /// The name is empty: that is the name of the base settings.
    pub fn new(name: impl Into<String>, config: Config) -> Result<Self, UnnamedSite> {
        let name = name.into();
        if name.is_empty() {
            return Err(UnnamedSite(()));
        }
        Ok(Self::named(name, config))
    }

    pub(crate) fn named(name: String, config: Config) -> Self {
        let Config(config) = config;
        let scopes = ["profile", "email"].into_iter();
        let refresh = config.recheck.map(|_| "offline_access");
        let scopes = scopes.chain(refresh);
        let scopes = scopes.chain(config.scopes.iter().map(String::as_str));
        Self {
            binding: binding(&name, &config),
            name,
            policy: Arc::new(AccountPolicy::new(&config)),
            scopes: scopes.map(|scope| Scope::new(scope.to_owned())).collect(),
            credential: Credential::new(&config),
            provider: OnceLock::new(),
            client: RwLock::default(),
            config,
        }
    }

    /// The name; empty for the base settings.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Entra's metadata and keys, shared with all sites of the same authority and application.
    pub(crate) fn provider(&self, providers: &Providers) -> &Arc<Provider> {
        self.provider
            .get_or_init(|| providers.find(&self.config.authority, &self.config.application_id))
    }

    /// The openidconnect client of this site's application, made once for each snapshot.
    pub(crate) fn client(&self, snapshot: &Arc<Snapshot>) -> Arc<Client> {
        let made = self.client.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, client)) = &*made
            && Arc::ptr_eq(of, snapshot)
        {
            return Arc::clone(client);
        }
        drop(made);
        let config = &self.config;
        let client = Arc::new(flow::client(&snapshot.metadata, &config.application_id));
        let mut made = self.client.write().unwrap_or_else(PoisonError::into_inner);
        *made = Some((Arc::clone(snapshot), Arc::clone(&client)));
        client
    }

    /// The application at Entra's token endpoint.
    pub(crate) fn token_client<'a>(
        &'a self,
        client: &'a Client,
        snapshot: &'a Snapshot,
        http: &'a HttpClient,
        now: DateTime<Utc>,
    ) -> TokenClient<'a> {
        TokenClient {
            client,
            credential: &self.credential,
            declares_capability: self.config.recheck.is_some(),
            request: TokenRequest {
                http,
                token_endpoint: &snapshot.metadata.token_endpoint,
                application_id: &self.config.application_id,
                now,
                timeout: self.config.entra_timeout,
            },
        }
    }

    /// Tells this site from those of other names, applications and authorities.
    pub(crate) fn binding(&self) -> &str {
        &self.binding
    }

    /// Binds a sealed value to this site.
    pub(crate) fn purpose(&self, purpose: &str) -> String {
        format!("{purpose} {}", self.binding)
    }
}

/// A hash of what tells sites apart; unlike the name, it differs between two applications in one
/// process, or with one `secret_key`.
fn binding(name: &str, config: &Settings) -> String {
    let parts = [name, &config.application_id, &config.authority.to_string()];
    // Lengths keep the parts apart, whatever they hold.
    let parts = parts.map(|part| format!("{}:{part}", part.len()));
    hex(&digest(&SHA256, parts.concat().as_bytes()).as_ref()[..16])
}

/// A [`Site`] needs a name.
#[derive(thiserror::Error)]
#[error("a site needs a name: the empty name is that of the base settings")]
pub struct UnnamedSite(());

crate::util::log::readable_debug!(UnnamedSite);

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Site").field(&self.name).finish()
    }
}

/// The application's choice of a site by the request.
pub(crate) type Resolver = Arc<dyn Fn(&HttpRequest) -> Option<Arc<Site>> + Send + Sync>;

/// The sites of the settings, and the application's choice, which takes precedence.
pub(crate) struct Sites {
    base: Option<Arc<Site>>,
    hosts: HashMap<String, Arc<Site>>,
    resolver: Option<Resolver>,
    /// The sites that the resolver chose for sign-ins, by their binding.
    chosen: RwLock<HashMap<String, Arc<Site>>>,
}

/// Most sites that are remembered: a resolver might make one for each request.
const MAX_CHOSEN: usize = 1000;

impl Sites {
    pub(crate) fn new(config: Settings, resolver: Option<Resolver>) -> Self {
        let site = |(host, config): (&String, &Config)| {
            let site = Site::named(host.clone(), config.clone());
            (host.clone(), Arc::new(site))
        };
        Self {
            hosts: config.sites.iter().map(site).collect(),
            // With sites, the base settings need not be a site themselves.
            base: (!config.enabled || !config.application_id.is_empty())
                .then(|| Arc::new(Site::named(String::new(), Config(config)))),
            resolver,
            chosen: RwLock::default(),
        }
    }

    /// The site of a request; `None` for an unknown host.
    pub(crate) fn for_request(
        &self,
        req: &HttpRequest,
        proxies: &TrustedProxies,
    ) -> Option<Arc<Site>> {
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

    /// Remembers the site of a sign-in that begins. Its callback may look different to the resolver.
    pub(crate) fn remember(&self, site: &Arc<Site>) {
        if self.resolver.is_none() {
            return;
        }
        let is_known = |chosen: &HashMap<_, _>| {
            let known = chosen.get(site.binding());
            known.is_some_and(|known| Arc::ptr_eq(known, site))
        };
        if is_known(&self.chosen.read().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let mut chosen = self.chosen.write().unwrap_or_else(PoisonError::into_inner);
        if chosen.len() < MAX_CHOSEN || chosen.contains_key(site.binding()) {
            chosen.insert(site.binding().to_owned(), Arc::clone(site));
        }
    }

    /// The sites that a callback may be of beside that of its request: what the resolver chooses for
    /// the request that began the sign-in, and what it chose before.
    pub(crate) fn for_callback(&self, login: impl FnOnce() -> HttpRequest) -> Vec<Arc<Site>> {
        let Some(resolver) = &self.resolver else {
            return Vec::new();
        };
        let now = resolver(&login());
        let chosen = self.chosen.read().unwrap_or_else(PoisonError::into_inner);
        now.into_iter().chain(chosen.values().cloned()).collect()
    }

    /// Whether a host is that of another site than this one.
    pub(crate) fn is_of_another(&self, host: &str, site: &Site) -> bool {
        let name = host.split(':').next().unwrap_or_default();
        let of_host = self.hosts.get(host).or_else(|| self.hosts.get(name));
        of_host.is_some_and(|other| other.binding() != site.binding())
    }

    /// What the names of cookies end with: where the application has a path of its host, another for
    /// each path, since cookies named `__Host-` are for the whole host.
    pub(crate) fn cookie_suffix(&self) -> String {
        let paths: BTreeSet<_> = self.known().map(|site| site.config.base_path()).collect();
        let paths: Vec<_> = paths.into_iter().filter(|path| !path.is_empty()).collect();
        if paths.is_empty() {
            return String::new();
        }
        let hash = digest(&SHA256, paths.join(" ").as_bytes());
        format!("_{}", hex(&hash.as_ref()[..4]))
    }

    /// Whether a site may have the setting `recheck`: one that the resolver makes later, too.
    #[cfg(feature = "_diesel")]
    pub(crate) fn may_recheck(&self) -> bool {
        self.resolver.is_some() || self.known().any(|site| site.config.recheck.is_some())
    }

    /// The sites that are known at start.
    pub(crate) fn known(&self) -> impl Iterator<Item = &Site> {
        self.base
            .iter()
            .chain(self.hosts.values())
            .map(|site| &**site)
    }
}
