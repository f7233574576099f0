//! The check that all settings pass at start: every mistake is found, not the first alone.

use std::time::Duration;

use super::{
    Config, ConfigBuilder, ConfigError, Mistake, ResponseMode, Settings,
    authority::{Authority, is_loopback},
    sites::Change,
    value::List,
    values::Values,
};
use crate::{
    next_path::NextPath,
    prompt::{Prompt, is_hint},
    text::Text,
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Collects the mistakes while each setting is read into its own type.
pub(super) struct Check {
    mistakes: Vec<Mistake>,
    warnings: Vec<Mistake>,
}

pub(super) fn check(builder: ConfigBuilder) -> Result<Config, ConfigError> {
    let ConfigBuilder {
        values,
        mistakes,
        warnings,
        sites,
    } = builder;
    let mut check = Check { mistakes, warnings };
    let settings = check.settings(values, sites);
    let Check { mistakes, warnings } = check;
    match settings {
        Some(mut settings) if mistakes.is_empty() => {
            settings.warnings = warnings;
            Ok(Config(settings))
        }
        _ => Err(ConfigError::new(mistakes)),
    }
}

impl Check {
    /// Reads each setting into its own type; `None` where one can't be read at all.
    fn settings(&mut self, values: Values, sites: Vec<(String, Change)>) -> Option<Settings> {
        let authority = self.authority(&values.authority);
        // With sites, the settings around them need not be a site themselves.
        let is_site = sites.is_empty() || !values.application_id.is_empty();
        if values.enabled && is_site {
            self.application(
                &values.application_id,
                values.client_secret.expose(),
                authority.as_ref().is_some_and(Authority::is_loopback),
            );
        }
        let graph_url = self.graph_url(&values.graph_url, authority.as_ref());
        let tenants = self.tenants(&values.tenants);
        let domains = self.domains(&values.allowable_domains);
        let staff = self.people("staff_list", &values.staff_list);
        let superusers = self.superusers(&values.superuser_list);
        let staff_roles = self.grants("staff_roles", &values.staff_roles);
        let superuser_roles = self.grants("superuser_roles", &values.superuser_roles);
        let named_roles = self.named_roles(&values.roles);
        let guests = self.guests(&values.guests);
        let response_mode = self.response_mode(&values.response_mode);
        self.plain(&values);
        let others = self.others(&values.other_providers);
        let admin_route = self.path("admin_route", &values.admin_route);
        let next_url = self.path("next_url", &values.next_url);
        let login_failed_url = self.path("login_failed_url", &values.login_failed_url);
        let logout_redirect_path = self.path("logout_redirect_path", &values.logout_redirect_path);
        let base_url = self.base_url(&values.base_url, &values.callback_domain);
        let proxies = self.trusted_proxies(&values.trusted_proxies);
        let is_public =
            !proxies.is_empty() || base_url.as_ref().is_some_and(|url| !is_loopback(url));
        self.secret_key(values.secret_key.expose().len(), is_public);
        if let Some(authority) = &authority {
            self.proof_of_domains(authority, &domains, &tenants);
        }
        // After all others, so that what a site inherits is said once.
        let sites = self.sites(&values, sites);
        Some(Settings {
            authority: authority?,
            graph_url: graph_url?,
            tenants,
            domains,
            staff,
            superusers,
            staff_roles,
            superuser_roles,
            named_roles,
            guests: guests?,
            response_mode: response_mode?,
            others,
            base_url,
            admin_route: admin_route?,
            next_url: next_url?,
            login_failed_url: login_failed_url?,
            logout_redirect_path: logout_redirect_path?,
            proxies,
            sites,
            warnings: Vec::new(),
            values,
        })
    }

    /// The settings that stay as they are given.
    fn plain(&mut self, values: &Values) {
        self.scopes(&values.scopes);
        self.durations(values);
        self.hints(values);
        self.logo(&values.logo_url);
        let names = values.texts.0.values().flat_map(|texts| texts.keys());
        for name in names.filter(|name| !Text::KEYS.contains(&name.as_str())) {
            let remedy = format!("the texts are: {}", Text::KEYS.join(", "));
            self.mistake("texts", format!("there is no text `{name}`"), remedy);
        }
    }

    pub(super) fn mistake(
        &mut self,
        setting: &str,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.mistakes.push(Mistake::new(setting, problem, remedy));
    }

    pub(super) fn warning(
        &mut self,
        setting: &str,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.warnings.push(Mistake::new(setting, problem, remedy));
    }

    /// What a site's settings have wrong, but for what they inherit.
    pub(super) fn of_site(&mut self, host: &str, found: Vec<Mistake>, is_warning: bool) {
        let list = match is_warning {
            true => &mut self.warnings,
            false => &mut self.mistakes,
        };
        let known = list.len();
        for mut mistake in found {
            if !list[..known].contains(&mistake) {
                mistake.setting = format!("sites.\"{host}\".{}", mistake.setting);
                list.push(mistake);
            }
        }
    }

    fn scopes(&mut self, list: &List) {
        for scope in list.iter() {
            // RFC 6749, section 3.3: %x21 / %x23-5B / %x5D-7E
            if !scope
                .bytes()
                .all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
            {
                self.mistake(
                    "scopes",
                    format!("`{scope}` is not one scope"),
                    "separate scopes by commas, such as `User.Read,Mail.Read`",
                );
            }
        }
    }

    fn hints(&mut self, values: &Values) {
        if !values.prompt.is_empty() && Prompt::of_setting(&values.prompt).is_none() {
            let remedy = "use `login`, `consent` or `select_account`, or leave it out";
            self.mistake(
                "prompt",
                "Entra doesn't know it, or it can't be for everybody",
                remedy,
            );
        }
        if !values.domain_hint.is_empty() && !is_hint(&values.domain_hint) {
            let remedy = "give a domain, `organizations` or `consumers`";
            self.mistake("domain_hint", "it is not a domain", remedy);
        }
    }

    fn response_mode(&mut self, text: &str) -> Option<ResponseMode> {
        let modes = [ResponseMode::Query, ResponseMode::FormPost];
        let mode = modes.into_iter().find(|mode| mode.as_str() == text);
        if mode.is_none() {
            let remedy = "use `query` or `form_post`";
            self.mistake("response_mode", "there is no such mode", remedy);
        }
        mode
    }

    fn durations(&mut self, values: &Values) {
        const MINUTE: Duration = Duration::from_secs(60);
        self.duration("timeout", values.timeout, DAY);
        self.duration("session_age", values.session_age, 365 * DAY);
        self.duration("graph_timeout", values.graph_timeout, MINUTE);
        self.duration("entra_timeout", values.entra_timeout, MINUTE);
        self.duration("database_timeout", values.database_timeout, MINUTE);
        if values.pool_size == 0 || values.pool_size > 1000 {
            self.mistake(
                "pool_size",
                "it is not between 1 and 1000",
                "give a number such as `8`",
            );
        }
        if values.max_sign_ins == 0 {
            self.mistake("max_sign_ins", "it is 0", "give a number such as `200`");
        }
        if values.clock_leeway > 10 * MINUTE {
            self.mistake(
                "clock_leeway",
                "it is longer than 10 minutes",
                "set the machine's clock right and use `5m`",
            );
        }
    }

    fn duration(&mut self, setting: &str, value: Duration, most: Duration) {
        if value.is_zero() || value > most {
            let most = humantime::format_duration(most);
            self.mistake(
                setting,
                format!("it is not between 1 s and {most}"),
                "give a duration with its unit, such as `10m`",
            );
        }
    }

    fn path(&mut self, setting: &str, text: &str) -> Option<NextPath> {
        let path = NextPath::parse(text);
        if path.is_none() {
            self.mistake(
                setting,
                "it is not a path on this site",
                "give a path that begins with one `/`, such as `/welcome`",
            );
        }
        path
    }
}
