//! Settings of one host's own, over the base settings.

use std::{collections::BTreeMap, fmt, sync::Arc};

use config::{Map, Value};
use url::Url;

use super::{
    Config, ConfigBuilder, Mistake, authority::is_loopback, check, check::Check, load,
    values::Values,
};

/// What a site changes.
#[derive(Clone)]
pub(super) enum Change {
    Table(Map<String, Value>),
    Code(Arc<dyn Fn(ConfigBuilder) -> ConfigBuilder + Send + Sync>),
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A table may hold a secret.
        f.write_str("..")
    }
}

/// Takes the tables of a file: one a host.
pub(super) fn table(builder: &mut ConfigBuilder, value: Value) {
    let mistake = || {
        Mistake::new(
            "sites",
            "it is no table of tables",
            "write `[sites.\"app.example.com\"]` and settings below it",
        )
    };
    let Ok(hosts) = value.into_table() else {
        return builder.mistakes.push(mistake());
    };
    let mut hosts: Vec<_> = hosts.into_iter().collect();
    hosts.sort_by(|a, b| a.0.cmp(&b.0));
    for (host, settings) in hosts {
        match settings.into_table() {
            Ok(settings) => builder.sites.push((host, Change::Table(settings))),
            Err(_) => builder.mistakes.push(mistake()),
        }
    }
}

impl Check {
    /// The settings of each site, checked like all others.
    pub(super) fn sites(
        &mut self,
        base: &Values,
        sites: Vec<(String, Change)>,
    ) -> BTreeMap<String, Config> {
        let mut checked = BTreeMap::new();
        for (host, change) in sites {
            let Some(url) = parse(&host) else {
                let remedy = "give the host alone, as the browser shows it";
                self.mistake(&format!("sites.\"{host}\""), "it is no host", remedy);
                continue;
            };
            let builder = changed(base, change, &url);
            let shared = shared(base, &builder).into_iter().map(|setting| {
                let remedy = "set it outside of `sites`";
                Mistake::new(setting, "it is one for the whole process", remedy)
            });
            self.of_site(&host, shared.collect(), false);
            match check::check(builder) {
                Ok(Config(mut settings)) => {
                    self.of_site(&host, std::mem::take(&mut settings.warnings), true);
                    let name = url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
                    if checked.insert(name, Config(settings)).is_some() {
                        let setting = format!("sites.\"{host}\"");
                        self.mistake(&setting, "the host has two sites", "write it once");
                    }
                }
                Err(error) => self.of_site(&host, error.mistakes().to_vec(), false),
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

/// The base settings with a site's changes. Where it is, is its own: the base's address would send
/// people to another site's callback.
fn changed(base: &Values, change: Change, url: &Url) -> ConfigBuilder {
    let mut values = base.clone();
    values.base_url = String::new();
    values.callback_domain = String::new();
    let builder = ConfigBuilder {
        values,
        ..ConfigBuilder::default()
    };
    let mut builder = match change {
        Change::Code(change) => change(builder),
        Change::Table(table) => {
            let mut builder = builder;
            load::apply(&mut builder, table, |builder, mistake| {
                builder.mistakes.push(mistake);
            });
            builder
        }
    };
    let values = &mut builder.values;
    let is_placed = !values.base_url.is_empty() || !values.callback_domain.is_empty();
    // On this machine a host without its port says too little.
    if !is_placed && (!is_loopback(url) || url.port().is_some()) {
        values.callback_domain =
            url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
    }
    builder
}

/// The settings of the process that a site tries to change.
fn shared(base: &Values, site: &ConfigBuilder) -> Vec<&'static str> {
    let own = &site.values;
    [
        ("secret_key", own.secret_key != base.secret_key),
        (
            "trusted_proxies",
            own.trusted_proxies != base.trusted_proxies,
        ),
        ("max_sign_ins", own.max_sign_ins != base.max_sign_ins),
        ("pool_size", own.pool_size != base.pool_size),
        (
            "database_timeout",
            own.database_timeout != base.database_timeout,
        ),
        ("sites", !site.sites.is_empty()),
    ]
    .into_iter()
    .filter_map(|(name, is_changed)| is_changed.then_some(name))
    .collect()
}
