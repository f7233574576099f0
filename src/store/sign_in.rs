//! One sign-in in the database: found or created, decided and written in one transaction.

use chrono::NaiveDateTime;
use diesel::{OptionalExtension, QueryResult};

use super::{
    Admitted, StoreError, User,
    models::{
        BasicInfoRow, InsertBasicInfo, InsertIdentity, InsertUser, UpdateBasicInfo, UpdateUser,
    },
    statements::Statements,
};
use crate::account::{BasicInfo, Changes, Decision, Denied, NewUser, SignIn};

/// How many user names are tried when the one wished for is taken, before the object id, which
/// nobody else has, is taken instead.
const NAMES: u32 = 20;

/// Carries out a sign-in.
pub(super) fn sign_in<C: Statements>(
    conn: &mut C,
    sign_in: &SignIn,
) -> Result<Result<Admitted, Denied>, StoreError> {
    match known_or_new(conn, sign_in) {
        // Somebody else's transaction came between, such as the application creating a user of
        // the same name: once more, and what they wrote is seen.
        Err(error) if error.is_conflict() => known_or_new(conn, sign_in),
        done => done,
    }
}

fn known_or_new<C: Statements>(
    conn: &mut C,
    sign_in: &SignIn,
) -> Result<Result<Admitted, Denied>, StoreError> {
    // The common case is one transaction without a lock.
    if let Some(known) = conn.write(|conn| known(conn, sign_in))? {
        return Ok(known);
    }
    // Creations go one after the other, so that of many first sign-ins of one person at once
    // only one creates, and that rules over all users (unique e-mail) hold.
    conn.write(|conn| {
        conn.lock_creation()?;
        match known(conn, sign_in)? {
            Some(known) => Ok(known),
            None => new(conn, sign_in),
        }
    })
}

/// Lets in the user who is stored for this identity, if there is one.
fn known<C: Statements>(
    conn: &mut C,
    sign_in: &SignIn,
) -> Result<Option<Result<Admitted, Denied>>, StoreError> {
    let profile = sign_in.profile();
    let tenant = profile.tenant_id.to_string();
    let Some((row, info)) = conn.stored(&tenant, &profile.object_id)? else {
        return Ok(None);
    };
    let id = row.id;
    let user = User::from(row);
    match sign_in.decide(Some(&user))? {
        Decision::SignIn(changes) => {
            let at = sign_in.at().naive_utc();
            conn.update_user(id, &UpdateUser::new(&changes, at))?;
            if let Some(basic_info) = &profile.basic_info {
                write_basic_info(conn, id, info.as_ref(), basic_info)?;
            }
            let user = changed(user, changes, sign_in);
            Ok(Some(Ok(Admitted::new(user, false))))
        }
        Decision::Deny(denied) => Ok(Some(Err(denied))),
        // `decide` creates nobody who is stored.
        Decision::Create(_) => Ok(None),
    }
}

fn changed(mut user: User, changes: Changes, sign_in: &SignIn) -> User {
    let Changes {
        email,
        first_name,
        last_name,
        is_staff,
        is_superuser,
    } = changes;
    user.email = email.unwrap_or(user.email);
    user.first_name = first_name.unwrap_or(user.first_name);
    user.last_name = last_name.unwrap_or(user.last_name);
    user.is_staff = is_staff.unwrap_or(user.is_staff);
    user.is_superuser = is_superuser.unwrap_or(user.is_superuser);
    user.last_login = Some(sign_in.at());
    user
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

/// Decides about somebody who isn't stored, and creates them if so decided.
fn new<C: Statements>(
    conn: &mut C,
    sign_in: &SignIn,
) -> Result<Result<Admitted, Denied>, StoreError> {
    let profile = sign_in.profile();
    let mut user = match sign_in.decide(None)? {
        Decision::Create(user) => user,
        Decision::Deny(denied) => return Ok(Err(denied)),
        Decision::SignIn(_) => return Ok(Err(Denied::NotCreated)),
    };
    if user.email_must_be_unique && !user.email.is_empty() && conn.email_exists(&user.email)? {
        return Ok(Err(Denied::EmailTaken));
    }
    // Others who create users wait behind the lock, so the answer holds.
    if user.superuser_if_first && !conn.superuser_exists()? {
        (user.is_staff, user.is_superuser) = (true, true);
    }
    let existing = match brought_along(conn, &user)? {
        Ok(existing) => existing,
        Err(denied) => return Ok(Err(denied)),
    };
    let at = sign_in.at().naive_utc();
    let id = match existing {
        Some(id) => id,
        None => insert_user(conn, &user, &profile.object_id, at)?,
    };
    conn.insert_identity(&InsertIdentity {
        tenant_id: &profile.tenant_id.to_string(),
        object_id: &profile.object_id,
        subject: &profile.subject,
        user_id: id,
    })?;
    if let Some(info) = &profile.basic_info {
        // A user who is brought along may have signed in from another tenant before.
        let stored = conn.basic_info(id)?;
        write_basic_info(conn, id, stored.as_ref(), info)?;
    }
    Ok(Ok(Admitted::new(conn.user(id)?.into(), existing.is_none())))
}

/// The id of the user whom a hook brought along, if it did, and if they may sign in.
fn brought_along<C: Statements>(
    conn: &mut C,
    user: &NewUser,
) -> Result<Result<Option<i64>, Denied>, StoreError> {
    let Some(id) = &user.existing else {
        return Ok(Ok(None));
    };
    // Our ids are numbers; any other text is nobody's.
    let Ok(id) = id.as_str().parse() else {
        return Ok(Err(Denied::NotCreated));
    };
    match conn.user(id).optional()?.map(User::from) {
        None => Ok(Err(Denied::NotCreated)),
        Some(user) if !user.is_active => Ok(Err(Denied::Inactive)),
        Some(_) => Ok(Ok(Some(id))),
    }
}

/// Inserts a user under a name that nobody has. A user of the wished name is somebody else (a
/// local account, or a former owner of the address), and stays so.
fn insert_user<C: Statements>(
    conn: &mut C,
    user: &NewUser,
    object_id: &str,
    at: NaiveDateTime,
) -> QueryResult<i64> {
    let wished = &user.username;
    let candidates = std::iter::once(wished.clone())
        .chain((2..NAMES).map(|number| format!("{wished}-{number}")))
        .chain([format!("{wished}-{object_id}")]);
    for username in candidates {
        if !conn.username_exists(&username)? {
            return conn.insert_user(&InsertUser::new(user, &username, at), &username);
        }
    }
    Err(diesel::result::Error::NotFound)
}
