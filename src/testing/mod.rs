//! An emulated Entra ID and Microsoft Graph, for tests and demonstrations without a Microsoft
//! account.
//!
//! [`FakeEntra`] is a real HTTP server on this machine. It looks like Entra on the wire: the
//! templated issuer, keys bound to issuers, PKCE, single-use codes, AADSTS errors, personal
//! accounts and guests. It runs on a thread of its own, so it works in any runtime, and stops
//! when its last handle is dropped.
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
//! In a test, open `/microsoft_sso/login/`, give the `Location` to [`FakeEntra::sign_in`] with a
//! person's user name, and open the URL it returns: that is what clicking a name in the account
//! picker does.
//!
//! **Its signing keys are published with this crate.** Never let an application that anybody can
//! reach trust it.

mod authorize;
mod entra;
mod fault;
mod graph;
mod keys;
mod metadata;
mod people;
mod picker;
mod server;
mod state;
mod token;
mod token_endpoint;

pub use entra::{APPLICATION_ID, CLIENT_SECRET, FakeEntra};
pub use fault::{Endpoint, Fault};
pub use people::{CONTOSO, FABRIKAM, PERSONAL, Person};
pub use state::Request;
pub use token::{Signature, TokenParts};
