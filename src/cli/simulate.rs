//! `simulate`: who would get in, as what, by the settings as they are.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::output::{unwritable, write_json};
use crate::{
    account::{
        decide::{Decision, SignIn},
        known::KnownAccount,
        profile::Profile,
        rights::named_roles,
        user::User,
    },
    graph::profile::{GraphUser, is_same_account},
    oidc::claims::{GroupsClaim, VerifiedClaims},
    settings::{codes::Code, config::Config},
    site::{Site, Sites},
    store::{diesel::DieselStore, people::Account, user_store::UserStore},
    util::{
        clock::{Clock, SystemClock},
        log::{chain, printable},
        picture::PictureUpdate,
    },
};

/// What Microsoft would say of an account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answers {
    /// The claims of the ID token.
    claims: Map<String, Value>,
    /// The answer of Graph's `/me`; without it, Graph is unavailable.
    #[serde(default)]
    graph: Option<GraphUser>,
    /// The object ids that Graph lists where the token says that they are too many.
    #[serde(default)]
    groups: Option<Vec<String>>,
}

/// What would come of the sign-in.
#[derive(Serialize)]
struct Outcome {
    admitted: bool,
    /// `created`, `existing`, or the code of the refusal.
    outcome: &'static str,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    email: Option<String>,
    email_verified: bool,
    user_principal_name: Option<String>,
    is_guest: bool,
    is_staff: bool,
    is_superuser: bool,
    roles: Vec<String>,
    /// What the rows of the database, or the application's hooks, may change of it.
    depends: Vec<&'static str>,
}

