//! The requests that arrived.

use std::collections::VecDeque;

use actix_web::dev::ServiceRequest;

use super::endpoint::Endpoint;

const CAPACITY: usize = 20_000;

/// A request that arrived.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query string.
    pub query: String,
    /// The endpoint, if the path is that of one.
    pub endpoint: Option<Endpoint>,
    /// The value of `User-Agent`.
    pub user_agent: String,
}

/// The last requests, oldest first.
#[derive(Default)]
pub(super) struct RequestLog(VecDeque<Request>);

impl RequestLog {
    pub(super) fn push(&mut self, req: &ServiceRequest, endpoint: Option<Endpoint>) {
        if self.0.len() >= CAPACITY {
            self.0.pop_front();
        }
        let user_agent = req.headers().get("user-agent");
        let user_agent = user_agent.and_then(|value| value.to_str().ok());
        self.0.push_back(Request {
            method: req.method().to_string(),
            path: req.path().to_owned(),
            query: req.query_string().to_owned(),
            endpoint,
            user_agent: user_agent.unwrap_or_default().to_owned(),
        });
    }

    pub(super) fn to_vec(&self) -> Vec<Request> {
        self.0.iter().cloned().collect()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
