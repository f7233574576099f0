//! Why a sign-in failed: a stable code, a plain message for the person, and the detail for the
//! operator.

use super::ask::Unmet;
use crate::{
    account::{denied::Denied, profile::AccountId},
    graph::response::GraphError,
    oidc::{
        aadsts::Remedy, exchange::ExchangeError, metadata::MetadataError, refusal::EntraRefusal,
        token_error::TokenError,
    },
    settings::{
        codes::Code,
        texts::{Text, Wording},
    },
    store::error::StoreError,
    util::crypto::CryptoError,
};

/// Why a sign-in failed. `Display` and the sources are for the log.
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
    #[error("the callback of this attempt was carried out before")]
    AlreadyCompleted,
    #[error("the callback has neither `code` nor `error`")]
    NoCode,
    #[error("the callback names an issuer that is not of the authority: `{0}`")]
    Issuer(String),
    #[error("Entra refused the sign-in: {0}")]
    Refused(EntraRefusal),
    #[error(
        "the host of the request is not a loopback address, so the setting `base_url` is needed to make the redirect URI"
    )]
    NoBaseUrl,
    #[error("a sign-in for the administration is refused: `admin_enabled` is off")]
    AdminDisabled,
    #[error("a sign-in for a page is refused: `pages_enabled` is off")]
    PagesDisabled,
    #[error("Entra's metadata is not available")]
    Metadata(#[from] MetadataError),
    #[error("the code could not be redeemed")]
    Exchange(#[from] ExchangeError),
    #[error("the ID token is refused")]
    Token(#[from] TokenError),
    #[error(
        "`recheck` is on, and Entra sent no refresh token, though `offline_access` was asked for"
    )]
    NoRefreshToken,
    #[error(
        "`recheck` is on, and the user store has no database for refresh tokens: implement `UserStore::session_database`, or leave `recheck` off"
    )]
    NoTokenDatabase,
    #[cfg(feature = "_diesel")]
    #[error("the user was set inactive, deleted or signed out while they signed in")]
    EndedMeanwhile,
    #[error("the local user who asked for the link has signed out, or is another one now")]
    LinkUser,
    #[error("the sign-in isn't what the page asked for")]
    Unmet(#[from] Unmet),
    #[error("Graph's user is not the one of the ID token")]
    OtherAccount,
    #[error("Graph is not available, and there is no user for the account yet")]
    Graph(#[source] GraphError),
    #[error("the account is refused")]
    Denied(#[source] Denied, AccountId),
    #[error("the user store failed")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    #[error("the session could not be written")]
    Session,
    #[error(
        "more concurrent sign-ins than the setting `max_sign_ins` allows, and the queue is full"
    )]
    Overloaded,
    #[error("the worker that carried out the sign-in stopped")]
    Worker,
}

