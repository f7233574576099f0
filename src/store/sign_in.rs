//! One sign-in in the database: find or create the user, decide and write in one transaction.

use chrono::NaiveDateTime;
use diesel::{OptionalExtension, QueryResult};

use super::{
    error::StoreError,
    models::{
        BasicInfoRow, InsertBasicInfo, InsertIdentity, InsertUser, UpdateBasicInfo, UpdateUser,
    },
    statements::Statements,
    user_store::{SignInOutcome, SignedInUser},
};
use crate::account::{
    decide::{Decision, SignIn},
    denied::Denied,
    known::KnownAccount,
    new_user::NewUser,
    profile::BasicInfo,
    user::User,
};

/// Carries out a sign-in.
pub(super) fn sign_in<C: Statements>(
    conn: &mut C,
    sign_in: &SignIn,
) -> Result<SignInOutcome, StoreError> {
    match existing_or_new(conn, sign_in) {
        // A concurrent transaction came between, such as the application creating a user of the
        // same name: the second try sees what it wrote.
        Err(error) if error.is_conflict() => existing_or_new(conn, sign_in),
        done => done,
    }
}

fn existing_or_new<C: Statements>(
    conn: &mut C,
    sign_in: &SignIn,
) -> Result<SignInOutcome, StoreError> {
    // The common case is one transaction without a lock.
    if let Some(outcome) = conn.write(|conn| sign_in_existing(conn, sign_in))? {
        return Ok(outcome);
    }
    // Creations are serialised, so that concurrent first sign-ins of one account create one user,
    // and rules over all users (unique e-mail) hold.
    conn.write(|conn| {
        conn.lock_creation()?;
        match sign_in_existing(conn, sign_in)? {
            Some(outcome) => Ok(outcome),
            None => create(conn, sign_in),
        }
    })
}

/// Signs in the user who is stored for the account; `None` if there is none.
fn sign_in_existing<C: Statements>(
    conn: &mut C,
    sign_in: &SignIn,
) -> Result<Option<SignInOutcome>, StoreError> {
    let profile = sign_in.profile();
    let tenant = profile.tenant_id.to_string();
    let Some((mut user, known, info)) = conn.stored(&tenant, &profile.object_id)? else {
        return Ok(None);
    };
    let id = row_id(&user)?;
    let known = KnownAccount::from(known);
    match sign_in.decide_known(Some(&user), &known) {
        Decision::SignIn(changes) => {
            let at = sign_in.at();
            conn.update_user(id, &UpdateUser::new(&changes, at.naive_utc()))?;
            if let Some(new) = profile.known().filter(|new| *new != known) {
                conn.update_identity(&tenant, &profile.object_id, &new.into())?;
            }
            if let Some(basic_info) = &profile.basic_info {
                write_basic_info(conn, id, info.as_ref(), basic_info)?;
            }
            changes.apply_to(&mut user, at);
            Ok(Some(SignedInUser::existing(user).into()))
        }
        Decision::Deny(denied) => Ok(Some(denied.into())),
        // `decide` creates no user where one is stored.
        Decision::Create(_) => Ok(None),
    }
}

/// Rows of our table have numbers.
fn row_id(user: &User) -> Result<i64, StoreError> {
    let id = user.id.as_i64();
    id.ok_or_else(|| StoreError::new("the id of a stored user is not a number"))
}

fn write_basic_info<C: Statements>(
    conn: &mut C,
    user_id: i64,
    stored: Option<&BasicInfoRow>,
    info: &BasicInfo,
) -> QueryResult<()> {
    match stored {
        None => conn.insert_basic_info(&InsertBasicInfo::new(user_id, info)),
        Some(stored) => match UpdateBasicInfo::new(stored, info) {
            Some(update) => conn.update_basic_info(user_id, &update),
            None => Ok(()),
        },
    }
}

/// Decides about an account without a user, and creates the user if so decided.
fn create<C: Statements>(conn: &mut C, sign_in: &SignIn) -> Result<SignInOutcome, StoreError> {
    let profile = sign_in.profile();
    let mut new = match sign_in.decide(None) {
        Decision::Create(new) => new,
        Decision::Deny(denied) => return Ok(denied.into()),
        Decision::SignIn(_) => return Ok(Denied::NotCreated.into()),
    };
    // A user who is only linked keeps the address that it has.
    let checks_email = new.email_must_be_unique && new.existing.is_none();
    if checks_email && !new.email.is_empty() && conn.verified_email_exists(&new.email)? {
        return Ok(Denied::EmailTaken.into());
    }
    // Creations are serialised, so the answer holds until the end of the transaction.
    if new.superuser_if_first && !conn.user_exists()? {
        (new.is_staff, new.is_superuser) = (true, true);
    }
    let existing = match existing_from_hook(conn, &new)? {
        Existing::None => None,
        Existing::User(id) => Some(id),
        Existing::Denied(denied) => return Ok(denied.into()),
    };
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
        write_basic_info(conn, id, stored.as_ref(), info)?;
    }
    let user = conn.user(id)?;
    Ok(match existing {
        Some(_) => SignedInUser::existing(user).into(),
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
