//! The state that all workers share, and how it is put together.

use std::{
    any::TypeId,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_session::{
    SessionMiddleware,
    config::{CookieContentSecurity, PersistentSession},
    storage::SessionStore,
};
use actix_web::{
    HttpRequest,
    cookie::{Key, SameSite, time},
};
use actix_web_flash_messages::FlashMessagesFramework;
use rustls::ClientConfig;

use crate::{
    audit::{self, SignOut},
    clock::{Clock, SystemClock},
    cookies,
    entra::{http, provider::Providers},
    flash::SealedMessages,
    flights::Flights,
    hooks::Hooks,
    places::Places,
    proxy::TrustedProxies,
    seal::{Sealer, derive_key, random},
    secret::Secret,
    session_middleware::SsoSessionMiddleware,
    settings::Config,
    site::{Resolver, Site, Sites},
    store::{Sessions, StoreError, UserId, UserStore},
};

/// The plugin's shared state: one for the process, put into app data.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let config = microsoft_sso::Config::builder()
/// #     .application_id("00001111-aaaa-2222-bbbb-3333cccc4444").client_secret("s").build()?;
/// use actix_web::web::Data;
/// use microsoft_sso::{DieselStore, MicrosoftSso};
///
/// let store = DieselStore::connect("sqlite://:memory:")?;
/// let sso = Data::new(MicrosoftSso::builder(config).store(store).build()?);
/// # Ok(())
/// # }
/// ```
pub struct MicrosoftSso {
    pub(crate) sites: Sites,
    pub(crate) proxies: TrustedProxies,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: Arc<dyn UserStore>,
    pub(crate) hooks: Option<Arc<dyn Hooks>>,
    pub(crate) providers: Providers,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) flights: Flights,
    pub(crate) places: Places,
    pub(crate) starts: AtomicUsize,
    pub(crate) sessions_in_cookie: AtomicBool,
    session_key: Key,
    session_age: Duration,
}

/// Puts a [`MicrosoftSso`] together.
pub struct Builder {
    config: Config,
    clock: Arc<dyn Clock>,
    store: Option<Arc<dyn UserStore>>,
    hooks: Option<Arc<dyn Hooks>>,
    sites: Option<Resolver>,
}

/// The plugin can't be put together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no user store.
    #[error(
        "there is no user store: add `.store(DieselStore::connect(url)?)`, or a store of your own, to the builder"
    )]
    NoStore,
    /// The TLS client can't be made.
    #[error("the TLS client can't be made")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The system has no trusted certificates.
    #[error(
        "the system has no trusted certificates, so Microsoft can't be called: install them (Debian: `ca-certificates`) or set SSL_CERT_FILE"
    )]
    NoRoots,
    /// The system's source of random bytes failed.
    #[error("the system's source of random bytes failed")]
    Random,
}

impl MicrosoftSso {
    /// Begins with the settings.
    pub fn builder(config: Config) -> Builder {
        Builder {
            config,
            clock: Arc::new(SystemClock),
            store: None,
            hooks: None,
            sites: None,
        }
    }

    /// The user store.
    pub fn store(&self) -> &dyn UserStore {
        &*self.store
    }

