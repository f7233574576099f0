//! The decision: a pure function of the profile, the stored user and the policy.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    denied::Denied,
    domain::{self, DomainProblem},
    policy::AccountPolicy,
    profile::Profile,
    rights::rights,
    user::{User, UserId},
};
use crate::{
    settings::{
        choices::Guests,
        config::{Config, Domains},
    },
    util::crypto::{CryptoError, hex, random},
};

/// One sign-in, as a [`UserStore`](crate::UserStore) carries it out.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Shared: it may hold a photo, and a store copies the sign-in to a thread of its own.
    profile: Arc<Profile>,
    policy: Arc<AccountPolicy>,
    at: DateTime<Utc>,
    /// Drawn beforehand, so that deciding can't fail.
    password: String,
    creation: Creation,
}

/// What to do when there is no user.
#[derive(Clone, Debug)]
enum Creation {
    /// Create one by the rules of the settings.
    ByRule,
    /// Create none: the application's hook comes first.
    Never,
    /// Create this one, which the hook has seen.
    Prepared(Box<NewUser>),
}

/// What a store has to do.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Sign the stored user in, after writing these changes, if any.
    SignIn(Changes),
    /// Create this user, and sign them in.
    Create(NewUser),
    /// Sign nobody in, and write nothing.
    Deny(Denied),
}

/// What to write to a stored user: only what differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// The new e-mail address.
    pub email: Option<String>,
    /// The new first name.
    pub first_name: Option<String>,
    /// The new last name.
    pub last_name: Option<String>,
    /// Whether the user is staff from now on.
    pub is_staff: Option<bool>,
    /// Whether the user is a superuser from now on.
    pub is_superuser: Option<bool>,
}

impl Changes {
    /// The user after these changes and a sign-in at that time.
    pub fn apply_to(self, user: &mut User, signed_in_at: DateTime<Utc>) {
        fn set<T>(field: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *field = value;
            }
        }
        set(&mut user.email, self.email);
        set(&mut user.first_name, self.first_name);
        set(&mut user.last_name, self.last_name);
        set(&mut user.is_staff, self.is_staff);
        set(&mut user.is_superuser, self.is_superuser);
        user.last_login = Some(signed_in_at);
    }
}

/// A user to create.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewUser {
    /// The user name to use. If another user has it, choose another name: never hand that user over.
    pub username: String,
    /// E-mail address, in lower case; empty if there is none.
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
    /// Make the user staff and superuser if there is no superuser yet. A store must guard this
    /// against concurrent sign-ins.
    pub superuser_if_first: bool,
    /// Link the account to this user instead of creating one; nothing else of this is written then.
    /// The account gets all that the user has, so be certain that it is theirs.
    pub existing: Option<UserId>,
    /// Refuse with [`Denied::EmailTaken`] if another user has the address.
    pub email_must_be_unique: bool,
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
        }
    }

    /// The user names to try, best first. A user who has the wanted one is somebody else (a local
    /// user, or a former owner of the address), and stays so.
    pub fn candidate_usernames(&self, object_id: &str) -> impl Iterator<Item = String> {
        /// How many are tried before the object id, which is unique, makes the name unique.
        const MAX_NAMES: u32 = 20;
        let wanted = &self.username;
        std::iter::once(wanted.clone())
            .chain((2..MAX_NAMES).map(move |number| format!("{wanted}-{number}")))
            .chain([format!("{wanted}-{object_id}")])
    }
}

impl NewUser {
    /// The user, under the id and the name that the store gave it. [`User`] has no password: write
    /// that one, too.
    pub fn into_user(
        self,
        id: UserId,
        username: impl Into<String>,
        signed_in_at: DateTime<Utc>,
    ) -> User {
        let mut user = User::new(id, username, signed_in_at);
        (user.email, user.first_name, user.last_name) =
            (self.email, self.first_name, self.last_name);
        (user.is_staff, user.is_superuser) = (self.is_staff, self.is_superuser);
        user.last_login = Some(signed_in_at);
        user
    }
}

impl SignIn {
    /// A sign-in under the rules of the settings, for tests of a user store.
    ///
    /// # Errors
    /// The system has no random bytes for the password of a new user.
    pub fn new(profile: Profile, config: &Config, at: DateTime<Utc>) -> Result<Self, CryptoError> {
        let policy = AccountPolicy::new(&config.0);
        Self::by_policy(Arc::new(profile), Arc::new(policy), at)
    }

