//! The list of settings: name, type, default and meaning of each in one place.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use config::{Map, Value};

use super::{
    azure::AzureVariables,
    choices::{Guests, Prompt, ResponseMode},
    from_value::{FromValue, List, Secrets},
    problem::ConfigProblem,
    texts::Texts,
};
use crate::util::secret::Secret;

/// Builds a [`Config`](crate::Config): one method per setting, then [`build`](Self::build).
#[derive(Clone, Debug, Default)]
pub struct ConfigBuilder {
    pub(super) values: Values,
    pub(super) problems: Vec<ConfigProblem>,
    pub(super) warnings: Vec<ConfigProblem>,
    pub(super) sites: Vec<(String, Change)>,
    pub(super) azure: AzureVariables,
    /// Where the values of a file or the environment come from, by their names.
    pub(super) origins: BTreeMap<String, String>,
}

/// A setting as it is shown to whoever runs the application.
#[cfg(feature = "cli")]
#[derive(serde::Serialize)]
pub(crate) struct ShownSetting {
    pub(crate) name: &'static str,
    /// As its `Debug` shows it: secrets are hidden.
    pub(crate) value: String,
    pub(crate) origin: String,
}

/// What a site changes in the base settings.
#[derive(Clone)]
pub(super) enum Change {
    Table(Map<String, Value>),
    Code(Arc<dyn Fn(ConfigBuilder) -> ConfigBuilder + Send + Sync>),
}

impl fmt::Debug for Change {
    /// A table may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl ConfigBuilder {
    /// Each setting, and where it comes from.
    #[cfg(feature = "cli")]
    pub(crate) fn shown(&self) -> Vec<ShownSetting> {
        let shown = self.values.shown().into_iter();
        let shown = shown.map(|(name, value)| ShownSetting {
            name,
            value,
            origin: self
                .origins
                .get(name)
                .map_or_else(|| "default".to_owned(), Clone::clone),
        });
        shown.collect()
    }

    /// Settings of one host, over all others: `contoso.app.example`, with a port if the browser
    /// shows one. In a file it is a table, `[sites."contoso.app.example"]`.
    ///
    /// Without a `base_url` of its own, the site is at `https://` the host. The host is that of the
    /// request, or the one that a proxy in `trusted_proxies` forwards. Without an `application_id`
    /// in the base settings, other hosts are refused (421).
    ///
    /// ```
    /// # use microsoft_sso::Config;
    /// # let secret_key = "tests-9fQ2xLr7Vb0kWz4JmYcT8uHsNdGe1PoAi6RtKqXw3MvBy5ZlEhUjCpSgDn";
    /// let config = Config::builder()
    ///     .secret_key(secret_key)
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
        self.sites
            .push((host.into(), Change::Code(Arc::new(settings))));
        self
    }
}

