//! The state that an emulated Entra's server and its handles share.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicUsize},
};

use actix_web::dev::ServiceRequest;
use chrono::TimeDelta;

use super::{
    bounded_map::BoundedMap,
    default_people::default_people,
    endpoint::{Endpoint, Fault},
    id_token::TokenParts,
    issued::{AccessToken, CodeGrant},
    keys::Keys,
    person::Person,
    refresh_grant::{Accounts, RefreshGrant},
    registered_certificate::RegisteredCertificate,
    registration::CLIENT_SECRET,
    request_log::RequestLog,
};
use crate::util::clock::{Clock, SystemClock};

type Tamper = Arc<dyn Fn(&mut TokenParts) + Send + Sync>;

pub(super) struct State {
    pub(super) base_url: String,
    /// With `{tenantid}`, where it isn't on this host.
    pub(super) issuer: Option<String>,
    /// Whether the signing key is the application's own.
    pub(super) has_application_key: bool,
    pub(super) keys: Keys,
    pub(super) people: Vec<Person>,
    pub(super) tamper: Option<Tamper>,
    pub(super) clock_offset: TimeDelta,
    pub(super) access_token_length: usize,
    pub(super) client_secret: String,
    pub(super) certificates: Vec<RegisteredCertificate>,
    /// The `jti` of assertions that were used.
    pub(super) assertion_ids: BoundedMap<()>,
    pub(super) codes: BoundedMap<CodeGrant>,
    pub(super) access_tokens: BoundedMap<AccessToken>,
    pub(super) refresh_tokens: BoundedMap<RefreshGrant>,
    pub(super) accounts: Accounts,
    pub(super) optional_claims: Vec<String>,
    pub(super) has_api_tokens_v1: bool,
    pub(super) requests: RequestLog,
    /// Each with the number of requests it still applies to.
    faults: HashMap<Endpoint, (Fault, usize)>,
}

/// The state behind its lock, and the number of connections.
pub(super) struct SharedState {
    state: Mutex<State>,
    pub(super) connections: Arc<AtomicUsize>,
}

impl SharedState {
    pub(super) fn new(base_url: String, keys: Keys, connections: Arc<AtomicUsize>) -> Self {
        let state = State {
            base_url,
            issuer: None,
            has_application_key: false,
            keys,
            people: default_people(),
            tamper: None,
            clock_offset: TimeDelta::zero(),
            access_token_length: 1800,
            client_secret: CLIENT_SECRET.to_owned(),
            certificates: Vec::new(),
            assertion_ids: BoundedMap::default(),
            codes: BoundedMap::default(),
            access_tokens: BoundedMap::default(),
            refresh_tokens: BoundedMap::default(),
            accounts: Accounts::default(),
            optional_claims: Vec::new(),
            has_api_tokens_v1: false,
            requests: RequestLog::default(),
            faults: HashMap::new(),
        };
        Self {
            state: Mutex::new(state),
            connections,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Seconds since 1970, by the emulated Microsoft's clock.
    pub(super) fn now(&self) -> i64 {
        (SystemClock.now() + self.clock_offset).timestamp()
    }

    /// The issuer of a tenant's tokens, or the template.
    pub(super) fn issuer(&self, tenant: &str) -> String {
        match &self.issuer {
            Some(template) => template.replace("{tenantid}", tenant),
            None => format!("{}/{tenant}/v2.0", self.base_url),
        }
    }

    /// Logs a request and returns the fault to apply to it.
    pub(super) fn log_request(&mut self, req: &ServiceRequest) -> Option<Fault> {
        let endpoint = Endpoint::from_path(req.path());
        self.requests.push(req, endpoint);
        let (fault, times) = self.faults.get_mut(&endpoint?)?;
        if *times == 0 {
            return None;
        }
        *times = times.saturating_sub(1);
        Some(fault.clone())
    }

    pub(super) fn set_fault(&mut self, endpoint: Endpoint, fault: Fault, times: usize) {
        self.faults.insert(endpoint, (fault, times));
    }

    pub(super) fn clear_faults(&mut self) {
        self.faults.clear();
    }

    pub(super) fn person(&self, username: &str) -> Option<&Person> {
        self.people
            .iter()
            .find(|person| person.user_principal_name.eq_ignore_ascii_case(username))
    }

    /// The person whom an access token was issued for.
    pub(super) fn token_owner(&self, access_token: &str) -> Option<&Person> {
        let token = self.access_tokens.get(access_token)?;
        if token.expires_at() <= self.now() {
            return None;
        }
        self.people.iter().find(|person| token.is_of(person))
    }

    /// Whether an access token includes a scope, given without its resource.
    pub(super) fn has_scope(&self, access_token: &str, scope: &str) -> bool {
        let token = self.access_tokens.get(access_token);
        token.is_some_and(|token| token.has_scope(scope))
    }
}
