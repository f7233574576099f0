//! The typed settings, where they come from, and the check they all pass at start.

mod authority;
mod check;
mod check_addresses;
mod check_people;
mod load;
mod mistake;
mod sites;
#[cfg(test)]
mod tests;
mod value;
mod values;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Deref,
    path::Path,
    sync::Arc,
};

pub(crate) use authority::{Authority, PERSONAL_TENANT, is_loopback, is_secure};
pub use mistake::{ConfigError, Mistake};
use url::{Origin, Url};
use uuid::Uuid;
pub use value::List;
use values::Values;

use crate::{
    account::{Grants, NamedRoles},
    next_path::NextPath,
    proxy::TrustedProxies,
};

/// The settings, checked.
///
/// Made with [`Config::builder`] in code, or with [`Config::load`] from a file and the
/// environment. Each setting is documented at its method of [`ConfigBuilder`].
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

/// The settings, checked and in types of their own: what a [`Config`] holds.
#[derive(Clone)]
pub(crate) struct Settings {
    values: Values,
    pub(crate) authority: Authority,
    pub(crate) graph_url: Url,
    pub(crate) tenants: BTreeSet<Uuid>,
    pub(crate) domains: Domains,
    /// Addresses in lower case.
    pub(crate) staff: BTreeSet<String>,
    /// Addresses in lower case.
    pub(crate) superusers: BTreeSet<String>,
    pub(crate) staff_roles: Grants,
    pub(crate) superuser_roles: Grants,
    pub(crate) named_roles: NamedRoles,
    pub(crate) guests: Guests,
    pub(crate) response_mode: ResponseMode,
    /// Names and paths of other ways to sign in.
    pub(crate) others: Vec<(String, NextPath)>,
    pub(crate) base_url: Option<Url>,
    pub(crate) admin_route: NextPath,
    pub(crate) next_url: NextPath,
    pub(crate) login_failed_url: NextPath,
    pub(crate) logout_redirect_path: NextPath,
    pub(crate) proxies: TrustedProxies,
    /// The settings of each host that has its own.
    pub(crate) sites: BTreeMap<String, Config>,
    pub(crate) warnings: Vec<Mistake>,
}

/// Which e-mail domains may have an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Domains {
    All,
    Only(BTreeSet<String>),
}

/// How Entra's answer comes back (OAuth 2.0 Multiple Response Type Encoding Practices, section 2.1;
/// OAuth 2.0 Form Post Response Mode).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseMode {
    Query,
    FormPost,
}

impl ResponseMode {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }
}

/// What becomes of a tenant's guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guests {
    ByDomain,
    Allowed,
    Refused,
}

impl Config {
    /// Settings made in code, from their defaults.
    pub fn builder() -> ConfigBuilder {
        ConfigBuilder::default()
    }

    /// Settings from the environment: `MICROSOFT_SSO_APPLICATION_ID` and so on, each named after
    /// the setting. Where `MICROSOFT_SSO_CONFIG` names a TOML file, that is read first, and the
    /// environment goes before it.
    ///
    /// # Errors
    /// All mistakes at once, each with the setting, what is wrong and how to mend it.
    pub fn load() -> Result<Self, ConfigError> {
        Self::builder().environment().build()
    }
}

impl Settings {
    /// The origin that the application is reached at, where that is a setting.
    pub(crate) fn origin(&self) -> Option<Origin> {
        self.base_url.as_ref().map(Url::origin)
    }

    /// Whether cookies are only for https, where that is known from the settings.
    pub(crate) fn is_https(&self) -> Option<bool> {
        self.base_url.as_ref().map(|url| url.scheme() == "https")
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.values.fmt(f)
    }
}

impl Deref for Settings {
    type Target = Values;

    fn deref(&self) -> &Values {
        &self.values
    }
}

/// Builds a [`Config`]: one method a setting, then [`build`](Self::build).
#[derive(Clone, Debug, Default)]
pub struct ConfigBuilder {
    pub(crate) values: Values,
    mistakes: Vec<Mistake>,
    warnings: Vec<Mistake>,
    sites: Vec<(String, sites::Change)>,
}

impl ConfigBuilder {
    /// Reads the environment: each variable `MICROSOFT_SSO_<NAME>` that is set. Lists are
    /// separated by commas, durations carry their unit (`10m`).
    #[must_use]
    pub fn environment(mut self) -> Self {
        load::environment(&mut self);
        self
    }

    /// Reads a TOML file: the settings stand at its top, or in its table `[microsoft_sso]`.
    #[must_use]
    pub fn file(mut self, path: impl AsRef<Path>) -> Self {
        load::file(&mut self, path.as_ref());
        self
    }

    /// Settings of one host's own, over all the others: `contoso.app.example`, with a port if the
    /// browser shows one. In a file it is a table, `[sites."contoso.app.example"]`.
    ///
    /// Without a `base_url` of its own, the site is at `https://` the host. The host is that of
    /// the request, or what a proxy in `trusted_proxies` says it is. Where the settings around
    /// the sites have no `application_id`, other hosts are refused (421).
    ///
    /// ```
    /// # use microsoft_sso::Config;
    /// let config = Config::builder()
    ///     .secret_key("k".repeat(64))
    ///     .site("contoso.app.example", |site| {
    ///         site.authority("contoso.com")
    ///             .application_id("00001111-aaaa-2222-bbbb-3333cccc4444")
    ///             .client_secret("the value of the client secret")
    ///     })
    ///     .build()?;
    /// # Ok::<(), microsoft_sso::ConfigError>(())
    /// ```
    #[must_use]
    pub fn site(
        mut self,
        host: impl Into<String>,
        settings: impl Fn(Self) -> Self + Send + Sync + 'static,
    ) -> Self {
        let change = sites::Change::Code(Arc::new(settings));
        self.sites.push((host.into(), change));
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// All mistakes at once, those of reading the file and the environment among them.
    pub fn build(self) -> Result<Config, ConfigError> {
        check::check(self)
    }
}
