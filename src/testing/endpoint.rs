//! The endpoints of the emulated Microsoft, and the faults that tests can set at them.

use std::time::Duration;

use serde_json::Value;

/// An endpoint of the emulated Microsoft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// `…/v2.0/.well-known/openid-configuration`
    Metadata,
    /// `…/discovery/v2.0/keys`
    Keys,
    /// `…/oauth2/v2.0/authorize`
    Authorize,
    /// `…/oauth2/v2.0/token`
    Token,
    /// `…/oauth2/v2.0/logout`
    Logout,
    /// `/metadata/identity/oauth2/token` and `/msi/token` of a managed identity
    ManagedIdentity,
    /// Graph's `/me`
    Me,
    /// Graph's `/me/photo/$value`
    Photo,
    /// Graph's `/me/getMemberObjects`
    MemberObjects,
    /// Graph's `/me/mailboxSettings`
    MailboxSettings,
    /// Graph's `/me/messages`
    Messages,
    /// Graph's `/me/sendMail`
    SendMail,
}

impl Endpoint {
    pub(super) fn from_path(path: &str) -> Option<Self> {
        let ends = |end: &str| path.ends_with(end);
        Some(match path {
            _ if ends("/.well-known/openid-configuration") => Self::Metadata,
            _ if ends("/discovery/v2.0/keys") => Self::Keys,
            _ if ends("/oauth2/v2.0/authorize") => Self::Authorize,
            _ if ends("/oauth2/v2.0/token") => Self::Token,
            _ if ends("/oauth2/v2.0/logout") => Self::Logout,
            _ if ends("/identity/oauth2/token") || ends("/msi/token") => Self::ManagedIdentity,
            _ if ends("/me") => Self::Me,
            _ if ends("/me/mailboxSettings") => Self::MailboxSettings,
            _ if ends("/me/messages") => Self::Messages,
            _ if ends("/me/sendMail") => Self::SendMail,
            _ if ends("/getMemberObjects") => Self::MemberObjects,
            _ if ends("/$value") => Self::Photo,
            _ => return None,
        })
    }
}

/// What goes wrong at an endpoint.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// This status and an empty body.
    Status(u16),
    /// This status, and `Retry-After` with this many seconds.
    RetryAfter(u16, u32),
    /// The right response, after this delay.
    Delay(Duration),
    /// This status, content type and body.
    Body(u16, String, Vec<u8>),
    /// Status 200 and this JSON.
    Json(Value),
    /// Entra's error document: status, `error`, AADSTS number, text.
    Entra(u16, String, u32, String),
    /// The right JSON response, with these members of an object in place of its own.
    Members(Value),
    /// Graph's answer where Conditional Access wants more of the person: 401, with a claims
    /// challenge.
    ClaimsChallenge,
    /// The right response, one byte at a time with this pause between.
    Drip(Duration),
    /// Status 200 and a body without end.
    Endless,
    /// The right response, cut off in the middle of its body.
    Truncated,
    /// 10 KB of gzip that unpack to 10 MiB of spaces, although nobody asked for compression.
    Bomb,
    /// No response at all.
    Hang,
    /// A redirect to this URL.
    Redirect(String),
}
