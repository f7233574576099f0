//! A user to create.

use chrono::{DateTime, Utc};

use super::user::{User, UserId};

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
    /// Whether the user may sign in. If not, the user is created, and nobody is signed in before the
    /// application's administrator has set the user active.
    pub is_active: bool,
    /// Whether the user is staff.
    pub is_staff: bool,
    /// Whether the user is a superuser.
    pub is_superuser: bool,
    /// Make the user staff and superuser if it is active and there is no user yet. A store must guard this against
    /// concurrent sign-ins.
    pub superuser_if_first: bool,
    /// Link the account to this user instead of creating one; nothing else of this is written then.
    /// The account gets all that the user has, so be certain that it is theirs.
    pub existing: Option<UserId>,
    /// Refuse with [`Denied::AlreadyLinked`](crate::Denied::AlreadyLinked) if `existing` has an account.
    pub existing_must_be_unlinked: bool,
    /// Link the account to the user with this address (`email`), if there is exactly one user with it,
    /// without regard to ASCII case, and that user is active, has no account, and the address is proved to be
    /// theirs (`email_verified`): whoever registers an address that isn't theirs must not wait for its
    /// owner. A store that can't link it so has to refuse with
    /// [`Denied::NotCreated`](crate::Denied::NotCreated) if `must_be_linked`, and else creates a user.
    pub link_by_address: bool,
    /// Refuse with [`Denied::NotCreated`](crate::Denied::NotCreated) if the account is linked to nobody: the
    /// settings create no user.
    pub must_be_linked: bool,
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
            is_active: true,
            is_staff: false,
            is_superuser: false,
            superuser_if_first: false,
            existing: None,
            existing_must_be_unlinked: false,
            link_by_address: false,
            must_be_linked: false,
            email_must_be_unique: false,
            verified_email: None,
        }
    }

    /// The user names to try, best first, the last of which is unique. If a name is taken, it belongs
    /// to another user: never hand that user over.
    pub fn candidate_usernames(&self, object_id: &str) -> impl Iterator<Item = String> {
        /// How many are tried before the object id, which is unique, makes the name unique.
        const MAX_NAMES: u32 = 20;
        let wanted = &self.username;
        std::iter::once(wanted.clone())
            .chain((2..MAX_NAMES).map(move |number| format!("{wanted}-{number}")))
            .chain([format!("{wanted}-{object_id}")])
    }

    /// The user, under the id and the name that the store gave it. [`User`] has no password: write
    /// that one, too.
    pub fn into_user(
        self,
        id: UserId,
        username: impl Into<String>,
        signed_in_at: DateTime<Utc>,
    ) -> User {
        let mut user = User::new(id, username, signed_in_at);
        user.email_verified = self.is_email_verified();
        (user.email, user.first_name, user.last_name) =
            (self.email, self.first_name, self.last_name);
        (user.is_staff, user.is_superuser) = (self.is_staff, self.is_superuser);
        user.is_active = self.is_active;
        user.last_login = Some(signed_in_at).filter(|_| self.is_active);
        user
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