impl SignInError {
    /// A stable name, for logs, metrics and tests.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::State => Code::StateInvalid,
            Self::NoAttempt => Code::NoAttempt,
            Self::AlreadyCompleted => Code::AlreadyCompleted,
            Self::NoCode => Code::EmptyCallback,
            Self::Issuer(_) => Code::IssuerRefused,
            Self::Refused(_) => Code::EntraRefused,
            Self::NoBaseUrl => Code::NoBaseUrl,
            Self::AdminDisabled => Code::AdminDisabled,
            Self::PagesDisabled => Code::PagesDisabled,
            Self::Metadata(_) => Code::MetadataUnavailable,
            Self::Exchange(ExchangeError::Refused(..)) => Code::ExchangeRefused,
            Self::Exchange(ExchangeError::Credential(_)) => Code::CredentialUnusable,
            Self::Exchange(ExchangeError::NoIdToken(_)) => Code::IdTokenRefused,
            Self::Exchange(_) => Code::TokenEndpointFailed,
            Self::Token(_) => Code::IdTokenRefused,
            Self::NoRefreshToken => Code::NoRefreshToken,
            Self::NoTokenDatabase => Code::NoTokenDatabase,
            #[cfg(feature = "_diesel")]
            Self::EndedMeanwhile => Code::EndedMeanwhile,
            Self::LinkUser => Code::LinkUserChanged,
            Self::Unmet(Unmet::AuthContext(_)) => Code::AuthContextMissing,
            Self::Unmet(Unmet::NotFresh(_)) => Code::NotFresh,
            Self::OtherAccount => Code::OtherPerson,
            Self::Graph(_) => Code::GraphUnavailable,
            Self::Denied(denied, _) => denied.code(),
            Self::Store(_) => Code::StoreFailed,
            Self::Overloaded => Code::Overloaded,
            Self::Crypto(_) | Self::Session | Self::Worker => Code::Internal,
        }
    }

    /// What the person reads; never text from outside.
    pub(crate) fn message(&self) -> Wording<'_> {
        let text = match self {
            Self::Denied(denied, _) => return denied.message(),
            _ if self.needs_administrator() => Text::NeedsAdministrator,
            Self::Refused(refusal) if refusal.is_declined() => Text::Cancelled,
            Self::Refused(refusal) => match refusal.remedy() {
                Remedy::Wait => Text::Unreachable,
                Remedy::FixSetup => Text::NeedsAdministrator,
                Remedy::AdmitAccount | Remedy::SignInAgain => Text::NotLetIn,
            },
            Self::Token(TokenError::Keys(_)) => Text::Unreachable,
            Self::Token(TokenError::TenantNotAllowed(_)) => Text::NoAccess,
            Self::Exchange(ExchangeError::NoIdToken(_)) => Text::Unverified,
            Self::Exchange(error) => match error.remedy() {
                Remedy::Wait => Text::Unreachable,
                Remedy::FixSetup => Text::NeedsAdministrator,
                Remedy::AdmitAccount => Text::NotLetIn,
                Remedy::SignInAgain => Text::NotCompleted,
            },
            other => other.code().text(),
        };
        Wording::Known(text)
    }

    /// The account that was refused, where it is known.
    pub(crate) fn account(&self) -> Option<&AccountId> {
        match self {
            Self::Denied(_, account) => Some(account),
            _ => None,
        }
    }

    /// Whether Entra needs to ask the person something.
    pub(crate) fn needs_interaction(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.needs_interaction())
    }

    /// Whether the code was redeemed before.
    pub(crate) fn is_used_code(&self) -> bool {
        match self {
            Self::AlreadyCompleted => true,
            Self::Exchange(ExchangeError::Refused(refusal, _)) => refusal.is_used_code(),
            _ => false,
        }
    }

    /// Whether Entra knows no such code, as when somebody makes one up.
    pub(crate) fn is_unknown_code(&self) -> bool {
        match self {
            Self::Exchange(ExchangeError::Refused(refusal, _)) => {
                refusal.error == "invalid_grant" && !refusal.is_used_code()
            }
            _ => false,
        }
    }

    /// Whether the application itself fails, so that a redirect to one of its pages may loop.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Store(_)
                | Self::NoBaseUrl
                | Self::Overloaded
                | Self::Crypto(_)
                | Self::Session
                | Self::Worker
        )
    }

    /// Whether no second try mends it, but the administrator of the application. A refusal that comes
    /// through the browser is no proof of that: anybody can write it.
    pub(crate) fn needs_administrator(&self) -> bool {
        match self {
            Self::Exchange(error) => error.remedy() == Remedy::FixSetup,
            Self::Metadata(error) | Self::Token(TokenError::Keys(error)) => error.is_lasting(),
            Self::Graph(error) => error.is_lasting(),
            Self::NoBaseUrl | Self::NoRefreshToken | Self::NoTokenDatabase => true,
            _ => false,
        }
    }

    /// Whether the operator has to act, so that the log has an error and not a warning. A clock that is
    /// off and a key that Entra doesn't publish refuse everybody.
    pub(crate) fn needs_operator(&self) -> bool {
        let is_refused_for_all = matches!(
            self,
            Self::Token(TokenError::Time { .. } | TokenError::UnknownKey { .. })
        );
        // Anybody can send a request with a `Host` of their own.
        let is_by_host = matches!(self, Self::NoBaseUrl);
        !is_by_host && (is_refused_for_all || self.is_outage() || self.needs_administrator())
    }
}
