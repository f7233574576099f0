//! A store of users with one defect, to see that the contract catches it.

use std::sync::{Mutex, MutexGuard};

use microsoft_sso::{
    Decision, Denied, MicrosoftUser, NewUser, PictureUpdate, Profile, SignIn, SignInOutcome,
    SignedInUser, StoreError, User, UserId, UserStore,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    Flawless,
    AlwaysUpdates,
    CreatesBeforeDeciding,
    DropsTheStoredPicture,
    FailsOnATakenUsername,
    FailsOnAnIdOfAnotherKind,
    FindsInactiveUsersActive,
    IgnoresChanges,
    IgnoresEmailMustBeUnique,
    IgnoresInactive,
    IgnoresSuperuserIfFirst,
    KeyIgnoresLetterCase,
    KeyIsEmail,
    KeyIsObjectIdAlone,
    NeverRevokes,
    NotSerialised,
    SaysAlwaysNew,
    StampsDeniedSignIns,
    UpdatesEverybody,
}

use Defect::*;

struct Row {
    profile: Profile,
    user: User,
    microsoft: Option<MicrosoftUser>,
}

pub(crate) struct FlawedStore {
    defect: Defect,
    rows: Mutex<Vec<Row>>,
    turn: tokio::sync::Mutex<()>,
}

