//! Entra's authorization response, by either response mode. It is not verified.

use openidconnect::AuthorizationCode;
use serde::{Deserialize, Serialize};

use super::error::SignInError;
use crate::{
    oidc::refusal::EntraRefusal,
    settings::choices::ResponseMode,
    site::Site,
    util::{
        crypto::{CryptoError, Sealer},
        query::parameter,
    },
};

/// The parameters of the response beside `state` (RFC 6749, sections 4.1.2 and 4.1.2.1).
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct AuthorizationResponse {
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

impl AuthorizationResponse {
    /// The response in the query of a callback: as it is, or as [`seal`](Self::seal) made it.
    /// Parameters of the other response mode are ignored.
    pub(crate) fn from_query(query: &str, sealer: &Sealer, site: &Site) -> Self {
        match site.config.response_mode {
            ResponseMode::FormPost => Self::open(query, sealer, site).unwrap_or_default(),
            _ => Self {
                code: parameter(query, "code"),
                error: parameter(query, "error"),
                error_description: parameter(query, "error_description"),
            },
        }
    }

    /// Seals a posted response for one `state`, and so for one attempt.
    pub(crate) fn seal(
        &self,
        state: &str,
        sealer: &Sealer,
        site: &Site,
    ) -> Result<String, CryptoError> {
        let plain = serde_json::to_vec(self).map_err(|_| CryptoError)?;
        sealer.seal(&purpose(site, state), &plain)
    }

    fn open(query: &str, sealer: &Sealer, site: &Site) -> Option<Self> {
        let purpose = purpose(site, &parameter(query, "state")?);
        let plain = sealer.open(&purpose, &parameter(query, "answer")?)?;
        serde_json::from_slice(&plain).ok()
    }

    /// The code. `error` takes precedence.
    pub(crate) fn code(self) -> Result<AuthorizationCode, SignInError> {
        if let Some(error) = self.error {
            let description = self.error_description.unwrap_or_default();
            let refusal = EntraRefusal::new(&error, &description);
            return Err(SignInError::Refused(refusal));
        }
        let code = self.code.filter(|code| !code.is_empty());
        code.map(AuthorizationCode::new).ok_or(SignInError::NoCode)
    }
}

fn purpose(site: &Site, state: &str) -> String {
    site.purpose(&format!("answer {state}"))
}