/// Declares each setting once: its field, its builder method, and its name in a file or the
/// environment.
macro_rules! settings {
    ($( $(#[$doc:meta])* $name:ident: $type:ty = $default:expr; )*) => {
        /// The settings as given, not checked.
        #[derive(Clone, Debug)]
        pub(super) struct Values { $( pub(super) $name: $type, )* }

        impl Default for Values {
            fn default() -> Self {
                Self { $( $name: $default, )* }
            }
        }

        impl Values {
            /// The name of each setting.
            pub(super) const NAMES: &'static [&'static str] = &[$( stringify!($name), )*];

            /// Each with its name, secrets hidden.
            #[cfg(feature = "cli")]
            fn shown(&self) -> Vec<(&'static str, String)> {
                vec![$( (stringify!($name), format!("{:?}", self.$name)), )*]
            }

            /// Sets one by name, from a file or the environment.
            pub(super) fn set(&mut self, name: &str, value: &Value) -> Result<(), String> {
                match name {
                    $( stringify!($name) => {
                        self.$name = <$type as FromValue>::from_value(value)?;
                        Ok(())
                    } )*
                    _ => Err("there is no setting of this name".to_owned()),
                }
            }
        }

        /// One method per setting.
        impl ConfigBuilder {
            $( $(#[$doc])*
            #[must_use]
            pub fn $name(mut self, $name: impl Into<$type>) -> Self {
                self.values.$name = $name.into();
                self
            } )*
        }
    };
}

settings! {
    /// Whether users can sign in with Microsoft. When `false`, `login/` and `callback/` answer 404
    /// and no other setting is required. Default: `true`.
    enabled: bool = true;
    /// The application (client) id of the app registration, a GUID. Required.
    application_id: String = String::new();
    /// The application ID URI of the app registration, such as `api://contoso/reports`, where access tokens for
    /// the application's own API ([`ApiCaller`](crate::ApiCaller)) may name it as their audience. Default:
    /// empty, which takes the application id alone.
    application_id_uri: String = String::new();
    /// The client secret: its *value*, not its id. Required, unless `client_secret_file`,
    /// `client_certificate`, `federated_token_file` or `managed_identity` is set.
    client_secret: Secret = Secret::default();
    /// The file of the client secret, instead of `client_secret`. It is read at each sign-in.
    client_secret_file: String = String::new();
    /// The client secret that is to replace `client_secret`. It is tried in the same sign-in where Entra
    /// refuses the other one. Default: empty.
    client_secret_next: Secret = Secret::default();
    /// Its file, instead of `client_secret_next`.
    client_secret_next_file: String = String::new();
    /// A PEM file with an RSA key and its certificate, which proves the application to Entra instead of
    /// a secret. It is read again when it changes. It goes before all other credentials.
    /// Default: empty.
    client_certificate: String = String::new();
    /// The file of a token that another issuer signs, as Kubernetes does for a service account, and that
    /// a federated credential of the app registration admits. It is read at each sign-in. Default:
    /// `AZURE_FEDERATED_TOKEN_FILE`, if no credential is set; then `AZURE_CLIENT_ID`,
    /// `AZURE_TENANT_ID` and `AZURE_AUTHORITY_HOST` stand in for `application_id` and `authority`, too.
    federated_token_file: String = String::new();
    /// The client id of a user-assigned managed identity that a federated credential of the app
    /// registration admits. Default: empty.
    managed_identity: String = String::new();
    /// Which accounts may sign in: a tenant id, a verified domain, `common`, `organizations`,
    /// `consumers`, or a full URL such as `https://login.microsoftonline.us/common`.
    /// Default: `https://login.microsoftonline.com/common`.
    authority: String = String::new();
    /// The issuer of ID tokens (`iss`), where it stands on another host than the authority, such as
    /// `https://id.contoso.com/{tenantid}/v2.0`; a tenant id may stand for `{tenantid}` where one tenant
    /// comes in. Default: empty, which is an issuer of the authority's host or cloud.
    issuer: String = String::new();
    /// The tenant ids (GUIDs) whose accounts may sign in. Default: empty, which is every tenant that
    /// the authority admits.
    tenants: List = List::default();
    /// Microsoft Graph with its version, such as `https://graph.microsoft.com/v1.0`.
    /// Default: empty, which is the Graph of the authority's cloud.
    graph_url: String = String::new();
    /// The scopes of the access token; `openid profile email` are always added.
    ///
    /// Default: `["User.Read"]`, the least that reads one's own profile and photo, for work and
    /// personal accounts alike. `User.ReadBasic.All`, which django-microsoft-sso requests, lets the
    /// application read everybody's basic profile, leaves out the language, and doesn't exist for
    /// personal accounts.
    scopes: List = List::from(["User.Read"]);
    /// Longest duration of a sign-in, from `login/` to `callback/`. Default: 10 minutes.
    timeout: Duration = Duration::from_secs(600);
    /// Lifetime of a session. Default: 1 hour.
    session_age: Duration = Duration::from_secs(3600);
    /// How long an account is taken to be as it was: at the first request after that, Entra is asked again
    /// whether the user may still be signed in, and their rights and roles follow. It keeps a refresh token
    /// for each session, sealed, in the database. Default: none, which asks at the sign-in alone.
    recheck: Option<Duration> = None;
    /// How long a session goes on while Entra can't be asked again, from the first such failure on.
    /// Default: 1 hour.
    recheck_grace: Duration = Duration::from_secs(3600);
    /// Time limit of one request to Microsoft Graph, to the last byte of its response.
    /// Default: 10 seconds.
    graph_timeout: Duration = Duration::from_secs(10);
    /// Time limit of one request to Entra (metadata, keys, token), to the last byte of its response.
    /// Default: 10 seconds.
    entra_timeout: Duration = Duration::from_secs(10);
    /// The proxy for the requests to Microsoft, `http://host:port` or `https://host:port`, with
    /// `user:password@` before the host where it asks for them; `off` uses none. `NO_PROXY` holds for
    /// it, too. Default: empty, which is the proxy of `HTTPS_PROXY` or `ALL_PROXY`, if there is one.
    proxy: Secret = Secret::default();
    /// The file of the proxy's address, instead of `proxy`. Read at start.
    proxy_file: String = String::new();
    /// A PEM file of certificates that are trusted beside the system's, such as that of a company that
    /// inspects TLS. Read at start. Default: empty.
    ca_file: String = String::new();
    /// How far the clocks of Microsoft and this machine may differ, for `exp`, `nbf` and `iat`.
    /// Default: 5 minutes.
    clock_leeway: Duration = Duration::from_secs(300);
    /// The e-mail domains whose accounts become users: whole domains without `@`, case-insensitive;
    /// `*` is all. Default: empty, which creates no user.
    allowable_domains: List = List::default();
    /// Whether an account that signs in for the first time becomes a user. Default: `true`.
    auto_create_users: bool = true;
    /// Whether to store picture, Microsoft's id and locale in the table `microsoft_sso_users`.
    /// When `false`, the photo is not fetched. Default: `true`.
    save_basic_info: bool = true;
    /// Whether to keep the access token in the session, under
    /// [`ACCESS_TOKEN_KEY`](crate::ACCESS_TOKEN_KEY). Default: `false`.
    save_access_token: bool = false;
    /// Whether every sign-in updates first name, last name and a proved e-mail address, and not only
    /// the first. Default: `false`.
    always_update_user_data: bool = false;
    /// Whether an account that signs in for the first time is linked to the one active user who has its
    /// address, proved, and no account. Only for members of the tenants in `tenants`, or of the only tenant.
    /// Default: `false`.
    link_by_address: bool = false;
    /// Whether to refuse a new user whose e-mail address another user has, without regard to ASCII
    /// case. An address that isn't proved to be that user's doesn't count. Default: `false`.
    unique_email: bool = false;
    /// Staff, by full e-mail address or user principal name, case-insensitive; `*` is everybody but
    /// guests. Applied at every sign-in; removal revokes. Default: empty, which leaves `is_staff`
    /// alone.
    staff_list: List = List::default();
    /// Superusers (who are staff, too), likewise, without `*`. Default: empty, which leaves
    /// `is_superuser` alone.
    superuser_list: List = List::default();
    /// App roles (the claim `roles`) and groups that make a user staff: a GUID is the object id of a
    /// group, anything else the value of an app role. Applied at every sign-in, together with
    /// `staff_list`. Where several tenants may sign in, only those in `tenants` count.
    /// Default: empty.
    staff_roles: List = List::default();
    /// App roles and groups that make a user a superuser, likewise. Default: empty.
    superuser_roles: List = List::default();
    /// The application's own names for app roles and groups, each `name=role` or `name=group id`;
    /// check them with [`Identity::has_role`](crate::Identity::has_role). Default: empty.
    roles: List = List::default();
    /// What to do with guests of the tenant (`#EXT#` in their user principal name).
    /// Default: [`Guests::ByDomain`].
    guests: Guests = Guests::ByDomain;
    /// Whether the first user of an empty table becomes a superuser. It has no effect when
    /// `superuser_list` or `superuser_roles` is set, and warns at start where several tenants may sign
    /// in: anybody who signs in first becomes the superuser. Default: `false`.
    auto_create_first_superuser: bool = false;
    /// Whether to leave messages for the next page. Default: `true`.
    enable_messages: bool = true;
    /// Whether the message tells the person why the sign-in failed, or only that it failed.
    /// Default: `true`.
    show_failed_login_message: bool = true;
    /// How the authorization response comes back; [`ResponseMode::FormPost`] keeps the code out of
    /// URLs, and so out of the logs of proxies. Default: [`ResponseMode::Query`].
    response_mode: ResponseMode = ResponseMode::Query;
    /// The page after a sign-in that asked for no page: a path on this site. Default: `/`.
    next_url: String = "/".to_owned();
    /// The page after a failed sign-in, which shows the reason: a path on this site that requires no
    /// sign-in. Default: `/`.
    login_failed_url: String = "/".to_owned();
    /// Whether signing out also signs out at Microsoft. Default: `false`.
    slo_enabled: bool = false;
    /// What Entra asks of everybody who signs in. A link can't weaken it: only `prompt=login` in a
    /// link goes before [`Prompt::SelectAccount`], and a silent sign-in goes on without signing in.
    /// Default: none, which leaves it to Entra.
    prompt: Option<Prompt> = None;
    /// The tenant's domain, `organizations` or `consumers`, which spares the person a question. A
    /// link's own `domain_hint` takes precedence where the authority is one tenant. Default: empty.
    domain_hint: String = String::new();
    /// The path of the application's administration; all paths below it belong to it.
    /// Default: `/admin`.
    admin_route: String = "/admin".to_owned();
    /// Whether a sign-in may lead to the administration; when `false`, one that asks for a page there
    /// is refused. Default: `true`.
    admin_enabled: bool = true;
    /// Whether a sign-in may lead to pages outside of the administration, likewise.
    /// Default: `true`.
    pages_enabled: bool = true;
    /// Whether there is a stock login page, at the scope itself (`/microsoft_sso/`).
    /// Default: `true`.
    login_page_enabled: bool = true;
    /// The text of the button on the stock login page. Default: `Sign in with Microsoft`.
    text: String = "Sign in with Microsoft".to_owned();
    /// The title of the stock login page. Default: `Sign in`.
    page_title: String = "Sign in".to_owned();
    /// A picture above the title: a path on this site, or a `data:` URL. Default: none.
    logo_url: String = String::new();
    /// The language tag of the settings `text` and `page_title`, used where `Accept-Language` matches
    /// no language in `texts`. Default: `en`.
    language: String = "en".to_owned();
    /// Translations or other wordings: in a file a table per language, `[texts.de]`, with the names
    /// of the texts. `Accept-Language` chooses. Default: none, which is English.
    texts: Texts = Texts::new();
    /// Other ways to sign in, listed below the button: each `Name=/path`. Default: empty.
    other_providers: List = List::default();
    /// The page after signing out: a path on this site. Default: `/`.
    logout_redirect_path: String = "/".to_owned();
    /// The public address of the application, such as `https://app.example.com`; the redirect URI
    /// is made from it, and `login/` at another host goes to it first. With a path
    /// (`https://example.com/shop`), which the proxy takes away, redirects and links have it, too.
    /// Default: empty, which takes the request's `Host`, but only on a loopback
    /// address (`localhost`, `127.0.0.1`, `[::1]`).
    base_url: String = String::new();
    /// The public host name alone, with a port if there is one; means `https://` that host, or
    /// `http://` on a loopback host. `base_url` takes precedence. Default: empty.
    callback_domain: String = String::new();
    /// The networks of the reverse proxies whose `X-Forwarded-Proto` and `X-Forwarded-Host` are
    /// trusted, such as `10.0.0.0/8`; in a list the first entry counts. Set them also with a
    /// `base_url`: they tell which site a request is for, and by `X-Forwarded-For` which client it
    /// comes from. Default: empty, which trusts none.
    trusted_proxies: List = List::default();
    /// Most connections to the database that [`DieselStore::connect`](crate::DieselStore::connect)
    /// opens; SQLite has one, whatever is set. Default: 8.
    pool_size: u32 = 8;
    /// Time limit of one piece of database work, half of which may be the wait for a connection.
    /// Default: 10 seconds.
    database_timeout: Duration = Duration::from_secs(10);
    /// Limits concurrent sign-ins of the process, from the callback on. Ten times as many wait in a
    /// queue, for 5 seconds at most; the excess gets 503. Each sign-in uses up to three connections:
    /// keep it below a third of the process's limit of file descriptors. Default: 200.
    max_sign_ins: u32 = 200;
    /// Whether `health/` says to anybody how sign-in does in this process. Default: `false`.
    health_enabled: bool = false;
    /// The key that seals what the browser carries: 64 bytes or more of random text, the same on
    /// all nodes. Default: empty, which makes one at random at each start, with a warning; it is
    /// required when `base_url` names a public host, and with `trusted_proxies`.
    secret_key: Secret = Secret::default();
    /// The file of the key, instead of `secret_key`. Read at start: all nodes change their key in steps.
    secret_key_file: String = String::new();
    /// Keys that were `secret_key` before. What they sealed is still opened, and nothing new is sealed
    /// with them. Default: empty.
    secret_key_previous: Secrets = Secrets::default();
    /// The file of these keys, one a line, instead of `secret_key_previous`. Read at start.
    secret_key_previous_file: String = String::new();
}