pub(super) async fn simulate(
    file: &Path,
    site: &str,
    store: Option<DieselStore>,
    json: bool,
    out: &mut impl Write,
) -> Result<ExitCode, String> {
    let file = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let answers: Answers = serde_json::from_slice(&file).map_err(|error| {
        format!("the file is not {{\"claims\": …, \"graph\": …, \"groups\": …}}: {error}")
    })?;
    let Config(config) = Config::load().map_err(|error| error.to_string())?;
    let sites = Sites::new(config, None);
    let mut known = sites.known();
    let site = known.find(|known| known.name() == site);
    let site = site.ok_or("there is no such site in the settings")?;
    let outcome = outcome(answers, site, store).await?;
    let printed = if json {
        write_json(&outcome, out)
    } else {
        print_text(&outcome, out)
    };
    printed.map_err(|error| unwritable(&error))?;
    Ok(if outcome.admitted {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn outcome(
    answers: Answers,
    site: &Site,
    store: Option<DieselStore>,
) -> Result<Outcome, String> {
    let claims = VerifiedClaims::of_simulation(answers.claims)?;
    let groups = match claims.groups() {
        GroupsClaim::Listed(groups) => Some(groups.clone()),
        GroupsClaim::Overage => answers.groups,
    };
    let graph = answers.graph;
    if let Some(graph) = &graph
        && !is_same_account(claims.tenant_id(), claims.object_id(), &graph.id)
    {
        return Err("`graph` is another account: its `id` is not the claim `oid`".to_owned());
    }
    let (tenant, object) = (claims.tenant_id(), claims.object_id());
    let user = match &store {
        Some(store) => store.find_by_account(tenant, object).await,
        None => Ok(None),
    };
    let user = user.map_err(|error| chain(&error))?;
    let known = known(store.as_ref(), user.as_ref(), object).await?;
    let photo = PictureUpdate::Keep;
    let profile = Profile::from_claims(&claims, graph, photo, groups, &site.policy);
    let tenants = &site.config.tenants;
    let roles = named_roles(&profile, &site.policy);
    let mut outcome = Outcome {
        admitted: false,
        outcome: Code::IdTokenRefused.as_str(),
        reason: Some(format!("the tenant {tenant} is not in `tenants`")),
        email: profile.email.clone(),
        email_verified: profile.email_verified,
        user_principal_name: profile.user_principal_name.clone(),
        is_guest: profile.is_guest,
        is_staff: false,
        is_superuser: false,
        roles,
        depends: Vec::new(),
    };
    if tenants.is_empty() || tenants.contains(&tenant) {
        let now = SystemClock.now();
        let sign_in = SignIn::by_policy(Arc::new(profile), Arc::clone(&site.policy), now);
        let decision = sign_in
            .map_err(|error| chain(&error))?
            .decide_known(user.as_ref(), &known);
        outcome.decided(decision, user);
    }
    Ok(outcome)
}

/// What Graph said of the account at its last sign-in.
async fn known(
    store: Option<&DieselStore>,
    user: Option<&User>,
    object: &str,
) -> Result<KnownAccount, String> {
    let number = user.and_then(|user| user.id.as_i64());
    let (Some(store), Some(number)) = (store, number) else {
        return Ok(KnownAccount::default());
    };
    let accounts = store.accounts(number).await;
    let accounts = accounts.map_err(|error| chain(&error))?;
    let account = accounts
        .into_iter()
        .find(|account| account.object_id == object);
    Ok(account.map(KnownAccount::from).unwrap_or_default())
}

impl From<Account> for KnownAccount {
    fn from(account: Account) -> Self {
        Self {
            email: account.email,
            user_principal_name: account.user_principal_name,
            is_guest: account.is_guest,
        }
    }
}

impl Outcome {
    fn decided(&mut self, decision: Decision, user: Option<User>) {
        (self.admitted, self.reason) = (true, None);
        match decision {
            Decision::Create(new) => {
                self.outcome = "created";
                (self.is_staff, self.is_superuser) = (new.is_staff, new.is_superuser);
                let depends = [
                    (
                        new.link_by_address,
                        "`link_by_address`: the account becomes that of the only user of the address, who has none",
                    ),
                    (new.must_be_linked, "without such a user, nobody gets in"),
                    (
                        new.email_must_be_unique,
                        "`unique_email`: nobody gets in where another user has the address",
                    ),
                    (
                        new.superuser_if_first,
                        "`auto_create_first_superuser`: the first user of an empty table is a superuser",
                    ),
                ];
                let depends = depends.into_iter().filter(|(is_so, _)| *is_so);
                self.depends.extend(depends.map(|(_, words)| words));
            }
            Decision::SignIn(changes) => {
                self.outcome = "existing";
                if let Some(mut user) = user {
                    changes.apply_to(&mut user, SystemClock.now());
                    (self.is_staff, self.is_superuser) = (user.is_staff, user.is_superuser);
                }
            }
            Decision::Deny(denied) => {
                (self.admitted, self.outcome) = (false, denied.code().as_str());
                self.reason = Some(chain(&denied));
                self.roles.clear();
            }
        }
    }
}

fn print_text(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let mut line = |name: &str, value: &str| writeln!(out, "{name:<10} {}", printable(value));
    let verdict = if outcome.admitted {
        "gets in"
    } else {
        "is refused"
    };
    line("verdict", &format!("{verdict} ({})", outcome.outcome))?;
    if let Some(reason) = &outcome.reason {
        line("reason", reason)?;
    }
    let proof = if outcome.email_verified {
        "proved"
    } else {
        "not proved"
    };
    match &outcome.email {
        Some(email) => line("address", &format!("{email} ({proof})"))?,
        None => line("address", "none")?,
    }
    line(
        "name",
        outcome
            .user_principal_name
            .as_deref()
            .unwrap_or("not known"),
    )?;
    line("guest", if outcome.is_guest { "yes" } else { "no" })?;
    for depends in &outcome.depends {
        line("depends", depends)?;
    }
    if outcome.admitted {
        let rights = match (outcome.is_staff, outcome.is_superuser) {
            (_, true) => "superuser",
            (true, false) => "staff",
            (false, false) => "none",
        };
        line("rights", rights)?;
        match outcome.roles.as_slice() {
            [] => line("roles", "none")?,
            roles => line("roles", &roles.join(", "))?,
        }
    }
    Ok(())
}
