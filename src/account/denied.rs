//! Why a verified person isn't let in: for the operator, and for the person.

use std::borrow::Cow;

use uuid::Uuid;

use crate::text::{Message, Text};

/// Why a verified person isn't let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// The e-mail domain is in no entry of `allowable_domains`.
    #[error(
        "the e-mail domain is not in `allowable_domains` (user principal name and mail are Graph's)"
    )]
    Domain,
    /// The domain is listed, but any tenant could claim it.
    #[error(
        "the e-mail domain is listed, but nothing shows that the address is the person's: the user principal name has another domain, `xms_edov` is not true, and the tenant {0} is not in `tenants`"
    )]
    DomainUnproved(Uuid),
    /// The person is a guest of the tenant, and `guests` is `refused`.
    #[error("the person is a guest of the tenant, and `guests` is `refused`")]
    Guest,
    /// The person is new, and `auto_create_users` is off.
    #[error("the person is new, and `auto_create_users` is off")]
    NotCreated,
    /// The user is set inactive.
    #[error("the user is set inactive")]
    Inactive,
    /// `unique_email` is on, and another user has the address.
    #[error("another user has the e-mail address, and `unique_email` is on")]
    EmailTaken,
    /// The person is new, and Graph could not be asked who they are.
    #[error("the person is new, and Graph could not be asked who they are")]
    ProfileUnavailable,
    /// Not for the person: the application's hook is asked before somebody is created, and the
    /// sign-in is carried out again.
    #[error("the person is new, and the application has not been asked yet")]
    CreationDeferred,
    /// The application's own rule; the text is shown to the person.
    #[error("the application refused: {0}")]
    Refused(Cow<'static, str>),
}

impl Denied {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Domain => "domain_not_allowed",
            Self::DomainUnproved(_) => "domain_unproved",
            Self::Guest => "guest_refused",
            Self::NotCreated => "user_not_created",
            Self::Inactive => "user_inactive",
            Self::EmailTaken => "email_taken",
            Self::ProfileUnavailable => "graph_unavailable",
            Self::CreationDeferred => "creation_deferred",
            Self::Refused(_) => "application_refused",
        }
    }

    pub(crate) fn message(&self) -> Message<'_> {
        match self {
            Self::Domain | Self::DomainUnproved(_) => Message::Known(Text::Domain),
            Self::Guest => Message::Known(Text::Guest),
            Self::NotCreated => Message::Known(Text::NotCreated),
            Self::Inactive => Message::Known(Text::Inactive),
            Self::EmailTaken => Message::Known(Text::EmailTaken),
            Self::ProfileUnavailable | Self::CreationDeferred => Message::Known(Text::Unreachable),
            Self::Refused(text) => Message::Own(text),
        }
    }
}
