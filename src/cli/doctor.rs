//! `check`: the doctor.

use std::sync::Arc;

use super::{
    check_database, check_entra, check_settings, finding::Finding, instruments::Instruments,
};
use crate::{
    http_client::HttpClient,
    oidc::provider::Providers,
    settings::{config::Config, problem::ConfigProblem},
    site::Sites,
    sso::builder::network,
    util::{
        clock::{Clock, SystemClock},
        log::chain,
    },
};

/// All findings: of the settings, of Entra for each site, of the database.
pub(super) async fn check(database: Option<String>, path: &str) -> Vec<Finding> {
    let Config(config) = match Config::load() {
        Ok(config) => config,
        Err(error) => {
            let mut findings: Vec<_> = error.problems().iter().map(problem).collect();
            findings.extend(check_database::check(database));
            return findings;
        }
    };
    let mut findings = vec![Finding::ok("settings", "they can be used")];
    findings.extend(config.warnings.iter().map(warning));
    let sites = Sites::new(config.clone(), None);
    match network(&config, &sites) {
        Ok(network) => {
            let network = Arc::new(network);
            let instruments = Instruments {
                http: std::rc::Rc::new(HttpClient::new(Arc::clone(&network))),
                network,
                providers: Providers::new(Arc::new(SystemClock)),
                path: path.trim_end_matches('/').to_owned(),
            };
            for site in sites.known() {
                if !site.config.enabled {
                    findings.push(disabled().at(site.name()));
                    continue;
                }
                site.credential.log_at_start(site.name(), SystemClock.now());
                let mut of_site = check_settings::check(&instruments, site);
                of_site.extend(check_entra::check(&instruments, site).await);
                of_site.extend(check_entra::certificate(site));
                findings.extend(of_site.into_iter().map(|finding| finding.at(site.name())));
            }
        }
        Err(error) => findings.push(Finding::failure(
            "network",
            chain(&error),
            "correct it before anything else: Microsoft can't be reached",
        )),
    }
    findings.extend(check_database::check(database));
    findings
}

fn disabled() -> Finding {
    let mend = "set `enabled = true`, if that is not meant";
    Finding::warning("enabled", "`enabled` is off: nobody signs in", mend)
}

fn problem(problem: &ConfigProblem) -> Finding {
    Finding::failure("settings", said(problem), &problem.help)
}

fn warning(problem: &ConfigProblem) -> Finding {
    Finding::warning("settings", said(problem), &problem.help)
}

fn said(problem: &ConfigProblem) -> String {
    format!("`{}`: {}", problem.setting, problem.problem)
}