    /// Ends all sessions of a user, on all their devices, and returns how many there were.
    ///
    /// It reaches sessions in the database ([`DieselSessions`](crate::DieselSessions)), or
    /// wherever the user store's [`end_sessions`](UserStore::end_sessions) looks; those in Redis
    /// or in cookies last until they expire.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn sign_out_everywhere(&self, user: &UserId) -> Result<usize, StoreError> {
        let ended = self
            .store
            .end_sessions(Sessions::OfUser(user.clone()))
            .await?;
        audit::signed_out(SignOut::Application, Some(user), None, ended);
        Ok(ended)
    }

    /// A session middleware with the right cookie: `HttpOnly`, `SameSite=Lax` (a `Strict` one
    /// would not come back from Microsoft), `Secure` and named `__Host-…` when `base_url` is
    /// https, good for `session_age`, sealed with a key derived from `secret_key`.
    ///
    /// While the store is away, people get a page that says so (503).
    ///
    /// A session cookie store holds no access token that is too large for it: that is said at
    /// start and again when it happens, and the person is signed in without the token.
    pub fn session_middleware<S: SessionStore + 'static>(
        &self,
        store: S,
    ) -> SsoSessionMiddleware<S> {
        if TypeId::of::<S>() == TypeId::of::<actix_session::storage::CookieSessionStore>() {
            let first = !self.sessions_in_cookie.swap(true, Ordering::Relaxed);
            let saved = |site: &Site| site.config.save_access_token;
            if first && self.sites.known().any(saved) {
                tracing::warn!(
                    "`save_access_token` is on and sessions are kept in a cookie: most access tokens are too large for one and will not be saved; use a server-side session store"
                );
            }
        }
        let age = time::Duration::try_from(self.session_age);
        let age = age.unwrap_or(time::Duration::MAX);
        let secure = self.sites.are_https();
        let middleware = SessionMiddleware::builder(store, self.session_key.clone())
            .cookie_name(cookies::name("microsoft_sso_session", secure))
            .cookie_path("/".to_owned())
            .cookie_http_only(true)
            .cookie_same_site(SameSite::Lax)
            .cookie_secure(secure)
            .cookie_content_security(CookieContentSecurity::Private)
            .session_lifecycle(PersistentSession::default().session_ttl(age))
            .build();
        SsoSessionMiddleware::new(middleware)
    }

    /// The middleware that shows why a sign-in failed, once, on the next page: read it there with
    /// the extractor [`IncomingFlashMessages`](crate::IncomingFlashMessages).
    pub fn flash_messages(&self) -> FlashMessagesFramework {
        let messages = SealedMessages::new(Arc::clone(&self.sealer), self.sites.are_https());
        FlashMessagesFramework::builder(messages).build()
    }
}

impl Builder {
    /// Where users are kept.
    #[must_use]
    pub fn store(mut self, store: impl UserStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// What the application adds to a sign-in. By default, nothing.
    #[must_use]
    pub fn hooks(mut self, hooks: impl Hooks) -> Self {
        self.hooks = Some(Arc::new(hooks));
        self
    }

    /// Chooses the settings by the request, before the tables of the settings do; `None` leaves
    /// it to them.
    ///
    /// It runs several times in a request and must not block: keep the sites in memory, and the
    /// same [`Site`] for the same settings. Whatever it goes by (`Host`, a path) is the client's
    /// to write; two sites are kept apart by their names.
    #[must_use]
    pub fn sites(
        mut self,
        resolver: impl Fn(&HttpRequest) -> Option<Arc<Site>> + Send + Sync + 'static,
    ) -> Self {
        self.sites = Some(Arc::new(resolver));
        self
    }

    /// What tells the time. By default, the clock of the machine.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Puts it together. It calls nobody: the application starts while Microsoft can't be reached.
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
        } = self;
        let store = store.ok_or(BuildError::NoStore)?;
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        let secret = if config.secret_key.is_empty() {
            let random = random::<64>().map_err(|_| BuildError::Random)?;
            Secret::new(crate::picture::hex(&random))
        } else {
            config.secret_key.clone()
        };
        let secret = secret.expose().as_bytes();
        let sealer = Sealer::new(secret).map_err(|_| BuildError::Random)?;
        let session_key = derive_key::<64>(secret, "session").map_err(|_| BuildError::Random)?;
        let (tls, roots) = http::tls().map_err(|error| BuildError::Tls(error.into()))?;
        let sites = Sites::new(config.clone(), sites);
        let ages = sites.known().map(|site| site.config.session_age);
        let session_age = ages.max().unwrap_or(config.session_age);
        let is_emulated = |site: &Site| site.config.authority.is_loopback();
        if roots == 0 && !sites.known().all(is_emulated) {
            return Err(BuildError::NoRoots);
        }
        let first = random::<8>().map_err(|_| BuildError::Random)?;
        Ok(MicrosoftSso {
            proxies: config.proxies.clone(),
            providers: Providers::new(Arc::clone(&clock)),
            session_key: Key::from(&session_key),
            session_age,
            sealer: Arc::new(sealer),
            sites,
            clock,
            store,
            hooks,
            tls,
            flights: Flights::default(),
            places: Places::new(config.max_sign_ins),
            starts: AtomicUsize::new(usize::from(first[0])),
            sessions_in_cookie: AtomicBool::new(false),
        })
    }
}
