//! The handle on an emulated Entra.

use std::{
    io,
    net::ToSocketAddrs,
    sync::{Arc, atomic::Ordering},
};

use actix_web::{dev::ServerHandle, web::Data};
use chrono::TimeDelta;

use super::{
    authorize::AuthorizeRequest,
    fault::{Endpoint, Fault},
    keys::Keys,
    people::Person,
    server,
    state::{Request, Shared},
    token::TokenParts,
};

/// The application that is registered in the emulated tenants.
pub const APPLICATION_ID: &str = "00001111-aaaa-2222-bbbb-3333cccc4444";
/// Its client secret.
pub const CLIENT_SECRET: &str = "emulated-client-secret.~_-";

/// An emulated Entra and Graph: a handle on a server of this process. Cloning it is cheap; the
/// server stops when the last handle is dropped.
#[derive(Clone)]
pub struct FakeEntra {
    state: Data<Shared>,
    server: Arc<Server>,
}

struct Server(ServerHandle);

impl Drop for Server {
    fn drop(&mut self) {
        // The command is sent at once; nobody has to wait for it.
        drop(self.0.stop(false));
    }
}

impl FakeEntra {
    /// Starts one on a free port of this machine.
    ///
    /// # Errors
    /// No port can be bound.
    pub fn start() -> io::Result<Self> {
        Self::start_on(("127.0.0.1", 0))
    }

    /// Starts one on an address.
    ///
    /// # Errors
    /// The address can't be bound.
    pub fn start_on(address: impl ToSocketAddrs) -> io::Result<Self> {
        let addresses: Vec<_> = address.to_socket_addrs()?.collect();
        let (state, handle) = server::start(&addresses, |address, connections| {
            let keys = Keys::new().map_err(io::Error::other)?;
            Ok(Shared::new(format!("http://{address}"), keys, connections))
        })?;
        Ok(Self {
            state,
            server: Arc::new(Server(handle)),
        })
    }

    /// Its base URL, such as `http://127.0.0.1:40000`.
    pub fn url(&self) -> String {
        self.state.lock().base.clone()
    }

    /// Sets the base URL that it takes itself to be at, such as that of a proxy before it.
    pub fn set_url(&self, url: &str) {
        url.trim_end_matches('/')
            .clone_into(&mut self.state.lock().base);
    }

    /// The setting `authority` for a tenant path: `common`, a tenant id, a domain.
    pub fn authority(&self, tenant: &str) -> String {
        format!("{}/{tenant}", self.url())
    }

    /// The setting `graph_url`.
    pub fn graph_url(&self) -> String {
        format!("{}/v1.0", self.url())
    }

    /// The setting `application_id`.
    pub fn application_id(&self) -> &'static str {
        APPLICATION_ID
    }

    /// The setting `client_secret`.
    pub fn client_secret(&self) -> &'static str {
        CLIENT_SECRET
    }

    /// The people of all tenants.
    pub fn people(&self) -> Vec<Person> {
        self.state.lock().people.clone()
    }

    /// Adds a person; one of the same tenant and object id is replaced.
    pub fn add_person(&self, person: Person) {
        let mut state = self.state.lock();
        state
            .people
            .retain(|old| (&old.tenant, &old.oid) != (&person.tenant, &person.oid));
        state.people.push(person);
    }

    /// Changes a person, given their object id.
    pub fn update_person(&self, oid: &str, change: impl FnOnce(&mut Person)) {
        let mut state = self.state.lock();
        if let Some(person) = state.people.iter_mut().find(|person| person.oid == oid) {
            change(person);
        }
    }

    /// Signs with a new key from now on; the old one is no longer published.
    pub fn rotate_keys(&self) {
        self.state.lock().keys.rotate();
    }

    /// Changes each ID token before it is signed, until [`Self::clear_tamper`].
    pub fn tamper(&self, tamper: impl Fn(&mut TokenParts) + Send + Sync + 'static) {
        self.state.lock().tamper = Some(Arc::new(tamper));
    }

    /// Signs honest tokens again.
    pub fn clear_tamper(&self) {
        self.state.lock().tamper = None;
    }

    /// Lets something go wrong at an endpoint, until [`Self::clear_faults`].
    pub fn fault(&self, endpoint: Endpoint, fault: Fault) {
        self.fault_times(endpoint, fault, usize::MAX);
    }

    /// Lets something go wrong at an endpoint so many times.
    pub fn fault_times(&self, endpoint: Endpoint, fault: Fault, times: usize) {
        self.state.lock().set_fault(endpoint, fault, times);
    }

    /// Lets nothing go wrong any more.
    pub fn clear_faults(&self) {
        self.state.lock().clear_faults();
    }

    /// The requests that arrived, oldest first; of very many, the last ones.
    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().requests()
    }

    /// Forgets the requests that arrived.
    pub fn clear_requests(&self) {
        self.state.lock().clear_requests();
    }

    /// How many requests arrived at an endpoint.
    pub fn count(&self, endpoint: Endpoint) -> usize {
        let requests = self.requests();
        let at = requests
            .iter()
            .filter(|request| request.endpoint == Some(endpoint));
        at.count()
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Sets how far the emulated Microsoft's clock is ahead of this machine's.
    pub fn set_clock_offset(&self, offset: TimeDelta) {
        self.state.lock().offset = offset;
    }

    /// Sets the length of access tokens, in bytes; 1800 at the start.
    pub fn set_access_token_length(&self, length: usize) {
        self.state.lock().access_token_length = length;
    }

    /// Does what clicking a person in the account picker does: given the URL that `login/`
    /// redirects to, returns the one that Entra redirects back to.
    ///
    /// # Errors
    /// What Entra would show on its own page, such as an unknown person or redirect URI.
    pub fn sign_in(&self, authorize_url: &str, username: &str) -> Result<String, String> {
        let request = AuthorizeRequest::of_url(authorize_url)?;
        let answer = request.sign_in(&mut self.state.lock(), username)?;
        Ok(answer.url())
    }

    /// Refuses a sign-in: returns the URL that Entra redirects back to with an error.
    ///
    /// # Errors
    /// What Entra would show on its own page, such as an unknown redirect URI.
    pub fn refuse(
        &self,
        authorize_url: &str,
        error: &str,
        description: &str,
    ) -> Result<String, String> {
        let request = AuthorizeRequest::of_url(authorize_url)?;
        Ok(request.refuse(error, description).url())
    }

    /// Stops the server. Later requests find nobody there.
    pub fn stop(&self) {
        drop(self.server.0.stop(false));
    }
}
