//! An emulated Entra ID and Microsoft Graph, for tests and demonstrations without a Microsoft
//! account.
//!
//! [`FakeEntra`] is a real HTTP server on this machine. It behaves like Entra on the wire: templated
//! issuers, keys bound to issuers, PKCE, single-use codes, AADSTS errors, personal accounts and
//! guests. It runs on a thread of its own, so it works with any runtime, and stops when its last
//! handle is dropped.
//!
//! ```
//! use microsoft_sso::{Config, testing::FakeEntra};
//!
//! let entra = FakeEntra::start()?;
//! let config = Config::builder()
//!     .authority(entra.authority("common"))
//!     .graph_url(entra.graph_url())
//!     .application_id(entra.application_id())
//!     .client_secret(entra.client_secret())
//!     .allowable_domains(["contoso.example"])
//!     .build()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`FakeEntra::sign_in_to`] signs a person in to an application that `actix_web::test` runs, and
//! returns the cookies for further requests. Against an application on a port, do it by hand: open
//! `/microsoft_sso/login/`, give its `Location` to [`FakeEntra::sign_in`], and open the URL that it
//! returns. [`TestClock`] moves the application's time.
//!
//! [`MemoryStore`] keeps users in memory, for tests without a database. [`store_contract()`] tests a
//! [`UserStore`](crate::UserStore) of your own.
//!
//! **This crate publishes the signing keys.** Never let an application that others can reach trust
//! this server.

mod api_token;
mod authorize;
mod bounded_map;
mod client_assertion;
mod clock;
mod default_people;
mod endpoint;
mod entra;
mod entra_error_page;
mod error_document;
mod fault;
mod graph;
mod home_page;
mod html;
mod id_token;
mod issued;
mod keys;
mod logout;
mod managed_identity;
mod memory_store;
mod memory_tables;
mod metadata;
mod person;
mod picker;
mod pkce;
mod refresh_grant;
mod registered_certificate;
mod registration;
mod request_log;
mod server;
mod sign_in_to;
mod state;
mod store_contract;
mod tenant_path;
mod tenants;
mod test_browser;
mod token_endpoint;

pub use clock::TestClock;
pub use endpoint::{Endpoint, Fault};
pub use entra::FakeEntra;
pub use entra_error_page::EntraErrorPage;
pub use id_token::{Signature, TokenParts};
pub use memory_store::MemoryStore;
pub use person::Person;
pub use registration::{APPLICATION_ID, CLIENT_SECRET, IDENTITY_HEADER, MANAGED_IDENTITY};
pub use request_log::Request;
pub use sign_in_to::TestSignInError;
pub use store_contract::{ContractError, ContractRule, ContractViolation, store_contract};
pub use tenants::{CONTOSO, FABRIKAM, PERSONAL};
