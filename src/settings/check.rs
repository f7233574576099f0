//! The checks that all settings pass at start.

use std::{collections::BTreeMap, time::Duration};

use url::Url;

use super::{
    authority::{Authority, is_loopback},
    builder::Values,
    config::Settings,
    from_value::List,
    hint::Hint,
    problem::ConfigProblem,
    suggest,
    texts::Text,
};
use crate::util::next_path::NextPath;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Collects the problems while each setting gets its own type.
pub(super) struct Check {
    pub(super) problems: Vec<ConfigProblem>,
    pub(super) warnings: Vec<ConfigProblem>,
}

impl Check {
    /// Gives each setting its own type; `None` where one can't be read at all. With sites, the base
    /// settings need not be a site themselves.
    #[expect(clippy::too_many_lines, reason = "one line per setting")]
    pub(super) fn settings(&mut self, given: &Values, must_be_site: bool) -> Option<Settings> {
        let authority = self.authority(&given.authority, &given.issuer);
        let is_emulated = authority.as_ref().is_some_and(Authority::is_loopback);
        let mut credential = None;
        if given.enabled && (must_be_site || !given.application_id.is_empty()) {
            self.application(&given.application_id, is_emulated);
            credential = self.credential(given, is_emulated);
        }
        let graph_url = self.graph_url(&given.graph_url, authority.as_ref());
        let tenants = self.tenants(&given.tenants);
        let domains = self.domains(&given.allowable_domains);
        let is_site = given.enabled && !given.application_id.is_empty();
        if is_site && given.auto_create_users && given.allowable_domains.iter().next().is_none() {
            self.nobody_is_created();
        }
        let staff = self.people("staff_list", &given.staff_list);
        let superusers = self.superusers(&given.superuser_list);
        let staff_roles = self.grants("staff_roles", &given.staff_roles);
        let superuser_roles = self.grants("superuser_roles", &given.superuser_roles);
        let named_roles = self.named_roles(&given.roles);
        self.scopes(&given.scopes);
        self.limits(given);
        self.application_id_uri(&given.application_id_uri);
        let proxy = self.secret_now("proxy", &given.proxy, &given.proxy_file);
        let proxy = self.proxy(proxy.expose());
        let trusted_certificates = self.ca_file(&given.ca_file);
        let domain_hint = self.domain_hint(&given.domain_hint);
        let logo_url = self.logo(&given.logo_url);
        self.texts(given);
        let other_providers = self.other_providers(&given.other_providers);
        let admin_route = self.path("admin_route", &given.admin_route);
        let next_url = self.path("next_url", &given.next_url);
        let login_failed_url = self.path("login_failed_url", &given.login_failed_url);
        let logout_redirect_path = self.path("logout_redirect_path", &given.logout_redirect_path);
        let base_url = self.base_url(&given.base_url, &given.callback_domain);
        let trusted_proxies = self.trusted_proxies(&given.trusted_proxies);
        let is_public =
            !trusted_proxies.is_empty() || base_url.as_ref().is_some_and(|url| !is_loopback(url));
        let secret_key = self.secret_now("secret_key", &given.secret_key, &given.secret_key_file);
        self.secret_key(secret_key.expose(), is_public);
        let secret_key_previous = self.secrets_now(
            "secret_key_previous",
            &given.secret_key_previous,
            &given.secret_key_previous_file,
        );
        self.secret_key_previous(&secret_key_previous);
        if let Some(authority) = &authority {
            self.proof_of_domains(authority, &domains, &tenants);
            self.first_superuser(given, authority);
            if given.link_by_address && authority.is_multi_tenant() && tenants.is_empty() {
                let problem = "it links nobody: several tenants may sign in, and none is listed";
                self.problem("link_by_address", problem, "list the tenants in `tenants`");
            }
        }
        Some(Settings {
            enabled: given.enabled,
            application_id: given.application_id.clone(),
            application_id_uri: given.application_id_uri.clone(),
            credential,
            authority: authority?,
            tenants,
            graph_url: graph_url?,
            scopes: given.scopes.iter().map(str::to_owned).collect(),
            timeout: given.timeout,
            session_age: given.session_age,
            recheck: given.recheck,
            #[cfg(feature = "_diesel")]
            recheck_grace: given.recheck_grace,
            graph_timeout: given.graph_timeout,
            entra_timeout: given.entra_timeout,
            proxy: proxy.unwrap_or_default(),
            trusted_certificates,
            clock_leeway: given.clock_leeway,
            domains,
            auto_create_users: given.auto_create_users,
            save_basic_info: given.save_basic_info,
            save_access_token: given.save_access_token,
            always_update_user_data: given.always_update_user_data,
            unique_email: given.unique_email,
            link_by_address: given.link_by_address,
            staff,
            superusers,
            staff_roles,
            superuser_roles,
            named_roles,
            guests: given.guests,
            auto_create_first_superuser: given.auto_create_first_superuser,
            enable_messages: given.enable_messages,
            show_failed_login_message: given.show_failed_login_message,
            response_mode: given.response_mode,
            next_url: next_url?,
            login_failed_url: login_failed_url?,
            logout_redirect_path: logout_redirect_path?,
            slo_enabled: given.slo_enabled,
            prompt: given.prompt,
            domain_hint,
            admin_route: admin_route?,
            admin_enabled: given.admin_enabled,
            pages_enabled: given.pages_enabled,
            login_page_enabled: given.login_page_enabled,
            text: given.text.clone(),
            page_title: given.page_title.clone(),
            logo_url,
            language: given.language.clone(),
            texts: given.texts.clone(),
            other_providers,
            base_url,
            trusted_proxies,
            #[cfg(feature = "_diesel")]
            pool_size: given.pool_size,
            #[cfg(feature = "_diesel")]
            database_timeout: given.database_timeout,
            max_sign_ins: given.max_sign_ins,
            health_enabled: given.health_enabled,
            secret_key,
            secret_key_previous,
            sites: BTreeMap::new(),
            warnings: Vec::new(),
            given: given.clone(),
        })
    }

