//! The rows of the store of users in memory, and its rules.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    account::{
        decide::{Decision, SignIn},
        denied::Denied,
        new_user::NewUser,
        profile::BasicInfo,
        user::{MicrosoftUser, User, UserId},
    },
    store::{
        error::StoreError,
        user_store::{SignInOutcome, SignedInUser},
    },
    util::picture::PictureUpdate,
};

#[derive(Debug, Default)]
pub(super) struct Tables {
    /// How many users there ever were: the last id.
    created: i64,
    pub(super) users: Vec<Row>,
    /// Positions in `users`, by tenant id and object id.
    pub(super) identities: HashMap<(Uuid, String), usize>,
}

#[derive(Debug)]
pub(super) struct Row {
    pub(super) user: User,
    pub(super) microsoft: Option<MicrosoftUser>,
}

impl Tables {
    pub(super) fn sign_in(&mut self, sign_in: &SignIn) -> Result<SignInOutcome, StoreError> {
        let profile = sign_in.profile();
        let key = (profile.tenant_id, profile.object_id.clone());
        let position = self.identities.get(&key).copied();
        let mut row = position.and_then(|at| self.users.get_mut(at));
        match (
            sign_in.decide(row.as_deref().map(|row| &row.user)),
            &mut row,
        ) {
            (Decision::SignIn(changes), Some(row)) => {
                changes.apply_to(&mut row.user, sign_in.at());
                row.update_microsoft(profile.basic_info.as_ref());
                Ok(SignedInUser::existing(row.user.clone()).into())
            }
            (Decision::Create(new), None) => self.create(&new, sign_in, key),
            (Decision::Deny(denied), _) => Ok(denied.into()),
            // `decide` creates no user where one is stored, and signs in only a stored one.
            (Decision::SignIn(_), None) | (Decision::Create(_), Some(_)) => {
                Ok(Denied::NotCreated.into())
            }
        }
    }

    pub(super) fn recheck(&mut self, sign_in: &SignIn) -> Result<SignInOutcome, StoreError> {
        let profile = sign_in.profile();
        let key = (profile.tenant_id, profile.object_id.clone());
        let Some(at) = self.identities.get(&key).copied() else {
            return Ok(Denied::NotCreated.into());
        };
        let last_login = self.users[at].user.last_login;
        let outcome = self.sign_in(sign_in);
        self.users[at].user.last_login = last_login;
        outcome
    }

    /// Nothing is written before all checks have passed.
    fn create(
        &mut self,
        new: &NewUser,
        sign_in: &SignIn,
        key: (Uuid, String),
    ) -> Result<SignInOutcome, StoreError> {
        let by_address = || self.only_user_of_address(new);
        let existing = new.existing.clone().or_else(by_address);
        if existing.is_none() && new.must_be_linked {
            return Ok(Denied::NotCreated.into());
        }
        if existing.is_none() && new.email_must_be_unique && self.is_email_of_another(new) {
            return Ok(Denied::EmailTaken.into());
        }
        let position = match &existing {
            Some(id) => match self.position(id) {
                None => return Ok(Denied::NotCreated.into()),
                Some(at) if !self.users[at].user.is_active => return Ok(Denied::Inactive.into()),
                Some(at) if new.existing_must_be_unlinked && self.has_account(at) => {
                    return Ok(Denied::AlreadyLinked.into());
                }
                Some(at) => at,
            },
            None => {
                let user = self.new_user(new, sign_in)?;
                self.users.push(Row {
                    user,
                    microsoft: None,
                });
                self.users.len() - 1
            }
        };
        self.identities.insert(key, position);
        let row = &mut self.users[position];
        row.update_microsoft(sign_in.profile().basic_info.as_ref());
        let user = row.user.clone();
        Ok(match existing {
            Some(_) => SignedInUser::linked(user).into(),
            None => SignedInUser::created(user).into(),
        })
    }

    fn new_user(&mut self, new: &NewUser, sign_in: &SignIn) -> Result<User, StoreError> {
        let is_free = |name: &String| !self.any(|user| is_same(&user.username, name));
        let username = new
            .candidate_usernames(&sign_in.profile().object_id)
            .find(is_free)
            .ok_or_else(|| StoreError::new("every user name for the account is taken"))?;
        let is_first = new.is_active && new.superuser_if_first && self.users.is_empty();
        self.created += 1;
        let id = self.created.into();
        let mut user = new.clone().into_user(id, username, sign_in.at());
        user.is_staff |= is_first;
        user.is_superuser |= is_first;
        Ok(user)
    }

    /// Whether the address is that of a user other than the one to link the account to.
    fn is_email_of_another(&self, new: &NewUser) -> bool {
        let is_another = |user: &User| new.existing.as_ref() != Some(&user.id);
        !new.email.is_empty()
            && self.any(|user| {
                user.email_verified
                    && user.email.eq_ignore_ascii_case(&new.email)
                    && is_another(user)
            })
    }

    pub(super) fn has_account(&self, at: usize) -> bool {
        self.identities.values().any(|of| *of == at)
    }

    /// The user with the address, proved, if there is one alone, who has no account.
    fn only_user_of_address(&self, new: &NewUser) -> Option<UserId> {
        let users = self.users.iter().enumerate();
        let mut same = users.filter(|(_, row)| row.user.email.eq_ignore_ascii_case(&new.email));
        match (same.next(), same.next()) {
            (Some((at, row)), None) if new.link_by_address && !self.has_account(at) => {
                Some(row.user.id.clone()).filter(|_| row.user.email_verified)
            }
            _ => None,
        }
    }

    fn any(&self, condition: impl Fn(&User) -> bool) -> bool {
        self.users.iter().any(|row| condition(&row.user))
    }

    pub(super) fn position(&self, id: &UserId) -> Option<usize> {
        self.users.iter().position(|row| row.user.id == *id)
    }
}

impl Row {
    fn update_microsoft(&mut self, info: Option<&BasicInfo>) {
        let Some(info) = info else {
            return;
        };
        let stored = self
            .microsoft
            .get_or_insert_with(|| MicrosoftUser::new(&info.microsoft_id));
        stored.microsoft_id.clone_from(&info.microsoft_id);
        stored.locale.clone_from(&info.locale);
        match &info.picture {
            PictureUpdate::Keep => {}
            PictureUpdate::Remove => stored.picture = None,
            PictureUpdate::Replace(picture) => stored.picture = Some(picture.clone()),
        }
    }
}

/// User names and addresses are compared without regard to letter case.
fn is_same(stored: &str, new: &str) -> bool {
    stored.to_lowercase() == new.to_lowercase()
}
