//! Rules about who is which user.

use uuid::Uuid;

use super::{
    accounts::{FABRIKAM, ada, ada_renamed, frank, grace, require_data, require_same},
    subject::{Checked, Subject, require, settings},
};
use crate::{
    account::{profile::Profile, user::UserId},
    store::user_store::{SignInOutcome, SignedInUser, UserStore},
};

pub(super) async fn unknown_user(subject: &Subject<impl UserStore>) -> Checked {
    // The second round meets a table that isn't empty.
    for _ in 0..2 {
        for id in [
            UserId::from(i64::MAX),
            UserId::from(-1),
            UserId::new("nobody' --"),
            UserId::new(Uuid::from_u128(1)),
        ] {
            let found = subject.store().find(&id).await?;
            require(found.is_none(), || {
                format!("`find` finds {found:?} by the id `{id}`")
            })?;
            let found = subject.microsoft_user(&id).await?;
            require(found.is_none(), || {
                format!("`microsoft_user` finds {found:?} by the id `{id}`")
            })?;
        }
        subject.admit(ada(), settings()).await?;
    }
    Ok(())
}

pub(super) async fn first_sign_in(subject: &Subject<impl UserStore>) -> Checked {
    let first = subject.admit(ada(), settings()).await?;
    require(first.is_new, || {
        "the first sign-in says that the user existed".to_owned()
    })?;
    require(first.user.is_active, || "a new user is inactive".to_owned())?;
    require_data(&first.user, &ada())?;
    let stored = subject.stored(&first.user.id).await?;
    require_same("`find` differs from the outcome", &first.user, &stored)?;

    let other = subject.admit(grace(), settings()).await?;
    require(other.is_new && other.user.id != first.user.id, || {
        "a second account gets no user of its own".to_owned()
    })?;

    let again = subject.admit(ada(), settings()).await?;
    require(!again.is_new, || {
        "the second sign-in says that it created the user".to_owned()
    })?;
    require_same("the second sign-in", &first.user, &again.user)?;
    let stored = subject.stored(&first.user.id).await?;
    require_same("the second sign-in", &first.user, &stored)
}

pub(super) async fn account_key(subject: &Subject<impl UserStore>) -> Checked {
    let first = subject.admit(ada(), settings()).await?.user;

    let mut same_oid = frank();
    same_oid.object_id = ada().object_id;
    require_another(subject, &first.id, same_oid, "object id").await?;

    let mut same_names = ada();
    same_names.object_id = frank().object_id;
    require_another_or_denied(subject, &first.id, same_names.clone(), "names").await?;
    same_names.tenant_id = FABRIKAM;
    require_another_or_denied(subject, &first.id, same_names, "names").await?;

    let stored = subject.stored(&first.id).await?;
    require_same("another account signed in", &first, &stored)?;
    let renamed = subject.admit(ada_renamed(), settings()).await?;
    require(!renamed.is_new && renamed.user.id == first.id, || {
        "an account with a new user name and address isn't its user any more".to_owned()
    })
}

pub(super) async fn object_id_case(subject: &Subject<impl UserStore>) -> Checked {
    let first = subject.admit(ada(), settings()).await?.user;
    let mut capitals = grace();
    capitals.object_id = ada().object_id.to_uppercase();
    require_another(subject, &first.id, capitals, "object id in other letters").await?;
    let again = subject.admit(ada(), settings()).await?.user;
    require_same("the object id in its own letters", &first, &again)
}

pub(super) async fn concurrent_first_sign_ins(subject: &Subject<impl UserStore>) -> Checked {
    let outcomes = subject.sign_in_all(vec![ada(); 30], &settings()).await?;
    let mut ids = Vec::new();
    let mut created = 0;
    for outcome in outcomes {
        let SignInOutcome::SignedIn(SignedInUser { user, is_new, .. }) = outcome else {
            return require(false, || format!("one of them gets {outcome:?}"));
        };
        created += usize::from(is_new);
        if !ids.contains(&user.id) {
            ids.push(user.id);
        }
    }
    require(ids.len() == 1, || {
        format!("thirty sign-ins are signed in as {} users", ids.len())
    })?;
    require(created == 1, || {
        format!("{created} of thirty sign-ins say that they created the user")
    })?;
    let again = subject.admit(ada(), settings()).await?;
    require(!again.is_new && ids.contains(&again.user.id), || {
        "a later sign-in finds another user".to_owned()
    })
}

/// The account must get a user of its own.
async fn require_another(
    subject: &Subject<impl UserStore>,
    first: &UserId,
    profile: Profile,
    shared: &str,
) -> Checked {
    let other = subject.admit(profile, settings()).await?;
    require(other.is_new && other.user.id != *first, || {
        format!("another account with the same {shared} gets no user of its own")
    })
}

/// An application's table may have rules of its own about names, and refuse by them. A failure is
/// no refusal.
async fn require_another_or_denied(
    subject: &Subject<impl UserStore>,
    first: &UserId,
    profile: Profile,
    shared: &str,
) -> Checked {
    match subject.sign_in(profile, settings()).await? {
        SignInOutcome::Denied(_) => Ok(()),
        SignInOutcome::SignedIn(SignedInUser { user, .. }) => require(user.id != *first, || {
            format!("another account with the same {shared} is signed in as the first one's user")
        }),
    }
}
