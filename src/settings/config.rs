//! The settings, checked.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use rustls::pki_types::CertificateDer;
use url::{Origin, Url};
use uuid::Uuid;

use super::{
    authority::Authority,
    builder::{ConfigBuilder, Values},
    choices::{Guests, Prompt, ResponseMode},
    credential::CredentialSettings,
    grants::{Grants, NamedRoles},
    hint::Hint,
    problem::ConfigProblem,
    texts::Texts,
    trusted_proxies::TrustedProxies,
};
use crate::util::{next_path::NextPath, proxy_url::ProxySetting, secret::Secret};

/// The settings, checked.
///
/// [`Config::builder`] makes them in code, [`Config::load`] from a file and the environment. The
/// methods of [`ConfigBuilder`] document each setting.
///
/// ```
/// use std::time::Duration;
///
/// let config = microsoft_sso::Config::builder()
///     .application_id("00001111-aaaa-2222-bbbb-3333cccc4444")
///     .client_secret("the value of the client secret")
///     .authority("contoso.onmicrosoft.com")
///     .allowable_domains(["contoso.com"])
///     .session_age(Duration::from_secs(8 * 3600))
///     .build()?;
/// # Ok::<(), microsoft_sso::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Config(pub(crate) Settings);

/// The settings in types of their own: what a [`Config`] holds.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) enabled: bool,
    pub(crate) application_id: String,
    pub(crate) application_id_uri: String,
    /// None where nobody signs in.
    pub(crate) credential: Option<CredentialSettings>,
    pub(crate) authority: Authority,
    pub(crate) tenants: BTreeSet<Uuid>,
    pub(crate) graph_url: Url,
    pub(crate) scopes: Vec<String>,
    pub(crate) timeout: Duration,
    pub(crate) session_age: Duration,
    pub(crate) recheck: Option<Duration>,
    #[cfg(feature = "_diesel")]
    pub(crate) recheck_grace: Duration,
    pub(crate) graph_timeout: Duration,
    pub(crate) entra_timeout: Duration,
    pub(crate) proxy: ProxySetting,
    pub(crate) trusted_certificates: Vec<CertificateDer<'static>>,
    pub(crate) clock_leeway: Duration,
    pub(crate) domains: Domains,
    pub(crate) auto_create_users: bool,
    pub(crate) save_basic_info: bool,
    pub(crate) save_access_token: bool,
    pub(crate) always_update_user_data: bool,
    pub(crate) unique_email: bool,
    pub(crate) link_by_address: bool,
    /// Addresses as they are compared, or `*`.
    pub(crate) staff: BTreeSet<String>,
    /// Addresses as they are compared.
    pub(crate) superusers: BTreeSet<String>,
    pub(crate) staff_roles: Grants,
    pub(crate) superuser_roles: Grants,
    pub(crate) named_roles: NamedRoles,
    pub(crate) guests: Guests,
    pub(crate) auto_create_first_superuser: bool,
    pub(crate) enable_messages: bool,
    pub(crate) show_failed_login_message: bool,
    pub(crate) response_mode: ResponseMode,
    pub(crate) next_url: NextPath,
    pub(crate) login_failed_url: NextPath,
    pub(crate) logout_redirect_path: NextPath,
    pub(crate) slo_enabled: bool,
    pub(crate) prompt: Option<Prompt>,
    pub(crate) domain_hint: Option<Hint>,
    pub(crate) admin_route: NextPath,
    pub(crate) admin_enabled: bool,
    pub(crate) pages_enabled: bool,
    pub(crate) login_page_enabled: bool,
    pub(crate) text: String,
    pub(crate) page_title: String,
    pub(crate) logo_url: Option<String>,
    pub(crate) language: String,
    pub(crate) texts: Texts,
    /// Names and paths of other ways to sign in.
    pub(crate) other_providers: Vec<(String, NextPath)>,
    pub(crate) base_url: Option<Url>,
    pub(crate) trusted_proxies: TrustedProxies,
    #[cfg(feature = "_diesel")]
    pub(crate) pool_size: u32,
    #[cfg(feature = "_diesel")]
    pub(crate) database_timeout: Duration,
    pub(crate) max_sign_ins: u32,
    pub(crate) health_enabled: bool,
    pub(crate) secret_key: Secret,
    pub(crate) secret_key_previous: Vec<Secret>,
    /// The settings of each host that has its own.
    pub(crate) sites: BTreeMap<String, Config>,
    pub(crate) warnings: Vec<ConfigProblem>,
    /// As they were given, for `Debug`.
    pub(super) given: Values,
}

/// Which e-mail domains may have an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Domains {
    All,
    Only(BTreeSet<String>),
}

impl Config {
    /// Settings made in code, from their defaults.
    pub fn builder() -> ConfigBuilder {
        ConfigBuilder::default()
    }

    /// The setting `enabled`: whether users can sign in. If not, hide the button.
    pub fn enabled(&self) -> bool {
        self.0.enabled
    }
}

impl Settings {
    /// The origin of the application, where `base_url` is set.
    pub(crate) fn origin(&self) -> Option<Origin> {
        self.base_url.as_ref().map(Url::origin)
    }

    /// The path of the application on its host, as the browser sees it: empty, or `/shop`.
    pub(crate) fn base_path(&self) -> &str {
        let path = self.base_url.as_ref().map_or("", Url::path);
        path.trim_end_matches('/')
    }

    /// Whether cookies are for https alone, where `base_url` is set.
    pub(crate) fn is_https(&self) -> Option<bool> {
        self.base_url.as_ref().map(|url| url.scheme() == "https")
    }
}

impl fmt::Debug for Config {
    /// Secrets are redacted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.given.fmt(f)
    }
}
