//! One sign-in in the database: find or create the user, decide, and write in one transaction.

use chrono::NaiveDateTime;
use diesel::{OptionalExtension, QueryResult};

use super::{
    error::StoreError,
    known_user::{self, BasicInfoWrite},
    models::{InsertIdentity, InsertUser},
    session_row::MakeSession,
    statements::Statements,
    user_store::{SignInOutcome, SignedInUser},
};
use crate::account::{
    decide::{Decision, SignIn},
    denied::Denied,
    new_user::NewUser,
    user::UserId,
};

/// Carries out a sign-in, and writes its session with it.
pub(super) fn sign_in<C: Statements>(
    conn: &mut C,
    sign_in: &SignIn,
    session: Option<MakeSession<'_>>,
) -> Result<SignInOutcome, StoreError> {
    match existing_or_new(conn, sign_in, session) {
        // A concurrent transaction came between, such as the application creating a user of the
        // same name: the second try sees what it wrote.
        Err(error) if error.is_conflict() => existing_or_new(conn, sign_in, session),
        done => done,
    }
}

fn existing_or_new<C: Statements>(
    conn: &mut C,
    sign_in: &SignIn,
    session: Option<MakeSession<'_>>,
) -> Result<SignInOutcome, StoreError> {
    // The common case is one transaction without a lock.
    if let Some(outcome) = known_user::sign_in(conn, sign_in, session)? {
        return Ok(outcome);
    }
    // Creations are serialised, so that concurrent first sign-ins of one account create one user,
    // and rules over all users (unique e-mail) hold.
    conn.write(|conn| {
        conn.lock_creation()?;
        match known_user::sign_in_within(conn, sign_in, session)? {
            Some(outcome) => Ok(outcome),
            None => create(conn, sign_in, session),
        }
    })
}

/// Decides about an account without a user, and creates the user if so decided.
fn create<C: Statements>(
    conn: &mut C,
    sign_in: &SignIn,
    session: Option<MakeSession<'_>>,
) -> Result<SignInOutcome, StoreError> {
    let profile = sign_in.profile();
    let mut new = match sign_in.decide(None) {
        Decision::Create(new) => new,
        Decision::Deny(denied) => return Ok(denied.into()),
        Decision::SignIn(_) => return Ok(Denied::NotCreated.into()),
    };
    // Creations are serialised, so the answer holds until the end of the transaction.
    if new.is_active && new.superuser_if_first && !conn.user_exists()? {
        (new.is_staff, new.is_superuser) = (true, true);
    }
    if new.existing.is_none() && new.link_by_address {
        new.existing = conn.only_user_of_address(&new.email)?.map(UserId::from);
    }
    let existing = match existing_from_hook(conn, &new)? {
        Existing::None if new.must_be_linked => return Ok(Denied::NotCreated.into()),
        Existing::None => None,
        Existing::User(id) => Some(id),
        Existing::Denied(denied) => return Ok(denied.into()),
    };
    // A user who is only linked keeps the address that it has.
    let checks_email = new.email_must_be_unique && existing.is_none();
    if checks_email && !new.email.is_empty() && conn.verified_email_exists(&new.email)? {
        return Ok(Denied::EmailTaken.into());
    }
    let at = sign_in.at().naive_utc();
    let id = match existing {
        Some(id) => id,
        None => insert_user(conn, &new, &profile.object_id, at)?,
    };
    let tenant = profile.tenant_id.to_string();
    // A row whose user was deleted by hand, where no foreign key was enforced, is replaced.
    conn.delete_identity(&tenant, &profile.object_id)?;
    conn.insert_identity(&InsertIdentity {
        tenant_id: &tenant,
        object_id: &profile.object_id,
        subject: &profile.subject,
        user_id: id,
        known: profile.known().unwrap_or_default().into(),
    })?;
    if let Some(info) = &profile.basic_info {
        // An existing user may have signed in from another tenant before.
        let stored = conn.basic_info(id)?;
        BasicInfoWrite::new(id, stored.as_ref(), info).carry_out(conn, id)?;
    }
    let user = conn.user(id)?;
    if let Some(session) = session {
        conn.insert_session(&session(&user)?)?;
    }
    Ok(match existing {
        Some(_) => SignedInUser::linked(user).into(),
        None => SignedInUser::created(user).into(),
    })
}

/// The user that the application's hook links the account to.
enum Existing {
    None,
    User(i64),
    Denied(Denied),
}

fn existing_from_hook<C: Statements>(conn: &mut C, new: &NewUser) -> QueryResult<Existing> {
    let Some(id) = &new.existing else {
        return Ok(Existing::None);
    };
    let user = match id.as_i64() {
        Some(id) => conn.user(id).optional()?.map(|user| (id, user)),
        None => None,
    };
    Ok(match user {
        None => Existing::Denied(Denied::NotCreated),
        Some((_, user)) if !user.is_active => Existing::Denied(Denied::Inactive),
        Some((id, _)) if new.existing_must_be_unlinked && conn.has_account(id)? => {
            Existing::Denied(Denied::AlreadyLinked)
        }
        Some((id, _)) => Existing::User(id),
    })
}

/// Inserts a user under a name that nobody has.
fn insert_user<C: Statements>(
    conn: &mut C,
    new: &NewUser,
    object_id: &str,
    at: NaiveDateTime,
) -> QueryResult<i64> {
    for username in new.candidate_usernames(object_id) {
        if !conn.username_exists(&username)? {
            return conn.insert_user(&InsertUser::new(new, &username, at), &username);
        }
    }
    Err(diesel::result::Error::NotFound)
}
