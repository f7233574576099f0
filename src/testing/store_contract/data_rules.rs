//! Rules about what is written to users.

use super::{
    accounts::{ADA, GRACE, ada, ada_renamed, grace, numbered, require_data, require_same},
    subject::{Broken, Checked, Subject, require, settings},
};
use crate::{
    account::{
        profile::{BasicInfo, Profile},
        user::UserId,
    },
    store::user_store::{SignInOutcome, UserStore},
    util::picture::{Picture, PictureUpdate},
};

pub(super) async fn user_data(subject: &Subject<impl UserStore>) -> Checked {
    let bystander = subject.admit(grace(), settings()).await?.user;
    let first = subject.admit(ada(), settings()).await?.user;
    let renamed = subject.admit(ada_renamed(), settings()).await?.user;
    let what = "without `always_update_user_data`";
    require_same(what, &first, &renamed)?;
    require_same(what, &first, &subject.stored(&first.id).await?)?;

    let updating = settings().always_update_user_data(true);
    let renamed = subject.admit(ada_renamed(), updating).await?.user;
    require_data(&renamed, &ada_renamed())?;
    require_data(&subject.stored(&first.id).await?, &ada_renamed())?;

    let stored = subject.stored(&bystander.id).await?;
    require_same("another user was updated", &bystander, &stored)
}

pub(super) async fn rights(subject: &Subject<impl UserStore>) -> Checked {
    let bystander = subject.admit(grace(), settings()).await?.user;
    let nobody: &[&str] = &[];
    // (`staff_list`, `superuser_list`) and what Ada is then.
    for (staff, superusers, expected) in [
        (&[ADA][..], nobody, (true, false)),
        (&[GRACE], &[ADA], (true, true)),
        (nobody, nobody, (true, true)),
        (&[GRACE], &[GRACE], (false, false)),
        (&[ADA, GRACE], nobody, (true, false)),
    ] {
        let lists = settings()
            .staff_list(staff.to_vec())
            .superuser_list(superusers.to_vec());
        let outcome = subject.admit(ada(), lists).await?.user;
        let stored = subject.stored(&outcome.id).await?;
        for (from, user) in [("the outcome", outcome), ("`find`", stored)] {
            require((user.is_staff, user.is_superuser) == expected, || {
                format!(
                    "with staff_list = {staff:?} and superuser_list = {superusers:?}, {from} says \
                     is_staff = {}, is_superuser = {} of {ADA} instead of {expected:?}",
                    user.is_staff, user.is_superuser
                )
            })?;
        }
    }
    let stored = subject.stored(&bystander.id).await?;
    require_same("another user's rights changed", &bystander, &stored)
}

pub(super) async fn first_superuser(subject: &Subject<impl UserStore>) -> Checked {
    let first_superuser = settings().auto_create_first_superuser(true);
    let accounts = (1..=12).map(numbered).collect();
    let mut superusers = 0;
    for outcome in subject.sign_in_all(accounts, &first_superuser).await? {
        let SignInOutcome::SignedIn(signed_in) = outcome else {
            return Err(Broken(format!("one of them gets {outcome:?}")));
        };
        let user = subject.stored(&signed_in.user.id).await?;
        require_same("`find` differs from the outcome", &signed_in.user, &user)?;
        require(user.is_staff == user.is_superuser, || {
            "the first superuser isn't staff, or staff isn't superuser".to_owned()
        })?;
        superusers += usize::from(user.is_superuser);
    }
    require(superusers == 1, || {
        format!("{superusers} of twelve concurrent first users are superusers")
    })?;
    let late = subject.admit(ada(), first_superuser).await?.user;
    require(!late.is_superuser, || {
        "a later user is superuser, too".to_owned()
    })
}

pub(super) async fn microsoft_data(subject: &Subject<impl UserStore>) -> Checked {
    let picture = Picture::sniff(b"\x89PNG\r\n\x1a\n of the store contract".to_vec());
    let replace = picture
        .clone()
        .map_or(PictureUpdate::Keep, PictureUpdate::Replace);
    let bring = |mut profile: Profile, locale: &str, picture| {
        let mut info = BasicInfo::new(&profile.object_id);
        (info.locale, info.picture) = (Some(locale.to_owned()), picture);
        profile.basic_info = Some(info);
        profile
    };
    let first = subject.admit(bring(ada(), "en-GB", replace), settings());
    let id = first.await?.user.id;
    let Some(first) = subject.microsoft_user(&id).await? else {
        return require_nothing_kept(subject, &id, bring(ada(), "de", PictureUpdate::Keep)).await;
    };
    // A store may keep a part of it.
    let (keeps_locale, keeps_picture) = (first.locale.is_some(), first.picture.is_some());
    let other = bring(grace(), "fr", PictureUpdate::Remove);
    subject.admit(other, settings()).await?;
    for (profile, locale, picture) in [
        (ada(), "en-GB", picture.clone()),
        (bring(ada(), "de", PictureUpdate::Keep), "de", picture),
        (bring(ada(), "it", PictureUpdate::Remove), "it", None),
    ] {
        subject.admit(profile, settings()).await?;
        let Some(stored) = subject.microsoft_user(&id).await? else {
            return Err(Broken("`microsoft_user` has forgotten its data".to_owned()));
        };
        let is_right = stored.microsoft_id == ada().object_id
            && stored.locale.as_deref() == keeps_locale.then_some(locale)
            && stored.picture == picture.clone().filter(|_| keeps_picture);
        require(is_right, || {
            format!("`microsoft_user` tells {stored:?} instead of `{locale}` and {picture:?}")
        })?;
    }
    Ok(())
}

async fn require_nothing_kept(
    subject: &Subject<impl UserStore>,
    id: &UserId,
    again: Profile,
) -> Checked {
    subject.admit(again, settings()).await?;
    let kept = subject.microsoft_user(id).await?;
    require(kept.is_none(), || {
        format!("`microsoft_user` tells nothing after the first sign-in, and {kept:?} later")
    })
}
