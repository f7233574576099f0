//! The decision: a pure function of the profile, the stored user and the policy.

use std::{borrow::Cow, sync::Arc};

use chrono::{DateTime, Utc};

use super::{
    denied::Denied,
    domain::{self, DomainProblem},
    known::KnownAccount,
    new_user::NewUser,
    policy::AccountPolicy,
    profile::Profile,
    rights::rights,
    user::{User, UserId},
};
use crate::{
    settings::{choices::Guests, config::Config},
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
    /// Give the account to this user, who has none.
    Link(UserId),
}

/// What a store has to do.
#[derive(Clone, Debug)]
#[must_use]
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
    /// The new e-mail address, which is proved.
    pub email: Option<String>,
    /// Whether the e-mail address is proved from now on.
    pub email_verified: Option<bool>,
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
        set(&mut user.email_verified, self.email_verified);
        set(&mut user.first_name, self.first_name);
        set(&mut user.last_name, self.last_name);
        set(&mut user.is_staff, self.is_staff);
        set(&mut user.is_superuser, self.is_superuser);
        user.last_login = Some(signed_in_at);
    }
}

impl SignIn {
    /// A sign-in under the rules of the settings, for tests of a user store. The profile's address is
    /// proved where the settings trust its tenant.
    ///
    /// # Errors
    /// The system has no random bytes for the password of a new user.
    pub fn new(
        mut profile: Profile,
        config: &Config,
        at: DateTime<Utc>,
    ) -> Result<Self, CryptoError> {
        let policy = AccountPolicy::new(&config.0);
        profile.email_verified |= profile.email.is_some() && policy.trusts(profile.tenant_id);
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

    /// Gives the account to a user who has none, and signs them in.
    pub(crate) fn linking(mut self, user: UserId) -> Self {
        self.creation = Creation::Link(user);
        self
    }

    pub(crate) fn is_link(&self) -> bool {
        matches!(self.creation, Creation::Link(_))
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
        self.decide_known(stored, &KnownAccount::default())
    }

    /// As [`Self::decide`], with what Graph said of the account at its last sign-in.
    pub(crate) fn decide_known(&self, stored: Option<&User>, known: &KnownAccount) -> Decision {
        let decision = match stored {
            Some(user) => self.decide_existing(user, known),
            None => self.decide_new(),
        };
        decision.unwrap_or_else(Decision::Deny)
    }

    fn decide_existing(&self, user: &User, known: &KnownAccount) -> Result<Decision, Denied> {
        if matches!(&self.creation, Creation::Link(wanted) if *wanted != user.id) {
            return Err(Denied::LinkedElsewhere);
        }
        if !user.is_active {
            return Err(Denied::of_inactive(user));
        }
        let policy = &*self.policy;
        let profile = if self.profile.from_graph {
            Cow::Borrowed(&*self.profile)
        } else {
            Cow::Owned(self.profile.recalled(user, known, policy))
        };
        check_guest(&profile, policy)?;
        if policy.restricts_domains() {
            check_domain(&profile, policy)?;
        }
        let rights = rights(&profile, Some(user), policy);
        // A superuser is staff by that right, so both go together.
        let is_demoted = user.is_superuser && rights.is_superuser == Some(false);
        let staff = rights.is_staff.or(is_demoted.then_some(false));
        let mut changes = Changes {
            is_staff: staff.filter(|is| *is != user.is_staff),
            is_superuser: rights.is_superuser.filter(|is| *is != user.is_superuser),
            ..Changes::default()
        };
        // Without Graph there is nothing new to write.
        if profile.from_graph {
            self.update(user, &mut changes);
        }
        Ok(Decision::SignIn(changes))
    }

    /// Only a proved address is written over another.
    fn update(&self, user: &User, changes: &mut Changes) {
        let changed = |new: &str, old: &str| (new != old).then(|| new.to_owned());
        let profile = &self.profile;
        let proved = profile.email.as_deref().filter(|_| profile.email_verified);
        if self.policy.always_update_user_data {
            changes.email = proved.and_then(|email| changed(email, &user.email));
            changes.first_name = changed(&profile.first_name, &user.first_name);
            changes.last_name = changed(&profile.last_name, &user.last_name);
        }
        let is_stored = proved.is_some_and(|email| email.eq_ignore_ascii_case(&user.email));
        let is_proved = changes.email.is_some() || is_stored;
        changes.email_verified = (is_proved && !user.email_verified).then_some(true);
    }

    fn decide_new(&self) -> Result<Decision, Denied> {
        match &self.creation {
            Creation::ByRule => self.new_user().map(Decision::Create),
            Creation::Never => Err(Denied::NotCreated),
            Creation::Prepared(user) => Ok(Decision::Create((**user).clone())),
            Creation::Link(user) => self.link(user).map(Decision::Create),
        }
    }

    /// The rules that hold for whoever signs in: nobody is created.
    fn link(&self, user: &UserId) -> Result<NewUser, Denied> {
        let (profile, policy) = (&self.profile, &self.policy);
        if !profile.from_graph {
            return Err(Denied::ProfileUnavailable);
        }
        check_guest(profile, policy)?;
        if policy.restricts_domains() {
            check_domain(profile, policy)?;
        }
        let mut new = NewUser::new(profile.username());
        new.existing = Some(user.clone());
        new.existing_must_be_unlinked = true;
        Ok(new)
    }

    /// The user that the rules of the settings create.
    pub(crate) fn new_user(&self) -> Result<NewUser, Denied> {
        let profile = &self.profile;
        let policy = &*self.policy;
        let link_by_address = self.may_link_by_address();
        if !policy.auto_create_users && !link_by_address {
            return Err(Denied::NotCreated);
        }
        if !profile.from_graph {
            return Err(Denied::ProfileUnavailable);
        }
        check_guest(profile, policy)?;
        // An empty list of domains creates nobody, and forbids nobody to be linked.
        if policy.restricts_domains() || !link_by_address {
            check_domain(profile, policy)?;
        }
        let rights = rights(profile, None, &self.policy);
        let email = profile.email.clone();
        Ok(NewUser {
            username: profile.username(),
            verified_email: email.clone().filter(|_| profile.email_verified),
            email: email.unwrap_or_default(),
            first_name: profile.first_name.clone(),
            last_name: profile.last_name.clone(),
            password: self.password.clone(),
            is_active: true,
            is_staff: rights.is_staff == Some(true),
            is_superuser: rights.is_superuser == Some(true),
            superuser_if_first: self.policy.auto_create_first_superuser,
            existing: None,
            existing_must_be_unlinked: false,
            link_by_address,
            must_be_linked: !policy.auto_create_users || !policy.restricts_domains(),
            email_must_be_unique: self.policy.unique_email,
        })
    }
}

impl SignIn {
    /// Whether the account's address may find its user: it is proved, of a tenant whose administrator's
    /// word counts, and the account is a member there.
    fn may_link_by_address(&self) -> bool {
        let (profile, policy) = (&self.profile, &self.policy);
        let is_member = profile.is_guest_known && !profile.is_guest;
        policy.link_by_address
            && profile.email_verified
            && is_member
            && policy.trusts(profile.tenant_id)
    }
}

fn check_guest(profile: &Profile, policy: &AccountPolicy) -> Result<(), Denied> {
    match policy.guests {
        Guests::Refused if profile.is_guest => Err(Denied::Guest),
        // Neither the token nor the store says; Graph will.
        Guests::Refused if !profile.is_guest_known => Err(Denied::ProfileUnavailable),
        _ => Ok(()),
    }
}

fn check_domain(profile: &Profile, policy: &AccountPolicy) -> Result<(), Denied> {
    let is_invited = profile.is_guest && policy.trusts(profile.tenant_id);
    if is_invited && policy.guests == Guests::Allowed {
        return Ok(());
    }
    domain::check(profile, policy).map_err(|problem| match problem {
        // No address is known; Graph will tell.
        _ if !profile.from_graph && profile.email.is_none() => Denied::ProfileUnavailable,
        DomainProblem::NotListed => Denied::Domain,
        DomainProblem::Unverified => Denied::DomainUnproved(profile.tenant_id),
    })
}
