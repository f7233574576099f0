//! What the emulated Entra knows, shared by its server and its handles.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicUsize},
};

use actix_web::dev::ServiceRequest;
use chrono::{TimeDelta, Utc};

use super::{
    fault::{Endpoint, Fault},
    keys::Keys,
    people::{Person, stock},
    token::TokenParts,
};

/// Most codes, tokens and requests that are remembered.
const MOST: usize = 20_000;

/// One request that arrived.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query.
    pub query: String,
    /// The endpoint, if it is one.
    pub endpoint: Option<Endpoint>,
    /// The value of `User-Agent`.
    pub user_agent: String,
}

/// What a code stands for.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) person: Person,
    pub(super) tenant_path: String,
    pub(super) redirect_uri: String,
    pub(super) nonce: String,
    pub(super) scope: String,
    pub(super) challenge: String,
    pub(super) issued_at: i64,
    pub(super) redeemed: bool,
}

type Tamper = Arc<dyn Fn(&mut TokenParts) + Send + Sync>;

pub(super) struct State {
    pub(super) base: String,
    pub(super) keys: Keys,
    pub(super) people: Vec<Person>,
    pub(super) tamper: Option<Tamper>,
    pub(super) offset: TimeDelta,
    pub(super) access_token_length: usize,
    grants: HashMap<String, Grant>,
    /// Whose, by tenant and object id, and for which scopes.
    tokens: HashMap<String, (String, String, String)>,
    order: VecDeque<(String, String)>,
    faults: HashMap<Endpoint, (Fault, usize)>,
    requests: VecDeque<Request>,
}

/// The state behind its lock, and the number of connections.
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) connections: Arc<AtomicUsize>,
}

impl Shared {
    pub(super) fn new(base: String, keys: Keys, connections: Arc<AtomicUsize>) -> Self {
        let state = State {
            base,
            keys,
            people: stock(),
            tamper: None,
            offset: TimeDelta::zero(),
            access_token_length: 1800,
            grants: HashMap::new(),
            tokens: HashMap::new(),
            order: VecDeque::new(),
            faults: HashMap::new(),
            requests: VecDeque::new(),
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
        #[expect(clippy::disallowed_methods)]
        let now = Utc::now();
        (now + self.offset).timestamp()
    }

    /// Records a request, and says what is to go wrong with it.
    pub(super) fn arrive(
        &mut self,
        req: &ServiceRequest,
        endpoint: Option<Endpoint>,
    ) -> Option<Fault> {
        if self.requests.len() >= MOST {
            self.requests.pop_front();
        }
        let user_agent = req.headers().get("user-agent");
        let user_agent = user_agent.and_then(|value| value.to_str().ok());
        self.requests.push_back(Request {
            method: req.method().to_string(),
            path: req.path().to_owned(),
            query: req.query_string().to_owned(),
            endpoint,
            user_agent: user_agent.unwrap_or_default().to_owned(),
        });
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

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.iter().cloned().collect()
    }

    pub(super) fn clear_requests(&mut self) {
        self.requests.clear();
    }

    pub(super) fn person(&self, username: &str) -> Option<&Person> {
        self.people
            .iter()
            .find(|person| person.user_principal_name.eq_ignore_ascii_case(username))
    }

    pub(super) fn remember_code(&mut self, code: &str, grant: Grant) {
        self.forget_oldest();
        self.order.push_back((code.to_owned(), String::new()));
        self.grants.insert(code.to_owned(), grant);
    }

    pub(super) fn grant(&mut self, code: &str) -> Option<&mut Grant> {
        self.grants.get_mut(code)
    }

    pub(super) fn remember_token(&mut self, token: &str, person: &Person, scope: &str) {
        self.forget_oldest();
        self.order.push_back((String::new(), token.to_owned()));
        let key = (person.tenant.clone(), person.oid.clone(), scope.to_owned());
        self.tokens.insert(token.to_owned(), key);
    }

    fn forget_oldest(&mut self) {
        if self.order.len() >= MOST
            && let Some((code, token)) = self.order.pop_front()
        {
            self.grants.remove(&code);
            self.tokens.remove(&token);
        }
    }

    /// Whether an access token is for a scope.
    pub(super) fn has_scope(&self, token: &str, wanted: &str) -> bool {
        let scopes = self.tokens.get(token).map(|(_, _, scopes)| scopes.as_str());
        scopes.is_some_and(|scopes| scopes.split(' ').any(|scope| scope.ends_with(wanted)))
    }

    /// Whose access token it is.
    pub(super) fn bearer(&self, token: &str) -> Option<&Person> {
        let (tenant, oid, _) = self.tokens.get(token)?;
        let is = |person: &&Person| person.tenant == *tenant && person.oid == *oid;
        self.people.iter().find(is)
    }
}
