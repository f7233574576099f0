//! Entra's authorization response, by either response mode. It is not verified.

use openidconnect::AuthorizationCode;
use serde::Deserialize;

use super::error::SignInError;
use crate::{
    oidc::refusal::EntraRefusal,
    settings::choices::ResponseMode,
    site::Site,
    util::{
        crypto::{CryptoError, Sealer},
        log::printable,
        query::parameter,
        six_bit,
    },
};

/// What a sealed response holds.
const CODE: u8 = 0;
const ERROR: u8 = 1;

/// Longest description of an error that is kept, in bytes; its numbers stand at the beginning.
const MAX_DESCRIPTION: usize = 1000;

/// The parameters of the response beside `state` (RFC 6749, sections 4.1.2 and 4.1.2.1; RFC 9207).
#[derive(Default, Deserialize)]
pub(crate) struct AuthorizationResponse {
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    iss: Option<String>,
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
                iss: parameter(query, "iss"),
            },
        }
    }

    /// Refuses the response of another authorization server (RFC 9207, section 2.4). Entra names
    /// none. A sealed response was checked before it was sealed.
    pub(crate) fn check_issuer(&self, site: &Site) -> Result<(), SignInError> {
        match &self.iss {
            Some(issuer) if !site.config.authority.accepts_response_issuer(issuer) => {
                Err(SignInError::Issuer(printable(issuer)))
            }
            _ => Ok(()),
        }
    }

    /// Seals a posted response for one `state`, and so for one attempt.
    pub(crate) fn seal(
        &self,
        state: &str,
        sealer: &Sealer,
        site: &Site,
    ) -> Result<String, CryptoError> {
        sealer.seal(&purpose(site, state), &self.plain())
    }

    /// In few bytes, since it travels in a header: the error, or else the code.
    fn plain(&self) -> Vec<u8> {
        if let Some(error) = &self.error {
            let description = self.error_description.as_deref().unwrap_or_default();
            let mut end = description.len().min(MAX_DESCRIPTION);
            while !description.is_char_boundary(end) {
                end -= 1;
            }
            let error: String = error.chars().take(100).collect();
            let text = format!("{error}\n{}", &description[..end]);
            return [&[ERROR], text.as_bytes()].concat();
        }
        let code = self.code.as_deref().unwrap_or_default();
        [&[CODE][..], &six_bit::pack(code)].concat()
    }

    fn open(query: &str, sealer: &Sealer, site: &Site) -> Option<Self> {
        let purpose = purpose(site, &parameter(query, "state")?);
        let plain = sealer.open(&purpose, &parameter(query, "answer")?)?;
        let (kind, rest) = plain.split_first()?;
        if *kind == CODE {
            return Some(Self {
                code: Some(six_bit::unpack(rest)?),
                ..Self::default()
            });
        }
        let (error, description) = std::str::from_utf8(rest).ok()?.split_once('\n')?;
        Some(Self {
            code: None,
            error: Some(error.to_owned()),
            error_description: Some(description.to_owned()),
            iss: None,
        })
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