    pub(crate) fn by_policy(
        profile: Arc<Profile>,
        policy: Arc<AccountPolicy>,
        at: DateTime<Utc>,
    ) -> Result<Self, CryptoError> {
        Ok(Self {
            profile,
            policy,
            at,
            password: format!("!{}", hex(&random::<20>()?)),
            creation: Creation::ByRule,
        })
    }

    /// Creates no user: without one, the answer is [`Denied::NotCreated`].
    pub(crate) fn without_creation(mut self) -> Self {
        self.creation = Creation::Never;
        self
    }

    /// Creates this user, as the hook left it.
    pub(crate) fn prepared(mut self, user: NewUser) -> Self {
        self.creation = Creation::Prepared(Box::new(user));
        self
    }

    /// The account that signs in.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// When, in UTC.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// What to do, given the user that is stored for this (`tenant_id`, `object_id`), if any.
    ///
    /// It is a pure function: call it inside the transaction that looked the user up.
    pub fn decide(&self, stored: Option<&User>) -> Decision {
        let decision = match stored {
            Some(user) => self.decide_existing(user),
            None => self.decide_new(),
        };
        decision.unwrap_or_else(Decision::Deny)
    }

    fn decide_existing(&self, user: &User) -> Result<Decision, Denied> {
        if !user.is_active {
            return Err(Denied::Inactive);
        }
        self.check_guest()?;
        let lists_domains =
            !matches!(&self.policy.domains, Domains::Only(domains) if domains.is_empty());
        if self.profile.from_graph && lists_domains {
            self.check_domain()?;
        }
        let rights = rights(&self.profile, &self.policy);
        // A superuser is staff by that right, so both go together.
        let is_demoted = user.is_superuser && rights.is_superuser == Some(false);
        let staff = rights.is_staff.or(is_demoted.then_some(false));
        let mut changes = Changes {
            is_staff: staff.filter(|is| *is != user.is_staff),
            is_superuser: rights.is_superuser.filter(|is| *is != user.is_superuser),
            ..Changes::default()
        };
        // Without Graph there is nothing new to write.
        if self.policy.always_update_user_data && self.profile.from_graph {
            let changed = |new: &str, old: &str| (new != old).then(|| new.to_owned());
            let email = self.profile.email.as_deref();
            changes.email = email.and_then(|email| changed(email, &user.email));
            changes.first_name = changed(&self.profile.first_name, &user.first_name);
            changes.last_name = changed(&self.profile.last_name, &user.last_name);
        }
        Ok(Decision::SignIn(changes))
    }

    fn decide_new(&self) -> Result<Decision, Denied> {
        match &self.creation {
            Creation::ByRule => self.new_user().map(Decision::Create),
            Creation::Never => Err(Denied::NotCreated),
            Creation::Prepared(user) => Ok(Decision::Create((**user).clone())),
        }
    }

    /// The user that the rules of the settings create.
    pub(crate) fn new_user(&self) -> Result<NewUser, Denied> {
        let profile = &self.profile;
        if !self.policy.auto_create_users {
            return Err(Denied::NotCreated);
        }
        if !profile.from_graph {
            return Err(Denied::ProfileUnavailable);
        }
        self.check_guest()?;
        self.check_domain()?;
        let rights = rights(profile, &self.policy);
        let username = profile.user_principal_name.as_ref();
        let username = username
            .or(profile.preferred_username.as_ref())
            .or(profile.email.as_ref())
            .unwrap_or(&profile.object_id);
        Ok(NewUser {
            username: username.clone(),
            email: profile.email.clone().unwrap_or_default(),
            first_name: profile.first_name.clone(),
            last_name: profile.last_name.clone(),
            password: self.password.clone(),
            is_staff: rights.is_staff == Some(true),
            is_superuser: rights.is_superuser == Some(true),
            superuser_if_first: self.policy.auto_create_first_superuser,
            existing: None,
            email_must_be_unique: self.policy.unique_email,
        })
    }

    fn check_guest(&self) -> Result<(), Denied> {
        match self.policy.guests {
            Guests::Refused if self.profile.is_guest => Err(Denied::Guest),
            _ => Ok(()),
        }
    }

    fn check_domain(&self) -> Result<(), Denied> {
        let is_invited = self.profile.is_guest && self.policy.trusts(self.profile.tenant_id);
        if is_invited && self.policy.guests == Guests::Allowed {
            return Ok(());
        }
        let email = self.profile.email.as_deref();
        domain::check(&self.profile, email, &self.policy).map_err(|problem| match problem {
            DomainProblem::NotListed => Denied::Domain,
            DomainProblem::Unverified => Denied::DomainUnproved(self.profile.tenant_id),
        })
    }
}
