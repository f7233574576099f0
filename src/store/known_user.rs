//! The sign-in of a user who is stored: what is read decides what is written.

use super::{
    error::StoreError,
    models::{BasicInfoRow, InsertBasicInfo, KnownAccountRow, UpdateBasicInfo, UpdateUser},
    routine::LastLogin,
    session_row::{MakeSession, SessionRow},
    statements::Statements,
    user_store::{SignInOutcome, SignedInUser},
};
use crate::account::{
    decide::{Changes, Decision, SignIn},
    denied::Denied,
    known::KnownAccount,
    profile::{BasicInfo, Profile},
    user::User,
};

/// Signs in the user who is stored for the account; `None` if there is none. It begins a transaction
/// of its own.
pub(super) fn sign_in<C: Statements>(
    conn: &mut C,
    sign_in: &SignIn,
    session: Option<MakeSession<'_>>,
) -> Result<Option<SignInOutcome>, StoreError> {
    if C::IS_IN_PROCESS {
        return conn.write(|conn| sign_in_within(conn, sign_in, session));
    }
    // Reading locks nothing, in a transaction or not, so it comes before it: two round trips less.
    // Where the user is set inactive or signed out in between, their generation has risen, and the
    // session that is written is none.
    let plan = plan(conn, sign_in, session)?;
    plan.finish(|writes| writes.carry_out(conn))
}

/// As [`sign_in`], within the caller's transaction.
pub(super) fn sign_in_within<C: Statements>(
    conn: &mut C,
    sign_in: &SignIn,
    session: Option<MakeSession<'_>>,
) -> Result<Option<SignInOutcome>, StoreError> {
    let plan = plan(conn, sign_in, session)?;
    plan.finish(|writes| writes.carry_out_within(conn))
}

/// Applies the rules to a user who is signed in: only rights and data that changed are written.
pub(super) fn recheck<C: Statements>(
    conn: &mut C,
    sign_in: &SignIn,
) -> Result<SignInOutcome, StoreError> {
    let profile = sign_in.profile();
    let tenant = profile.tenant_id.to_string();
    let Some((mut user, known, _)) = conn.stored(&tenant, &profile.object_id)? else {
        return Ok(Denied::NotCreated.into());
    };
    let changes = match sign_in.decide_known(Some(&user), &known.into()) {
        Decision::SignIn(changes) => changes,
        Decision::Deny(denied) => return Ok(denied.into()),
        Decision::Create(_) => return Ok(Denied::NotCreated.into()),
    };
    let last_login = user.last_login;
    if changes != Changes::default() {
        conn.update_user(row_id(&user)?, &UpdateUser::new(&changes, None))?;
        changes.apply_to(&mut user, sign_in.at());
        user.last_login = last_login;
    }
    Ok(SignedInUser::existing(user).into())
}

/// What a sign-in is going to do.
enum Plan<'a> {
    /// Nobody is stored for the account.
    Unknown,
    /// Nothing is to be written.
    Done(SignInOutcome),
    Write(Box<Writes<'a>>, SignInOutcome),
}

impl Plan<'_> {
    /// What came of it, after the writes.
    fn finish(
        self,
        carry_out: impl FnOnce(&Writes<'_>) -> Result<(), StoreError>,
    ) -> Result<Option<SignInOutcome>, StoreError> {
        match self {
            Self::Unknown => Ok(None),
            Self::Done(outcome) => Ok(Some(outcome)),
            Self::Write(writes, outcome) => carry_out(&writes).map(|()| Some(outcome)),
        }
    }
}

/// What a sign-in writes.
struct Writes<'a> {
    login: LastLogin,
    changes: Changes,
    profile: &'a Profile,
    known: Option<KnownAccountRow>,
    basic_info: BasicInfoWrite<'a>,
    session: Option<SessionRow>,
}

