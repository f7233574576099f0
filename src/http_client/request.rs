//! A request, before it is sent.

use std::time::Duration;

use actix_web::web::Bytes;
use awc::http::{
    Method,
    header::{self, HeaderName, HeaderValue},
};

use super::response::{HttpError, HttpProblem};

/// A request, to be sent once or twice.
pub(super) struct Request<'a> {
    pub(super) url: &'a str,
    pub(super) method: Method,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
    /// Largest response that is read, in bytes.
    pub(super) limit: usize,
    pub(super) time_limit: Duration,
    /// Whether it goes past any proxy.
    pub(super) is_direct: bool,
    /// Whether it may be sent again where nobody knows whether it arrived.
    pub(super) is_repeatable: bool,
}

impl<'a> Request<'a> {
    pub(super) fn new(url: &'a str, method: Method, limit: usize, time_limit: Duration) -> Self {
        Self {
            url,
            method,
            headers: Vec::new(),
            body: Bytes::new(),
            limit,
            time_limit,
            is_direct: false,
            is_repeatable: true,
        }
    }

    pub(super) fn bearer(&mut self, token: &str) -> Result<(), HttpError> {
        self.header(header::AUTHORIZATION, &format!("Bearer {token}"))
    }

    pub(super) fn header(&mut self, name: HeaderName, value: &str) -> Result<(), HttpError> {
        let value = HeaderValue::from_str(value);
        let value = value
            .map_err(|error| HttpError::new(self.url, HttpProblem::Broken(error.to_string())))?;
        self.headers.push((name, value));
        Ok(())
    }
}
