//! Why a verified account isn't admitted: for the operator, and for the person.

use std::borrow::Cow;

use uuid::Uuid;

use super::user::User;
use crate::settings::{
    codes::Code,
    texts::{Text, Wording},
};

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

    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Domain => Code::DomainNotAllowed,
            Self::DomainUnproved(_) => Code::DomainUnproved,
            Self::Guest => Code::GuestRefused,
            Self::NotCreated => Code::UserNotCreated,
            Self::Inactive => Code::UserInactive,
            Self::AwaitsApproval => Code::AwaitsApproval,
            Self::LinkedElsewhere => Code::LinkedElsewhere,
            Self::AlreadyLinked => Code::AlreadyLinked,
            Self::EmailTaken => Code::EmailTaken,
            Self::ProfileUnavailable => Code::GraphUnavailable,
            Self::Refused(_) => Code::ApplicationRefused,
        }
    }

    pub(crate) fn message(&self) -> Wording<'_> {
        match self {
            Self::Refused(text) => Wording::Custom(text),
            Self::ProfileUnavailable => Wording::Known(Text::Unreachable),
            other => Wording::Known(other.code().text()),
        }
    }
}