fn plan<'a, C: Statements>(
    conn: &mut C,
    sign_in: &'a SignIn,
    session: Option<MakeSession<'_>>,
) -> Result<Plan<'a>, StoreError> {
    let profile = sign_in.profile();
    let tenant = profile.tenant_id.to_string();
    let Some((mut user, known, info)) = conn.stored(&tenant, &profile.object_id)? else {
        return Ok(Plan::Unknown);
    };
    let user_id = row_id(&user)?;
    let known = KnownAccount::from(known);
    let changes = match sign_in.decide_known(Some(&user), &known) {
        Decision::SignIn(changes) => changes,
        Decision::Deny(denied) => return Ok(Plan::Done(denied.into())),
        // `decide` creates no user where one is stored.
        Decision::Create(_) => return Ok(Plan::Unknown),
    };
    let at = sign_in.at();
    changes.clone().apply_to(&mut user, at);
    let writes = Writes {
        login: LastLogin {
            user_id,
            at: at.naive_utc(),
        },
        changes,
        profile,
        known: profile
            .known()
            .filter(|new| *new != known)
            .map(KnownAccountRow::from),
        basic_info: match &profile.basic_info {
            Some(new) => BasicInfoWrite::new(user_id, info.as_ref(), new),
            None => BasicInfoWrite::None,
        },
        session: session.map(|session| session(&user)).transpose()?,
    };
    let outcome = SignedInUser::existing(user).into();
    Ok(Plan::Write(Box::new(writes), outcome))
}

/// Rows of our table have numbers.
fn row_id(user: &User) -> Result<i64, StoreError> {
    let id = user.id.as_i64();
    id.ok_or_else(|| StoreError::new("the id of a stored user is not a number"))
}

impl Writes<'_> {
    /// Whether only the time of the sign-in is written, and perhaps a session.
    fn are_routine(&self) -> bool {
        self.changes == Changes::default()
            && self.known.is_none()
            && matches!(self.basic_info, BasicInfoWrite::None)
    }

    fn carry_out<C: Statements>(&self, conn: &mut C) -> Result<(), StoreError> {
        match &self.session {
            Some(session) if self.are_routine() => {
                conn.set_last_login_and_insert_session(self.login, session)
            }
            None if self.are_routine() => Ok(conn.set_last_login(self.login)?),
            _ => conn.write(|conn| self.carry_out_within(conn)),
        }
    }

    fn carry_out_within<C: Statements>(&self, conn: &mut C) -> Result<(), StoreError> {
        let LastLogin { user_id, at } = self.login;
        if self.changes == Changes::default() {
            conn.set_last_login(self.login)?;
        } else {
            conn.update_user(user_id, &UpdateUser::new(&self.changes, Some(at)))?;
        }
        if let Some(known) = &self.known {
            let tenant = self.profile.tenant_id.to_string();
            conn.update_identity(&tenant, &self.profile.object_id, known)?;
        }
        self.basic_info.carry_out(conn, user_id)?;
        if let Some(session) = &self.session {
            conn.insert_session(session)?;
        }
        Ok(())
    }
}

/// What is to be written to `microsoft_sso_users`.
pub(super) enum BasicInfoWrite<'a> {
    None,
    Insert(InsertBasicInfo<'a>),
    Update(UpdateBasicInfo<'a>),
}

impl<'a> BasicInfoWrite<'a> {
    pub(super) fn new(user_id: i64, stored: Option<&BasicInfoRow>, new: &'a BasicInfo) -> Self {
        match stored {
            None => Self::Insert(InsertBasicInfo::new(user_id, new)),
            Some(stored) => match UpdateBasicInfo::new(stored, new) {
                Some(update) => Self::Update(update),
                None => Self::None,
            },
        }
    }

    pub(super) fn carry_out<C: Statements>(
        &self,
        conn: &mut C,
        user_id: i64,
    ) -> Result<(), StoreError> {
        match self {
            Self::None => Ok(()),
            Self::Insert(insert) => Ok(conn.insert_basic_info(insert)?),
            Self::Update(update) => Ok(conn.update_basic_info(user_id, update)?),
        }
    }
}
