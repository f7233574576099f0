//! The settings, one place each: name, type, default and meaning.

use std::time::Duration;

use super::value::{FromValue, List};
use crate::{secret::Secret, text::Texts};

/// Declares the settings once: the struct that holds them, the builder's methods, and the names
/// that a file or the environment may use.
macro_rules! settings {
    ($( $(#[$doc:meta])* $name:ident: $type:ty = $default:expr; )*) => {
        /// The settings as they were given, not checked.
        #[derive(Clone, Debug)]
        pub(crate) struct Values { $( pub(crate) $name: $type, )* }

        impl Default for Values {
            fn default() -> Self {
                Self { $( $name: $default, )* }
            }
        }

        impl Values {
            /// The name of each setting.
            pub(crate) const NAMES: &'static [&'static str] = &[$( stringify!($name), )*];

            /// Sets one by name, from a file or the environment.
            pub(crate) fn set(&mut self, name: &str, value: &config::Value) -> Result<(), String> {
                match name {
                    $( stringify!($name) => {
                        self.$name = <$type as FromValue>::from_value(value)?;
                        Ok(())
                    } )*
                    _ => Err("there is no setting of this name".to_owned()),
                }
            }
        }

        /// One method a setting.
        impl super::ConfigBuilder {
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
    /// Whether people can sign in with Microsoft. When `false`, `login/` and `callback/` answer
    /// 404 and no other setting is required. Default: `true`.
    enabled: bool = true;
    /// The application (client) id of the app registration, a GUID. Required.
    application_id: String = String::new();
    /// The client secret: its *value*, not its id. Required.
    client_secret: Secret = Secret::default();
    /// Who may sign in: a tenant id, a verified domain, `common`, `organizations`, `consumers`,
    /// or a full URL such as `https://login.microsoftonline.us/common`.
    /// Default: `https://login.microsoftonline.com/common`.
    authority: String = "https://login.microsoftonline.com/common".to_owned();
    /// The tenant ids (GUIDs) whose people may sign in. Default: empty, which is any tenant that
    /// the authority lets in.
    tenants: List = List::default();
    /// Microsoft Graph with its version, such as `https://graph.microsoft.com/v1.0`.
    /// Default: empty, which takes the Graph of the authority's cloud.
    graph_url: String = String::new();
    /// The scopes of the access token; `openid profile email` are always added.
    ///
    /// Default: `["User.Read"]`, the least that reads one's own profile and photo, for work and
    /// personal accounts alike. `User.ReadBasic.All`, which the Python package asks for, lets the
    /// application read everybody's basic profile, leaves out the language, and doesn't exist for
    /// personal accounts.
    scopes: List = List::from(["User.Read"]);
    /// How long a sign-in under way may take. Default: 10 minutes.
    timeout: Duration = Duration::from_secs(600);
    /// How long a person stays signed in. Default: 1 hour.
    session_age: Duration = Duration::from_secs(3600);
    /// How long one answer of Microsoft Graph may take, to its last byte. Default: 10 seconds.
    graph_timeout: Duration = Duration::from_secs(10);
    /// How long one answer of Entra (metadata, keys, token) may take, to its last byte.
    /// Default: 10 seconds.
    entra_timeout: Duration = Duration::from_secs(10);
    /// How far the clocks of Microsoft and this machine may differ, for `exp`, `nbf` and `iat`
    /// alike. Default: 5 minutes.
    clock_leeway: Duration = Duration::from_secs(300);
    /// The e-mail domains of the people who may have an account, whole and without `@`; letter
    /// case doesn't matter; `*` is all. Default: empty, which creates nobody.
    allowable_domains: List = List::default();
    /// Whether somebody who signs in for the first time gets an account. Default: `true`.
    auto_create_users: bool = true;
    /// Whether the table `microsoft_sso_users` is kept: picture, Microsoft's id, locale.
    /// When `false` the photo isn't even asked for. Default: `true`.
    save_basic_info: bool = true;
    /// Whether the access token is put into the session, under
    /// [`ACCESS_TOKEN_KEY`](crate::ACCESS_TOKEN_KEY). Default: `false`.
    save_access_token: bool = false;
    /// Whether first name, last name and e-mail are written at every sign-in, and not only when
    /// the account is created. Default: `false`.
    always_update_user_data: bool = false;
    /// Whether an account is refused to a newcomer whose e-mail another account has already.
    /// Default: `false`.
    unique_email: bool = false;
    /// Whose users are staff, by e-mail or user principal name, whole, letter case aside; `*` is
    /// everybody. When it isn't empty it decides at every sign-in: who is taken off it is no
    /// longer staff. Default: empty, which leaves `is_staff` alone.
    staff_list: List = List::default();
    /// Whose users are superusers (and so staff), likewise, without `*`. Default: empty, which
    /// leaves `is_superuser` alone.
    superuser_list: List = List::default();
    /// The app roles (the claim `roles`) and groups that make a person staff: an entry that is a
    /// GUID is a group's object id, any other an app role's value. It decides at every sign-in,
    /// together with `staff_list`. Where many tenants may sign in, those of `tenants` alone
    /// count. Default: empty.
    staff_roles: List = List::default();
    /// The app roles and groups that make a person a superuser, likewise. Default: empty.
    superuser_roles: List = List::default();
    /// Names of the application's own for app roles and groups, each `name=role` or
    /// `name=group id`, to be asked for with [`Identity::has_role`](crate::Identity::has_role).
    /// Default: empty.
    roles: List = List::default();
    /// What becomes of guests of the tenant (`#EXT#` in their user principal name): `by_domain`
    /// asks for the domain of their own address, as for everybody; `allowed` lets in all whom the
    /// tenant has invited; `refused` lets in none. Default: `by_domain`.
    guests: String = "by_domain".to_owned();
    /// Whether the first user created, while there is no superuser, becomes one. It has no say
    /// when `superuser_list` is set. Default: `false`.
    auto_create_first_superuser: bool = false;
    /// Whether messages are left for the next page at all. Default: `true`.
    enable_messages: bool = true;
    /// Whether the reason is shown to the person when signing in failed; when `false` they read
    /// only that it failed. Default: `true`.
    show_failed_login_message: bool = true;
    /// How Entra's answer comes back: `query`, or `form_post`, which keeps the code out of URLs and
    /// so out of the logs of proxies. Default: `query`.
    response_mode: String = "query".to_owned();
    /// Where a person goes after signing in when no page was asked for: a path on this site.
    /// Default: `/`.
    next_url: String = "/".to_owned();
    /// Where a person goes when signing in failed, to read why: a path on this site that needs no
    /// sign-in. Default: `/`.
    login_failed_url: String = "/".to_owned();
    /// Whether signing out here signs the person out at Microsoft, too. Default: `false`.
    slo_enabled: bool = false;
    /// What Entra asks of everybody who signs in: `login` (the password again), `consent` or
    /// `select_account`. A link's own `prompt` goes before it. Default: empty, which leaves it to
    /// Entra.
    prompt: String = String::new();
    /// The tenant's domain, or `organizations` or `consumers`, so that Entra need not ask which.
    /// A link's own `domain_hint` goes before it. Default: empty.
    domain_hint: String = String::new();
    /// Where the application's administration is: this path and all below it.
    /// Default: `/admin`.
    admin_route: String = "/admin".to_owned();
    /// Whether a sign-in may lead to the administration. When `false`, one that asks for a page
    /// there is refused. Default: `true`.
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
    /// A picture above the title: a path on this site, or a `data:` URL. Default: empty, which is
    /// none.
    logo_url: String = String::new();
    /// The language of the settings `text` and `page_title`, as a language tag; a person whose
    /// browser wants none of the others is spoken to in it. Default: `en`.
    language: String = "en".to_owned();
    /// What people read, in other languages or in other words: in a file a table for each
    /// language, `[texts.de]`, with the names of the texts. The browser's `Accept-Language` chooses.
    /// Default: none, which is English.
    texts: Texts = Texts::new();
    /// Other ways to sign in, listed below the button: each `Name=/path`. Default: empty.
    other_providers: List = List::default();
    /// Where a person goes after signing out: a path on this site. Default: `/`.
    logout_redirect_path: String = "/".to_owned();
    /// The public origin of the application, such as `https://app.example.com`; the redirect URI
    /// is made from it. Default: empty, which takes the request's `Host`, but only on a loopback
    /// address (`localhost`, `127.0.0.1`, `[::1]`).
    base_url: String = String::new();
    /// The public host name alone, with a port if there is one; means `https://` that host, or
    /// `http://` on a loopback host. `base_url` goes before it. Default: empty.
    callback_domain: String = String::new();
    /// The networks of the reverse proxies whose `X-Forwarded-Proto` and `X-Forwarded-Host` are
    /// believed, such as `10.0.0.0/8`; of a list, the first. Default: empty, which believes
    /// nobody. With `base_url` set they only tell which of the sites a request is for.
    trusted_proxies: List = List::default();
    /// How many connections to the database are open at most, in a store made by
    /// [`DieselStore::connect_with`](crate::DieselStore::connect_with); SQLite has one, whatever is
    /// set. Default: 8.
    pool_size: u32 = 8;
    /// How long one piece of work in that store may take, the wait for a connection included;
    /// half of it may be that wait. Default: 10 seconds.
    database_timeout: Duration = Duration::from_secs(10);
    /// How many sign-ins the process carries out at once, from the callback on. Ten times as
    /// many wait in line, for 5 seconds at most; all others are asked to try again in a moment
    /// (503). Each takes up to three connections, so keep it below a third of the file descriptors
    /// that the process may open. Default: 200.
    max_sign_ins: u32 = 200;
    /// The key that seals what the browser carries: 64 bytes or more of random text, the same on
    /// all nodes. Default: empty, which makes one at random at each start, with a warning, and is
    /// refused when `base_url` names a public host.
    secret_key: Secret = Secret::default();
}
