//! Why a verified account isn't admitted: for the operator, and for the person.

use std::borrow::Cow;

use uuid::Uuid;

use super::user::User;
use crate::settings::texts::{Text, Wording};

/// Why a verified account isn't admitted. `Display` is for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// `allowable_domains` doesn't list the e-mail domain.
    #[error(
        "the e-mail domain is not in `allowable_domains` (user principal name and mail are Graph's)"
    )]
    Domain,
    /// The domain is listed, but any tenant could claim the address.
    #[error(
        "the e-mail domain is listed, but nothing proves that the address belongs to the account: the user principal name has another domain, `xms_edov` is not true, and the tenant {0} is not in `tenants`"
    )]
    DomainUnproved(Uuid),
    /// A guest of the tenant, and `guests` is `refused`.
    #[error("the account is a guest of the tenant, and `guests` is `refused`")]
    Guest,
    /// There is no user, and `auto_create_users` is off.
    #[error("there is no user for the account, and `auto_create_users` is off")]
    NotCreated,
    /// The user is inactive.
    #[error("the user is inactive")]
    Inactive,
    /// The user was created inactive, and nobody has set it active yet.
    #[error("the user is new, and waits for somebody to set it active")]
    AwaitsApproval,
    /// The account is linked to another user than the one who asked for the link.
    #[error("the account is linked to another user")]
    LinkedElsewhere,
    /// The user who asked for the link has an account already.
    #[error("the user is linked to another account")]
    AlreadyLinked,
    /// `unique_email` is on, and another user has the address.
    #[error("another user has the e-mail address, and `unique_email` is on")]
    EmailTaken,
    /// There is no user, and Graph could not say who the account is.
    #[error("there is no user for the account, and Graph could not say who it is")]
    ProfileUnavailable,
    /// The application's own rule. The person reads the text.
    #[error("the application refused: {0}")]
    Refused(Cow<'static, str>),
}

impl Denied {
    /// Of a user who is inactive: one who never signed in waits for that.
    pub(crate) fn of_inactive(user: &User) -> Self {
        if user.last_login.is_some() {
            Self::Inactive
        } else {
            Self::AwaitsApproval
        }
    }

    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Domain => "domain_not_allowed",
            Self::DomainUnproved(_) => "domain_unproved",
            Self::Guest => "guest_refused",
            Self::NotCreated => "user_not_created",
            Self::Inactive => "user_inactive",
            Self::AwaitsApproval => "awaits_approval",
            Self::LinkedElsewhere => "linked_elsewhere",
            Self::AlreadyLinked => "already_linked",
            Self::EmailTaken => "email_taken",
            Self::ProfileUnavailable => "graph_unavailable",
            Self::Refused(_) => "application_refused",
        }
    }

    pub(crate) fn message(&self) -> Wording<'_> {
        match self {
            Self::Domain | Self::DomainUnproved(_) => Wording::Known(Text::Domain),
            Self::Guest => Wording::Known(Text::Guest),
            Self::NotCreated => Wording::Known(Text::NotCreated),
            Self::Inactive => Wording::Known(Text::Inactive),
            Self::AwaitsApproval => Wording::Known(Text::AwaitsApproval),
            Self::LinkedElsewhere => Wording::Known(Text::LinkedElsewhere),
            Self::AlreadyLinked => Wording::Known(Text::AlreadyLinked),
            Self::EmailTaken => Wording::Known(Text::EmailTaken),
            Self::ProfileUnavailable => Wording::Known(Text::Unreachable),
            Self::Refused(text) => Wording::Custom(text),
        }
    }
}
