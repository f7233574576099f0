//! The handle on an emulated Entra.

use std::{
    fmt, io,
    net::ToSocketAddrs,
    sync::{Arc, atomic::Ordering},
};

use actix_web::{dev::ServerHandle, web::Data};
use chrono::TimeDelta;

use super::{
    api_token,
    authorize::{AuthorizationRequest, AuthorizationResponse},
    client_assertion::service_account_token,
    endpoint::{Endpoint, Fault},
    entra_error_page::EntraErrorPage,
    id_token::TokenParts,
    keys::Keys,
    person::Person,
    registered_certificate::RegisteredCertificate,
    registration::{APPLICATION_ID, CLIENT_SECRET},
    request_log::Request,
    server,
    state::SharedState,
};

/// An emulated Entra and Graph: a handle on an HTTP server in this process. Cloning it is cheap.
#[derive(Clone)]
#[must_use = "the server stops when the last handle is dropped"]
pub struct FakeEntra {
    state: Data<SharedState>,
    server: Arc<Server>,
}

struct Server(ServerHandle);

impl Drop for Server {
    fn drop(&mut self) {
        // `stop` sends its command at once; the future only waits for the end.
        drop(self.0.stop(false));
    }
}

impl fmt::Debug for FakeEntra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeEntra")
            .field("url", &self.url())
            .finish_non_exhaustive()
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
            Ok(SharedState::new(
                format!("http://{address}"),
                keys,
                connections,
            ))
        })?;
        Ok(Self {
            state,
            server: Arc::new(Server(handle)),
        })
    }

    /// Its base URL, such as `http://127.0.0.1:40000`.
    pub fn url(&self) -> String {
        self.state.lock().base_url.clone()
    }

    /// Sets the base URL that it names in its documents, such as that of a proxy in front of it.
    pub fn set_url(&self, url: &str) {
        url.trim_end_matches('/')
            .clone_into(&mut self.state.lock().base_url);
    }

    /// Sets the issuer of its tokens, with `{tenantid}` for the tenant's id, where it isn't on its own
    /// host: `https://{tenantid}.ciamlogin.com/{tenantid}/v2.0`, as of External ID.
    pub fn set_issuer(&self, template: &str) {
        self.state.lock().issuer = Some(template.to_owned());
    }

    /// Signs with a key of the application's own, as with a claims mapping policy: it is published only
    /// for who asks with `?appid=`.
    pub fn use_application_key(&self) {
        self.state.lock().has_application_key = true;
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

    /// Replaces the client secret of the app registration.
    pub fn set_client_secret(&self, secret: &str) {
        secret.clone_into(&mut self.state.lock().client_secret);
    }

    /// Registers a certificate with the application, given in DER. It then takes client assertions that
    /// are signed with the certificate's RSA key, each once.
    ///
    /// # Errors
    /// It is no certificate.
    pub fn register_certificate(&self, der: &[u8]) -> io::Result<()> {
        let certificate = RegisteredCertificate::new(der);
        let certificate = certificate.ok_or_else(|| io::Error::other("it is no certificate"))?;
        self.state.lock().certificates.push(certificate);
        Ok(())
    }

    /// A token of a pod's service account, as Kubernetes writes it to the file of the setting
    /// `federated_token_file`. The app registration has a federated credential for it.
    pub fn federated_token(&self) -> String {
        service_account_token(&self.state.lock())
    }

    /// The value of `IDENTITY_ENDPOINT` for the emulated App Service, whose `IDENTITY_HEADER` is
    /// [`IDENTITY_HEADER`](super::IDENTITY_HEADER). The managed identity is
    /// [`MANAGED_IDENTITY`](super::MANAGED_IDENTITY). The Instance Metadata Service of a virtual machine
    /// is emulated at [`url`](Self::url), too, for `AZURE_POD_IDENTITY_AUTHORITY_HOST`.
    pub fn identity_endpoint(&self) -> String {
        format!("{}/msi/token", self.url())
    }

    /// The people of all tenants.
    pub fn people(&self) -> Vec<Person> {
        self.state.lock().people.clone()
    }

    /// Adds a person, or replaces the one with the same tenant and object id.
    pub fn add_person(&self, person: Person) {
        let mut state = self.state.lock();
        state
            .people
            .retain(|old| (&old.tenant, &old.oid) != (&person.tenant, &person.oid));
        state.people.push(person);
    }

    /// Changes the person with this object id.
    pub fn update_person(&self, oid: &str, change: impl FnOnce(&mut Person)) {
        let mut state = self.state.lock();
        if let Some(person) = state.people.iter_mut().find(|person| person.oid == oid) {
            change(person);
        }
    }

    /// Revokes the sessions of the person with this object id, as an administrator does: refresh tokens
    /// that were issued before are refused.
    pub fn revoke_sessions(&self, oid: &str) {
        self.state.lock().accounts.revoke_sessions(oid);
    }

    /// Withdraws the consent of the person with this object id: refresh tokens are refused until the next
    /// sign-in, which consents again.
    pub fn withdraw_consent(&self, oid: &str) {
        self.state.lock().accounts.withdraw_consent(oid);
    }

    /// Sets the optional claims of the app registration's ID tokens, of `auth_time` and `acrs`. At the
    /// start there is neither.
    pub fn set_optional_claims<const N: usize>(&self, claims: [&str; N]) {
        self.state.lock().optional_claims = claims.map(str::to_owned).to_vec();
    }

    /// An access token for the application's own API, as a client of another application got it for a person,
    /// with these scopes (without the API's URI).
    ///
    /// # Errors
    /// There is no such person.
    pub fn api_token_of_person(&self, username: &str, scopes: &[&str]) -> io::Result<String> {
        let state = self.state.lock();
        let person = state.person(username);
        let person = person.ok_or_else(|| io::Error::other("there is no such person"))?;
        Ok(api_token::of_person(&state, person, scopes))
    }

    /// An access token for the application's own API, as another application of this tenant got it for itself,
    /// with these permissions.
    pub fn api_token_of_application(&self, tenant: &str, roles: &[&str]) -> String {
        api_token::of_application(&self.state.lock(), tenant, roles)
    }

    /// Issues access tokens of version 1 for the application's own API, as an app registration does whose
    /// `requestedAccessTokenVersion` isn't 2.
    pub fn use_api_tokens_v1(&self) {
        self.state.lock().has_api_tokens_v1 = true;
    }

    /// Replaces the signing key. The old one is no longer published.
    pub fn rotate_keys(&self) {
        self.state.lock().keys.rotate();
    }

    /// Changes each ID token before it is signed, until [`Self::clear_tamper`].
    pub fn tamper(&self, tamper: impl Fn(&mut TokenParts) + Send + Sync + 'static) {
        self.state.lock().tamper = Some(Arc::new(tamper));
    }

    /// Issues valid tokens again.
    pub fn clear_tamper(&self) {
        self.state.lock().tamper = None;
    }

    /// Sets the fault at an endpoint, until [`Self::clear_faults`].
    pub fn fault(&self, endpoint: Endpoint, fault: Fault) {
        self.fault_times(endpoint, fault, usize::MAX);
    }

    /// Sets the fault at an endpoint for this many requests.
    pub fn fault_times(&self, endpoint: Endpoint, fault: Fault, times: usize) {
        self.state.lock().set_fault(endpoint, fault, times);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.state.lock().clear_faults();
    }

    /// The last 20,000 requests that arrived, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().requests.to_vec()
    }

    /// Clears the list of requests.
    pub fn clear_requests(&self) {
        self.state.lock().requests.clear();
    }

    /// How many requests arrived at an endpoint.
    pub fn count(&self, endpoint: Endpoint) -> usize {
        let requests = self.requests();
        let at = requests
            .iter()
            .filter(|request| request.endpoint == Some(endpoint));
        at.count()
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Sets how far the emulated Microsoft's clock is ahead of the machine's.
    pub fn set_clock_offset(&self, offset: TimeDelta) {
        self.state.lock().clock_offset = offset;
    }

    /// Sets the length of access tokens, in bytes; 1800 at the start.
    pub fn set_access_token_length(&self, length: usize) {
        self.state.lock().access_token_length = length;
    }

    /// Does what a click on a person in the account picker does: takes the URL that `login/`
    /// redirects to, and returns the callback URL that Entra redirects back to.
    ///
    /// [`Self::sign_in_to`] does a whole sign-in.
    ///
    /// # Errors
    /// Entra would show an error page, for instance for an unknown person or client.
    pub fn sign_in(&self, authorize_url: &str, username: &str) -> Result<String, EntraErrorPage> {
        Ok(self.authorize(authorize_url, username)?.url().into())
    }

    /// Refuses a sign-in: returns the callback URL that Entra redirects back to with an error.
    ///
    /// # Errors
    /// Entra would show an error page, for instance for an unknown client.
    pub fn refuse(
        &self,
        authorize_url: &str,
        error: &str,
        description: &str,
    ) -> Result<String, EntraErrorPage> {
        let request = AuthorizationRequest::from_url(authorize_url)?;
        Ok(request.refuse(error, description).url().into())
    }

    pub(super) fn authorize(
        &self,
        authorize_url: &str,
        username: &str,
    ) -> Result<AuthorizationResponse, EntraErrorPage> {
        let request = AuthorizationRequest::from_url(authorize_url)?;
        request.sign_in(&mut self.state.lock(), username)
    }

    /// Stops the server. Later connections are refused.
    pub fn stop(&self) {
        drop(self.server.0.stop(false));
    }
}