impl FlawedStore {
    pub(crate) fn new(defect: Defect) -> Self {
        Self {
            defect,
            rows: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn deactivate(&self, id: &UserId) {
        let mut rows = self.rows();
        let row = rows.iter_mut().find(|row| row.user.id == *id).unwrap();
        row.user.is_active = false;
    }

    fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap()
    }

    fn has(&self, defect: Defect) -> bool {
        self.defect == defect
    }

    fn is_account(&self, known: &Profile, profile: &Profile) -> bool {
        let same_tenant = known.tenant_id == profile.tenant_id;
        match self.defect {
            KeyIsEmail => known.email == profile.email,
            KeyIsObjectIdAlone => known.object_id == profile.object_id,
            KeyIgnoresLetterCase => {
                same_tenant && known.object_id.eq_ignore_ascii_case(&profile.object_id)
            }
            _ => same_tenant && known.object_id == profile.object_id,
        }
    }

    fn stored(&self, profile: &Profile) -> Option<User> {
        let rows = self.rows();
        let row = rows
            .iter()
            .find(|row| self.is_account(&row.profile, profile));
        row.map(|row| row.user.clone())
    }

    fn update(&self, sign_in: &SignIn, mut user: User, decision: Decision) -> SignInOutcome {
        let profile = sign_in.profile();
        let mut rows = self.rows();
        let changes = match decision {
            Decision::Deny(denied) => {
                if self.has(StampsDeniedSignIns) {
                    user.last_login = Some(sign_in.at());
                    let row = rows.iter_mut().find(|row| row.user.id == user.id);
                    row.unwrap().user = user;
                }
                return denied.into();
            }
            Decision::SignIn(_) if self.has(IgnoresChanges) => Default::default(),
            Decision::SignIn(mut changes) => {
                if self.has(AlwaysUpdates) {
                    changes.email = profile.email.clone();
                }
                if self.has(NeverRevokes) {
                    changes.is_staff = changes.is_staff.filter(|is_staff| *is_staff);
                    changes.is_superuser = changes.is_superuser.filter(|is| *is);
                }
                changes
            }
            Decision::Create(_) => panic!("creates a user who is stored"),
        };
        for row in rows.iter_mut() {
            if row.user.id == user.id {
                changes.clone().apply_to(&mut row.user, sign_in.at());
                self.update_microsoft(row, profile);
                user = row.user.clone();
            } else if self.has(UpdatesEverybody) {
                changes.clone().apply_to(&mut row.user, sign_in.at());
            }
        }
        let mut signed_in = SignedInUser::existing(user);
        signed_in.is_new = self.has(SaysAlwaysNew);
        signed_in.into()
    }

    fn update_microsoft(&self, row: &mut Row, profile: &Profile) {
        let Some(info) = &profile.basic_info else {
            return;
        };
        let before = row.microsoft.take().and_then(|stored| stored.picture);
        let mut microsoft = MicrosoftUser::new(&info.microsoft_id);
        microsoft.locale = info.locale.clone();
        microsoft.picture = match &info.picture {
            PictureUpdate::Keep if self.has(DropsTheStoredPicture) => None,
            PictureUpdate::Keep => before,
            PictureUpdate::Remove => None,
            PictureUpdate::Replace(picture) => Some(picture.clone()),
        };
        row.microsoft = Some(microsoft);
    }

    fn insert(&self, sign_in: &SignIn, new: NewUser, makes_superuser: bool) -> User {
        let profile = sign_in.profile().clone();
        let mut rows = self.rows();
        let id = UserId::from(i64::try_from(rows.len()).unwrap() + 1);
        let username = new.username.clone();
        let mut user = new.into_user(id, username, sign_in.at());
        user.is_staff |= makes_superuser;
        user.is_superuser |= makes_superuser;
        let mut row = Row {
            profile: profile.clone(),
            user: user.clone(),
            microsoft: None,
        };
        self.update_microsoft(&mut row, &profile);
        rows.push(row);
        user
    }
}

impl UserStore for FlawedStore {
    async fn sign_in(&self, sign_in: SignIn) -> Result<SignInOutcome, StoreError> {
        let _turn = if self.has(NotSerialised) {
            None
        } else {
            Some(self.turn.lock().await)
        };
        let mut stored = self.stored(sign_in.profile());
        let has_superuser = self.rows().iter().any(|row| row.user.is_superuser);
        let emails: Vec<_> = {
            let rows = self.rows();
            rows.iter().map(|row| row.user.email.clone()).collect()
        };
        // Where sign-ins aren't serialised, others look before this one writes.
        tokio::task::yield_now().await;

        let is_new = stored.is_none();
        if is_new && self.has(CreatesBeforeDeciding) {
            stored = Some(self.insert(&sign_in, NewUser::new("early"), false));
        }
        if let Some(mut user) = stored {
            user.is_active |= self.has(IgnoresInactive);
            let decision = sign_in.decide(Some(&user));
            return Ok(self.update(&sign_in, user, decision));
        }
        let new = match sign_in.decide(None) {
            Decision::Create(new) => new,
            Decision::Deny(denied) => return Ok(denied.into()),
            Decision::SignIn(_) => panic!("signs in nobody"),
        };
        let checks_email = new.email_must_be_unique && !self.has(IgnoresEmailMustBeUnique);
        if checks_email && !new.email.is_empty() && emails.contains(&new.email) {
            return Ok(Denied::EmailTaken.into());
        }
        let is_taken = self.rows().iter().any(|r| r.user.username == new.username);
        if is_taken && self.has(FailsOnATakenUsername) {
            return Err(StoreError::new("UNIQUE constraint failed: username"));
        }
        let is_first = new.superuser_if_first && !has_superuser;
        let makes_superuser = is_first && !self.has(IgnoresSuperuserIfFirst);
        let user = self.insert(&sign_in, new, makes_superuser);
        Ok(SignedInUser::created(user).into())
    }

    async fn find(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        if id.as_i64().is_none() && self.has(FailsOnAnIdOfAnotherKind) {
            return Err(StoreError::new("invalid input syntax for type integer"));
        }
        let rows = self.rows();
        let mut user = rows
            .iter()
            .find(|row| row.user.id == *id)
            .map(|row| row.user.clone());
        if let Some(user) = &mut user {
            user.is_active |= self.has(FindsInactiveUsersActive);
        }
        Ok(user)
    }

    async fn microsoft_user(&self, id: &UserId) -> Result<Option<MicrosoftUser>, StoreError> {
        let rows = self.rows();
        let row = rows.iter().find(|row| row.user.id == *id);
        Ok(row.and_then(|row| row.microsoft.clone()))
    }
}
