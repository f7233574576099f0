//! Settings of single hosts, over the base settings.

use std::collections::BTreeMap;

use url::{Position, Url};

use super::{
    authority::is_loopback,
    azure::AzureVariables,
    builder::{Change, ConfigBuilder, Values},
    check::Check,
    config::Config,
    problem::{ConfigError, ConfigProblem},
};

impl Check {
    /// Checks the settings of each site with `build`, as all others.
    pub(super) fn sites(
        &mut self,
        base: &Values,
        azure: &AzureVariables,
        sites: Vec<(String, Change)>,
        build: impl Fn(ConfigBuilder) -> Result<Config, ConfigError>,
    ) -> BTreeMap<String, Config> {
        let mut checked = BTreeMap::new();
        for (host, change) in sites {
            let Some(url) = parse(&host) else {
                let help = "give the host alone, as the browser shows it";
                self.problem(&format!("sites.\"{host}\""), "it is not a host", help);
                continue;
            };
            let mut builder = changed(base, change, &url);
            builder.azure = azure.clone();
            let global = changed_globals(base, &builder).into_iter().map(|setting| {
                let help = "set it outside of `sites`";
                ConfigProblem::new(setting, "it applies to the whole process", help)
            });
            self.site_problems(&host, global.collect());
            let own = &builder.values;
            let is_other = own.application_id != base.application_id;
            if is_other && !base.application_id.is_empty() && own.inherits_secret(base) {
                let problem =
                    "it is inherited, and the application_id is another, so Entra will refuse it";
                let help = "give the site the credential of its own application";
                let warning = ConfigProblem::new("client_secret", problem, help);
                self.site_warnings(&host, vec![warning]);
            }
            match build(builder) {
                Ok(Config(mut settings)) => {
                    self.site_warnings(&host, std::mem::take(&mut settings.warnings));
                    let name = url[Position::BeforeHost..Position::AfterPort].to_owned();
                    if checked.insert(name, Config(settings)).is_some() {
                        let setting = format!("sites.\"{host}\"");
                        self.problem(&setting, "the host has two sites", "write it once");
                    }
                }
                Err(error) => self.site_problems(&host, error.problems().to_vec()),
            }
        }
        checked
    }
}

fn parse(host: &str) -> Option<Url> {
    let url = Url::parse(&format!("https://{host}/")).ok()?;
    let is_bare = url.path() == "/" && url.username().is_empty() && url.query().is_none();
    (is_bare && !host.contains(['/', '#', '@'])).then_some(url)
}

/// The base settings with the changes of a site. The base's own address is not inherited: it would
/// send people to another site's callback.
fn changed(base: &Values, change: Change, url: &Url) -> ConfigBuilder {
    let mut builder = ConfigBuilder {
        values: base.clone(),
        ..ConfigBuilder::default()
    };
    builder.values.base_url = String::new();
    builder.values.callback_domain = String::new();
    builder = match change {
        Change::Code(change) => change(builder),
        Change::Table(table) => {
            builder.apply(table, "sites", |builder, problem| {
                builder.problems.push(problem);
            });
            builder
        }
    };
    let values = &mut builder.values;
    values.drop_inherited_credentials(base);
    let has_address = !values.base_url.is_empty() || !values.callback_domain.is_empty();
    // On a loopback host, the address is unknown without its port.
    if !has_address && (!is_loopback(url) || url.port().is_some()) {
        values.callback_domain = url[Position::BeforeHost..Position::AfterPort].to_owned();
    }
    builder
}

/// The settings of the whole process that a site tries to change.
fn changed_globals(base: &Values, site: &ConfigBuilder) -> Vec<&'static str> {
    let own = &site.values;
    let changes = [
        ("secret_key", own.secret_key != base.secret_key),
        (
            "secret_key_file",
            own.secret_key_file != base.secret_key_file,
        ),
        (
            "secret_key_previous",
            own.secret_key_previous != base.secret_key_previous,
        ),
        (
            "secret_key_previous_file",
            own.secret_key_previous_file != base.secret_key_previous_file,
        ),
        (
            "trusted_proxies",
            own.trusted_proxies != base.trusted_proxies,
        ),
        ("proxy", own.proxy != base.proxy),
        ("proxy_file", own.proxy_file != base.proxy_file),
        ("ca_file", own.ca_file != base.ca_file),
        ("max_sign_ins", own.max_sign_ins != base.max_sign_ins),
        ("health_enabled", own.health_enabled != base.health_enabled),
        ("pool_size", own.pool_size != base.pool_size),
        (
            "database_timeout",
            own.database_timeout != base.database_timeout,
        ),
        ("sites", !site.sites.is_empty()),
    ];
    let changed = changes.into_iter().filter(|(_, is_changed)| *is_changed);
    changed.map(|(name, _)| name).collect()
}
