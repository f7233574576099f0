//! A user to create.

use super::user::UserId;

/// A user to create.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewUser {
    /// The user name to use. If another user has it, choose another name: never hand that user over.
    pub username: String,
    /// E-mail address, ASCII letters in lower case; empty if there is none.
    /// [`is_email_verified`](Self::is_email_verified) says whether it is proved.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// An unusable password: `!` and random characters, as Django writes it.
    pub password: String,
    /// Whether the user is staff.
    pub is_staff: bool,
    /// Whether the user is a superuser.
    pub is_superuser: bool,
    /// Make the user staff and superuser if there is no user yet. A store must guard this against
    /// concurrent sign-ins.
    pub superuser_if_first: bool,
    /// Link the account to this user instead of creating one; nothing else of this is written then.
    /// The account gets all that the user has, so be certain that it is theirs.
    pub existing: Option<UserId>,
    /// Refuse with [`Denied::EmailTaken`](crate::Denied::EmailTaken) if another user has the address,
    /// without regard to ASCII case, and it is proved to be theirs.
    pub email_must_be_unique: bool,
    /// The address that is proved: a hook that changes `email` doesn't inherit the proof.
    pub(super) verified_email: Option<String>,
}

impl NewUser {
    /// A user without rights whose password is unusable; set the fields for the rest.
    pub fn new(username: impl Into<String>) -> Self {
        Self {
            username: username.into(),
            email: String::new(),
            first_name: String::new(),
            last_name: String::new(),
            password: "!".to_owned(),
            is_staff: false,
            is_superuser: false,
            superuser_if_first: false,
            existing: None,
            email_must_be_unique: false,
            verified_email: None,
        }
    }

    /// Whether `email` is proved to be the account's. Never find or link a user by an address that is
    /// not.
    pub fn is_email_verified(&self) -> bool {
        !self.email.is_empty() && self.verified_email.as_ref() == Some(&self.email)
    }

    /// The application has a proof of its own that `email` is the account's.
    pub fn mark_email_verified(&mut self) {
        self.verified_email = Some(self.email.clone());
    }
}
