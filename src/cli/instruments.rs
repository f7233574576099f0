//! What the doctor examines a site with.

use std::{rc::Rc, sync::Arc};

use crate::{
    http_client::{HttpClient, network::Network},
    oidc::provider::Providers,
};

/// What the checks of a site need.
pub(super) struct Instruments {
    pub(super) http: Rc<HttpClient>,
    pub(super) network: Arc<Network>,
    pub(super) providers: Providers,
    /// Where the endpoints are.
    pub(super) path: String,
}
