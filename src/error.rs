//! Why a sign-in ended without anybody signed in: a stable code, a plain message for the person,
//! and the detail for the operator.

use std::error::Error;

use crate::{
    aadsts::EntraRefusal,
    account::Denied,
    audit::Person,
    entra::{flow::ExchangeError, graph::GraphError, metadata::MetadataError, verify::TokenError},
    seal::SealError,
    store::StoreError,
    text::{Message, Text},
};

/// How a sign-in failed. `Display` and the sources are for the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum SignInError {
    #[error(
        "`state` is missing or was not made by this application (is `secret_key` the same on all nodes?)"
    )]
    State,
    #[error(
        "this browser has no sign-in under way for that `state`: another browser began it, it took longer than the setting `timeout`, or the cookie was dropped (a Secure cookie over http, another host name than `base_url`)"
    )]
    NoAttempt,
    #[error("the callback has neither `code` nor `error`")]
    NoCode,
    #[error("Entra refused to sign the person in: {0}")]
    Refused(EntraRefusal),
    #[error(
        "the host of the request is not a loopback address, so the setting `base_url` is needed to make the redirect URI"
    )]
    NoBaseUrl,
    #[error("a sign-in for the administration was refused: `admin_enabled` is off")]
    AdminOff,
    #[error("a sign-in for a page was refused: `pages_enabled` is off")]
    PagesOff,
    #[error("Entra's metadata can't be had")]
    Metadata(#[from] MetadataError),
    #[error("the code could not be exchanged")]
    Exchange(#[from] ExchangeError),
    #[error("the ID token is refused")]
    Token(#[from] TokenError),
    #[error("Graph speaks of another person than the ID token")]
    OtherPerson,
    #[error("Graph can't be asked, and the person is new")]
    Graph(#[source] GraphError),
    #[error("the person is refused")]
    Denied(#[source] Denied, Person),
    #[error("the user store failed")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("the session could not be written")]
    Session,
    #[error(
        "more people are signing in than the setting `max_sign_ins` lets in at once, and the line is full"
    )]
    Overloaded,
    #[error("the worker that signed the person in stopped")]
    Worker,
}

impl SignInError {
    /// A stable name, for logs, metrics and tests.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::State => "state_invalid",
            Self::NoAttempt => "no_attempt",
            Self::NoCode => "code_missing",
            Self::Refused(_) => "entra_refused",
            Self::NoBaseUrl => "no_base_url",
            Self::AdminOff => "admin_disabled",
            Self::PagesOff => "pages_disabled",
            Self::Metadata(_) => "metadata_unavailable",
            Self::Exchange(ExchangeError::Refused(_)) => "code_refused",
            Self::Exchange(ExchangeError::IdToken | ExchangeError::NoIdToken) => "id_token_refused",
            Self::Exchange(_) => "token_endpoint_failed",
            Self::Token(_) => "id_token_refused",
            Self::OtherPerson => "other_person",
            Self::Graph(_) => "graph_unavailable",
            Self::Denied(denied, _) => denied.code(),
            Self::Store(_) => "store_failed",
            Self::Overloaded => "overloaded",
            Self::Seal(_) | Self::Session | Self::Worker => "internal",
        }
    }

    /// What the person reads: plain, and without a word that came from outside.
    pub(crate) fn message(&self) -> Message<'_> {
        match self {
            Self::State | Self::NoAttempt | Self::NoCode => Message::Known(Text::StartAgain),
            Self::AdminOff => Message::Known(Text::AdminOff),
            Self::Overloaded => Message::Known(Text::Overloaded),
            Self::PagesOff => Message::Known(Text::PagesOff),
            Self::Refused(refusal) if refusal.is_declined() => Message::Known(Text::Cancelled),
            Self::Refused(refusal) if !refusal.is_temporary() => Message::Known(Text::NotLetIn),
            Self::Refused(_) | Self::Metadata(_) => Message::Known(Text::Unreachable),
            Self::Exchange(ExchangeError::Refused(_)) => Message::Known(Text::NotCompleted),
            Self::Token(TokenError::TenantNotAllowed(_)) => Message::Known(Text::NoAccess),
            Self::Token(_)
            | Self::OtherPerson
            | Self::Exchange(ExchangeError::IdToken | ExchangeError::NoIdToken) => {
                Message::Known(Text::Unverified)
            }
            Self::Exchange(_) | Self::Graph(_) => Message::Known(Text::Unreachable),
            Self::Denied(denied, _) => denied.message(),
            Self::Store(_) | Self::NoBaseUrl | Self::Seal(_) | Self::Session | Self::Worker => {
                Message::Known(Text::OutOfOrder)
            }
        }
    }

    /// Who was refused, where it is known.
    pub(crate) fn person(&self) -> Option<&Person> {
        match self {
            Self::Denied(_, person) => Some(person),
            _ => None,
        }
    }

    /// Whether Entra would have to ask the person something.
    pub(crate) fn wants_interaction(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.wants_interaction())
    }

    /// Whether the code was redeemed before.
    pub(crate) fn is_used_code(&self) -> bool {
        matches!(self, Self::Exchange(ExchangeError::Refused(refusal)) if refusal.is_used_code())
    }

    /// Whether the application itself is out of order, so that no page of it may work and a
    /// redirect could go round in a circle.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Store(_)
                | Self::NoBaseUrl
                | Self::Overloaded
                | Self::Seal(_)
                | Self::Session
                | Self::Worker
        )
    }
}

/// An error with all its causes, in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    printable(&text)
}

/// Text that may come from outside, made fit for one line of a log.
pub(crate) fn printable(text: &str) -> String {
    let visible = text.chars().filter(|c| !c.is_control());
    visible.take(1000).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_stays_on_one_line_of_the_log() {
        assert_eq!(printable("a\r\nERROR forged\u{7}"), "aERROR forged");
        assert_eq!(printable(&"x".repeat(5000)).len(), 1000);
    }
}