    pub(super) fn problem(
        &mut self,
        setting: &str,
        problem: impl Into<String>,
        help: impl Into<String>,
    ) {
        let problem = ConfigProblem::new(setting, problem, help);
        self.problems.push(problem);
    }

    pub(super) fn warning(
        &mut self,
        setting: &str,
        problem: impl Into<String>,
        help: impl Into<String>,
    ) {
        let warning = ConfigProblem::new(setting, problem, help);
        self.warnings.push(warning);
    }

    /// The problems of a site's settings, without those that it inherits.
    pub(super) fn site_problems(&mut self, host: &str, found: Vec<ConfigProblem>) {
        add_for_site(&mut self.problems, host, found);
    }

    /// Likewise its warnings.
    pub(super) fn site_warnings(&mut self, host: &str, found: Vec<ConfigProblem>) {
        add_for_site(&mut self.warnings, host, found);
    }

    fn scopes(&mut self, list: &List) {
        // RFC 6749, section 3.3: %x21 / %x23-5B / %x5D-7E
        let is_token = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        for scope in list.iter().filter(|scope| !scope.bytes().all(is_token)) {
            self.problem(
                "scopes",
                format!("`{scope}` is not one scope"),
                "separate scopes by commas, such as `User.Read,Mail.Read`",
            );
        }
    }

    fn texts(&mut self, given: &Values) {
        let names = given.texts.0.values().flat_map(|texts| texts.keys());
        for name in names.filter(|name| !Text::KEYS.contains(&name.as_str())) {
            let help = suggest::help(name, "texts", Text::KEYS);
            self.problem("texts", format!("there is no text `{name}`"), help);
        }
    }

    fn domain_hint(&mut self, text: &str) -> Option<Hint> {
        let hint = Hint::parse(text);
        if hint.is_none() && !text.is_empty() {
            let help = "give a domain, `organizations` or `consumers`";
            self.problem("domain_hint", "it is not a domain", help);
        }
        hint
    }

    fn application_id_uri(&mut self, uri: &str) {
        if !uri.is_empty() && Url::parse(uri).is_err() {
            let help =
                "copy the Application ID URI of \"Expose an API\", such as `api://contoso/reports`";
            self.problem("application_id_uri", "it is not a URI", help);
        }
    }

    fn limits(&mut self, given: &Values) {
        self.duration("timeout", given.timeout, DAY);
        self.duration("session_age", given.session_age, 365 * DAY);
        if let Some(recheck) = given.recheck {
            self.duration("recheck", recheck, DAY);
            if recheck >= given.session_age {
                let problem = "it is no shorter than `session_age`, so no session is checked";
                self.warning(
                    "recheck",
                    problem,
                    "set it to `15m`, or make sessions longer",
                );
            } else if given.save_access_token && recheck > 30 * MINUTE {
                let problem = "access tokens may end before a check renews the one in the session";
                self.warning("recheck", problem, "set it to `15m`");
            }
        }
        if given.recheck_grace > DAY {
            let help = "give a duration with its unit, such as `1h`";
            self.problem("recheck_grace", "it is longer than a day", help);
        }
        self.duration("graph_timeout", given.graph_timeout, MINUTE);
        self.duration("entra_timeout", given.entra_timeout, MINUTE);
        self.duration("database_timeout", given.database_timeout, MINUTE);
        if given.pool_size == 0 || given.pool_size > 1000 {
            self.problem(
                "pool_size",
                "it is not between 1 and 1000",
                "give a number such as `8`",
            );
        }
        if given.max_sign_ins == 0 {
            self.problem("max_sign_ins", "it is 0", "give a number such as `200`");
        }
        if given.clock_leeway > 10 * MINUTE {
            self.problem(
                "clock_leeway",
                "it is longer than 10 minutes",
                "set the machine's clock right and use `5m`",
            );
        }
    }

    fn duration(&mut self, setting: &str, value: Duration, max: Duration) {
        if value.is_zero() || value > max {
            let max = humantime::format_duration(max);
            self.problem(
                setting,
                format!("it is not between 1 s and {max}"),
                "give a duration with its unit, such as `10m`",
            );
        }
    }

    fn path(&mut self, setting: &str, text: &str) -> Option<NextPath> {
        let path = NextPath::parse(text);
        if path.is_none() {
            self.problem(
                setting,
                "it is not a path on this site",
                "give a path that begins with one `/`, such as `/welcome`",
            );
        }
        path
    }
}

fn add_for_site(list: &mut Vec<ConfigProblem>, host: &str, found: Vec<ConfigProblem>) {
    let inherited = list.len();
    for mut problem in found {
        if !list[..inherited].contains(&problem) {
            problem.setting = format!("sites.\"{host}\".{}", problem.setting);
            list.push(problem);
        }
    }
}
