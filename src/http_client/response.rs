//! A response of Microsoft's and where it came from, or why there is none.

use std::{fmt, time::Duration};

use awc::http::{
    StatusCode,
    header::{HeaderMap, HeaderName, RETRY_AFTER},
};

use super::challenge;
use crate::util::log::printable;

/// The headers under whose values Microsoft's own logs have a request: Graph's, Entra's, both's.
const REQUEST_IDS: [HeaderName; 3] = [
    HeaderName::from_static("request-id"),
    HeaderName::from_static("x-ms-request-id"),
    HeaderName::from_static("client-request-id"),
];

/// A complete response.
pub(crate) struct Response {
    pub(crate) source: Source,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn status(&self) -> StatusCode {
        self.source.0.status
    }
}

/// Which endpoint answered, with which status, and the ids of the request: for the log.
#[derive(Clone, Debug)]
pub(crate) struct Source(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    url: String,
    status: StatusCode,
    ids: Vec<(HeaderName, String)>,
    has_claims_challenge: bool,
    #[cfg(feature = "_diesel")]
    claims_challenge: Option<Vec<u8>>,
    retry_after: Option<Duration>,
    #[cfg(feature = "cli")]
    date: Option<String>,
}

impl Source {
    pub(crate) fn new(url: &str, status: StatusCode, headers: &HeaderMap) -> Self {
        let id = |name: HeaderName| {
            let value = headers.get(&name)?.to_str().ok()?;
            Some((name, printable(value)))
        };
        let retry_after = headers.get(RETRY_AFTER).and_then(|value| {
            let seconds = value.to_str().ok()?.trim().parse().ok()?;
            Some(Duration::from_secs(seconds))
        });
        Self(Box::new(Parts {
            url: without_query(url),
            status,
            ids: REQUEST_IDS.into_iter().filter_map(id).collect(),
            has_claims_challenge: challenge::is_there(headers),
            #[cfg(feature = "_diesel")]
            claims_challenge: challenge::claims(headers),
            retry_after,
            #[cfg(feature = "cli")]
            date: headers
                .get(awc::http::header::DATE)
                .and_then(|date| date.to_str().ok().map(str::to_owned)),
        }))
    }

    /// Whether a second try gets the same answer: the request itself is refused.
    pub(crate) fn is_lasting_refusal(&self) -> bool {
        self.0.status.is_client_error()
            && self.0.status != StatusCode::REQUEST_TIMEOUT
            && self.0.status != StatusCode::TOO_MANY_REQUESTS
    }

    /// Whether Microsoft itself is out of order or throttles.
    pub(crate) fn is_outage(&self) -> bool {
        self.0.status.is_server_error() || self.0.status == StatusCode::TOO_MANY_REQUESTS
    }

    /// How long a response of 429 or 503 asks to wait (RFC 9110, section 10.2.3), where it says so in
    /// seconds.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let statuses = [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ];
        let asks = statuses.contains(&self.0.status);
        self.0.retry_after.filter(|_| asks)
    }

    /// When the server says that it answered.
    #[cfg(feature = "cli")]
    pub(crate) fn date(&self) -> Option<&str> {
        self.0.date.as_deref()
    }

    /// Whether Conditional Access wants more of the person before the token is good for this
    /// (Microsoft identity platform, "Claims challenges").
    pub(crate) fn has_claims_challenge(&self) -> bool {
        self.0.has_claims_challenge
    }

    /// The claims that are wanted, decoded.
    #[cfg(feature = "_diesel")]
    pub(crate) fn claims_challenge(&self) -> Option<&[u8]> {
        self.0.claims_challenge.as_deref()
    }

    #[cfg(feature = "_diesel")]
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {}", self.0.url, self.0.status.as_u16())?;
        for (number, (name, id)) in self.0.ids.iter().enumerate() {
            let before = if number == 0 { " (" } else { ", " };
            write!(f, "{before}{name} {id}")?;
        }
        f.write_str(if self.0.ids.is_empty() { "" } else { ")" })
    }
}

/// A failure between here and Microsoft. It never holds a header or a body.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{url}{}: {problem}", .proxy.as_ref().map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default())]
pub(crate) struct HttpError {
    url: String,
    proxy: Option<String>,
    problem: HttpProblem,
}

impl HttpError {
    pub(crate) fn new(url: &str, problem: HttpProblem) -> Self {
        Self::through(url, None, problem)
    }

    /// A failure of a request that goes through a proxy, if there is one for it.
    pub(super) fn through(url: &str, proxy: Option<String>, problem: HttpProblem) -> Self {
        let url = without_query(url);
        Self {
            url,
            proxy,
            problem,
        }
    }

    /// Whether nobody answered, so that the next request waits as long.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(
            self.problem,
            HttpProblem::Timeout(..) | HttpProblem::Connect(_, Was::Silent)
        )
    }
}

/// Why there is no response.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum HttpProblem {
    /// The response was not complete in time. The text is what it waited for.
    #[error("no complete response within {}; it waited for {}", humantime::format_duration(*.0), .1)]
    Timeout(Duration, String),
    /// No connection or no TLS session.
    #[error("no connection: {0}")]
    Connect(String, Was),
    /// The response is larger than the limit.
    #[error("the response is larger than {0} bytes")]
    TooLarge(usize),
    /// The connection broke, or the response isn't HTTP.
    #[error("the connection broke: {0}")]
    Broken(String),
}

/// What the other side of a connection that wasn't made did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Was {
    Silent,
    Answered,
}

/// A query may hold what belongs into no log.
pub(crate) fn without_query(url: &str) -> String {
    printable(url.split(['?', '#']).next().unwrap_or_default())
}
