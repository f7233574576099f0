//! Whom the demo signs in: people of an emulated tenant, of the real Microsoft, or nobody.

use std::error::Error;

use microsoft_sso::{Config, ConfigError, testing::FakeEntra};

pub(crate) enum SignIn {
    /// The settings have no application id.
    Emulated(FakeEntra),
    Microsoft,
    /// The settings say `enabled = false`.
    SwitchedOff,
}

/// The settings, from the environment and the file that it names. Without an application id they
/// get those of an emulated tenant.
pub(crate) fn settings() -> Result<(Config, SignIn), Box<dyn Error>> {
    let config = match Config::load() {
        Ok(config) => config,
        Err(error) if lacks_application_id(&error) => return emulated(),
        Err(error) => return Err(error.into()),
    };
    let sign_in = if config.enabled() {
        SignIn::Microsoft
    } else {
        SignIn::SwitchedOff
    };
    Ok((config, sign_in))
}

fn lacks_application_id(error: &ConfigError) -> bool {
    let mut problems = error.problems().iter();
    problems
        .any(|problem| problem.setting == "application_id" && problem.problem == "it is missing")
}

/// Who lives in the emulated tenant signs in there, whatever authority the environment names.
fn emulated() -> Result<(Config, SignIn), Box<dyn Error>> {
    let entra = FakeEntra::start()?;
    let settings = Config::builder().allowable_domains(["*"]).environment();
    let config = settings
        .authority(entra.authority("common"))
        .graph_url(entra.graph_url())
        .application_id(entra.application_id())
        .client_secret(entra.client_secret())
        .build()?;
    Ok((config, SignIn::Emulated(entra)))
}
