//! The check that all settings pass at start: every mistake is found, not the first alone.

use std::{collections::BTreeSet, time::Duration};

use uuid::Uuid;

use super::{
    Config, ConfigBuilder, ConfigError, Domains, Mistake, Settings,
    authority::{Authority, is_domain},
    value::List,
    values::Values,
};
use crate::{
    next_path::NextPath,
    prompt::{Prompt, is_hint},
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
    } = builder;
    let mut check = Check { mistakes, warnings };
    let authority = check.authority(&values.authority);
    let loopback = authority.as_ref().is_some_and(Authority::is_loopback);
    if values.enabled {
        check.application(
            &values.application_id,
            values.client_secret.expose(),
            loopback,
        );
    }
    let graph_url = check.graph_url(&values.graph_url, authority.as_ref());
    let tenants = check.tenants(&values.tenants);
    let domains = check.domains(&values.allowable_domains);
    check.scopes(&values.scopes);
    let staff = check.people("staff_list", &values.staff_list);
    let superusers = check.superusers(&values.superuser_list);
    check.durations(&values);
    check.hints(&values);
    check.logo(&values.logo_url);
    let others = check.others(&values.other_providers);
    let next_url = check.path("next_url", &values.next_url);
    let login_failed_url = check.path("login_failed_url", &values.login_failed_url);
    let logout_redirect_path = check.path("logout_redirect_path", &values.logout_redirect_path);
    let base_url = check.base_url(&values.base_url, &values.callback_domain);
    check.secret_key(values.secret_key.expose().len(), base_url.as_ref());
    if let Some(authority) = &authority {
        check.proof_of_domains(authority, &domains, &tenants);
    }
    let Check { mistakes, warnings } = check;
    let settings = || {
        Some(Settings {
            authority: authority?,
            graph_url: graph_url?,
            tenants,
            domains,
            staff,
            superusers,
            others,
            base_url,
            next_url: next_url?,
            login_failed_url: login_failed_url?,
            logout_redirect_path: logout_redirect_path?,
            warnings,
            values,
        })
    };
    match settings() {
        Some(settings) if mistakes.is_empty() => Ok(Config(settings)),
        _ => Err(ConfigError::new(mistakes)),
    }
}

impl Check {
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

    fn tenants(&mut self, list: &List) -> BTreeSet<Uuid> {
        let mut tenants = BTreeSet::new();
        for entry in list.iter() {
            match Uuid::try_parse(entry) {
                Ok(id) => drop(tenants.insert(id)),
                Err(_) => self.mistake(
                    "tenants",
                    format!("`{entry}` is not a GUID"),
                    "list tenant ids; a domain belongs into `authority`",
                ),
            }
        }
        tenants
    }

    fn domains(&mut self, list: &List) -> Domains {
        let mut domains = BTreeSet::new();
        for entry in list.iter().filter(|entry| *entry != "*") {
            let entry = entry.to_lowercase();
            if is_domain(&entry) || is_single_label(&entry) {
                domains.insert(entry);
            } else {
                self.mistake(
                    "allowable_domains",
                    format!("`{entry}` is not a domain"),
                    "list whole domains such as `contoso.com`, or `*` alone for all",
                );
            }
        }
        match list.iter().any(|entry| entry == "*") {
            true if !domains.is_empty() => {
                self.mistake(
                    "allowable_domains",
                    "`*` stands beside other entries, which then mean nothing",
                    "list the domains, or `*` alone",
                );
                Domains::Only(domains)
            }
            true => Domains::All,
            false => Domains::Only(domains),
        }
    }

    fn superusers(&mut self, list: &List) -> BTreeSet<String> {
        let superusers = self.people("superuser_list", list);
        if superusers.contains("*") {
            let remedy = "list the people; `*` is for `staff_list`";
            self.mistake(
                "superuser_list",
                "`*` would make everybody a superuser",
                remedy,
            );
        }
        superusers
    }

    /// Addresses in lower case.
    fn people(&mut self, setting: &str, list: &List) -> BTreeSet<String> {
        let people: BTreeSet<_> = list.iter().map(str::to_lowercase).collect();
        for entry in people
            .iter()
            .filter(|entry| *entry != "*" && !entry.contains('@'))
        {
            self.mistake(
                setting,
                format!("`{entry}` is neither an e-mail address nor a user principal name"),
                "list whole addresses such as `ada@contoso.com`",
            );
        }
        people
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

    /// A mail proves nothing where any tenant may come in: say so, and what is done about it.
    fn proof_of_domains(
        &mut self,
        authority: &Authority,
        domains: &Domains,
        tenants: &BTreeSet<Uuid>,
    ) {
        let listed = matches!(domains, Domains::Only(listed) if !listed.is_empty());
        if authority.is_shared() && listed && tenants.is_empty() {
            self.warning("tenants", "`allowable_domains` is set while any tenant may sign in, and any tenant's administrator can write any mail address: a mail counts only where the user principal name has its domain, or Entra vouches for it (`xms_edov`)", "list your tenant ids, or use your tenant as `authority`");
        }
    }
}

/// An internal mail domain of one label, such as `localhost`.
fn is_single_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
