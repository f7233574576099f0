//! The decision: a function of the profile, the stored user and the policy.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    denied::Denied,
    domain::{self, DomainProblem},
    policy::AccountPolicy,
    profile::Profile,
    rights::rights,
};
use crate::{
    seal::{SealError, random},
    settings::{Domains, Guests},
    store::{User, UserId},
};

/// One person's sign-in, as a [`UserStore`](crate::UserStore) is asked to carry it out.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Shared: it may hold a photo, and a sign-in is copied into the store's own thread.
    profile: Arc<Profile>,
    policy: Arc<AccountPolicy>,
    at: DateTime<Utc>,
    creation: Creation,
}

/// What becomes of somebody new.
#[derive(Clone, Debug)]
enum Creation {
    /// They are created by the settings' rules.
    ByRule,
    /// Not before the application's hook was asked.
    Deferred,
    /// As the hook left them.
    Prepared(Box<NewUser>),
}

/// What a store has to do.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Let the stored user in, after writing these changes, if there are any.
    SignIn(Changes),
    /// Make this user, and let them in.
    Create(NewUser),
    /// Let nobody in, and write nothing.
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

/// A user to be made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewUser {
    /// The user name wished for. Where another user has it, take another: a user of that name
    /// who isn't linked to this person is never handed over.
    pub username: String,
    /// E-mail address, in lower case; empty when there is none.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// A password that nothing hashes to: `!` and random characters, as Django writes it.
    pub password: String,
    /// Whether the user is staff.
    pub is_staff: bool,
    /// Whether the user is a superuser.
    pub is_superuser: bool,
    /// Make the user staff and superuser if there is no superuser yet; a store must hold that
    /// against others who arrive at the same time.
    pub superuser_if_first: bool,
    /// Link the person to this user instead of making one; nothing else of this is written then.
    /// Whoever sets it answers for it: the person gets all that the user has.
    pub existing: Option<UserId>,
    /// Refuse with [`Denied::EmailTaken`] if another user has the address.
    pub email_must_be_unique: bool,
}

impl SignIn {
    pub(crate) fn new(
        profile: Arc<Profile>,
        policy: Arc<AccountPolicy>,
        at: DateTime<Utc>,
    ) -> Self {
        Self {
            profile,
            policy,
            at,
            creation: Creation::ByRule,
        }
    }

    /// Creates nobody yet: somebody new is answered [`Denied::CreationDeferred`].
    pub(crate) fn deferred(mut self) -> Self {
        self.creation = Creation::Deferred;
        self
    }

    /// Creates this user, as the hook left them.
    pub(crate) fn prepared(mut self, user: NewUser) -> Self {
        self.creation = Creation::Prepared(Box::new(user));
        self
    }

    /// The user that the settings' rules would create; `None` where they create nobody.
    pub(crate) fn new_user(&self) -> Result<Option<NewUser>, crate::StoreError> {
        let by_rule = Self {
            creation: Creation::ByRule,
            ..self.clone()
        };
        match by_rule.decide(None)? {
            Decision::Create(user) => Ok(Some(user)),
            Decision::SignIn(_) | Decision::Deny(_) => Ok(None),
        }
    }

    /// Who signs in.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// When, in UTC.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// What to do, given the user that is stored for this (`tenant_id`, `object_id`), if any.
    ///
    /// It asks nobody and changes nothing, so call it inside the transaction that found the user.
    ///
    /// # Errors
    /// The system has no random bytes for a new user's password.
    pub fn decide(&self, stored: Option<&User>) -> Result<Decision, crate::StoreError> {
        let decision = match stored {
            Some(user) => self.decide_known(user),
            None => self.decide_new().map_err(crate::StoreError::new)?,
        };
        Ok(decision.unwrap_or_else(Decision::Deny))
    }

    fn decide_known(&self, user: &User) -> Result<Decision, Denied> {
        if !user.is_active {
            return Err(Denied::Inactive);
        }
        self.check_guest()?;
        let lists_domains =
            !matches!(&self.policy.domains, Domains::Only(domains) if domains.is_empty());
        if self.profile.is_fresh && lists_domains {
            self.check_domain()?;
        }
        let rights = rights(&self.profile, &self.policy);
        // Who is no longer a superuser isn't staff by that right either.
        let dismissed = user.is_superuser && rights.is_superuser == Some(false);
        let staff = rights.is_staff.or(dismissed.then_some(false));
        let mut changes = Changes {
            is_staff: staff.filter(|is| *is != user.is_staff),
            is_superuser: rights.is_superuser.filter(|is| *is != user.is_superuser),
            ..Changes::default()
        };
        // Without Graph there is nothing new to write.
        if self.policy.always_update_user_data && self.profile.is_fresh {
            let changed = |new: &str, old: &str| (new != old).then(|| new.to_owned());
            let email = self.profile.email.as_deref();
            changes.email = email.and_then(|email| changed(email, &user.email));
            changes.first_name = changed(&self.profile.first_name, &user.first_name);
            changes.last_name = changed(&self.profile.last_name, &user.last_name);
        }
        Ok(Decision::SignIn(changes))
    }

    fn decide_new(&self) -> Result<Result<Decision, Denied>, SealError> {
        let profile = &self.profile;
        if let Err(denied) = self.check_new() {
            return Ok(Err(denied));
        }
        match &self.creation {
            Creation::ByRule => {}
            Creation::Deferred => return Ok(Err(Denied::CreationDeferred)),
            Creation::Prepared(user) => return Ok(Ok(Decision::Create((**user).clone()))),
        }
        let rights = rights(profile, &self.policy);
        let username = profile.user_principal_name.as_ref();
        let username = username
            .or(profile.preferred_username.as_ref())
            .or(profile.email.as_ref())
            .unwrap_or(&profile.object_id);
        Ok(Ok(Decision::Create(NewUser {
            username: username.clone(),
            email: profile.email.clone().unwrap_or_default(),
            first_name: profile.first_name.clone(),
            last_name: profile.last_name.clone(),
            password: format!("!{}", crate::picture::hex(&random::<20>()?)),
            is_staff: rights.is_staff == Some(true),
            is_superuser: rights.is_superuser == Some(true),
            superuser_if_first: self.policy.auto_create_first_superuser,
            existing: None,
            email_must_be_unique: self.policy.unique_email,
        })))
    }

    fn check_new(&self) -> Result<(), Denied> {
        if !self.policy.auto_create_users {
            return Err(Denied::NotCreated);
        }
        if !self.profile.is_fresh {
            return Err(Denied::ProfileUnavailable);
        }
        self.check_guest()?;
        self.check_domain()
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
            DomainProblem::Unproved => Denied::DomainUnproved(self.profile.tenant_id),
        })
    }
}
