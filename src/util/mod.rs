//! Building blocks that know nothing of sign-in.

pub(crate) mod address;
pub(crate) mod client_certificate;
pub(crate) mod clock;
pub(crate) mod cookies;
pub(crate) mod crypto;
pub(crate) mod environment;
pub(crate) mod lenient;
pub(crate) mod log;
pub(crate) mod next_path;
pub(crate) mod picture;
pub(crate) mod proxy_url;
pub(crate) mod query;
pub(crate) mod secret;
pub(crate) mod single_flight;
pub(crate) mod six_bit;
