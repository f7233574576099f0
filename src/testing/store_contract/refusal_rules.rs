//! Rules about sign-ins that are denied.

use super::{
    accounts::{ADA, ada, ada_renamed, differences, frank, numbered},
    subject::{Checked, Subject, require, settings},
};
use crate::{
    account::{
        denied::Denied,
        profile::{BasicInfo, Profile},
        user::UserId,
    },
    settings::{builder::ConfigBuilder, choices::Guests},
    store::user_store::{SignInOutcome, UserStore},
};

pub(super) async fn denied_writes_nothing(subject: &Subject<impl UserStore>) -> Checked {
    let contoso_only = settings().allowable_domains(["contoso.example"]);
    subject.deny(frank(), contoso_only, Denied::Domain).await?;
    // If there were a user now, this would sign them in.
    let no_creation = settings().auto_create_users(false);
    for _ in 0..2 {
        let settings = no_creation.clone();
        subject.deny(frank(), settings, Denied::NotCreated).await?;
    }
    let created = subject.admit(frank(), settings()).await?;
    require(created.is_new, || {
        "an account that was denied before already has a user".to_owned()
    })?;

    let id = subject.admit(ada(), settings()).await?.user.id;
    let mut guest = ada_with_news();
    guest.is_guest = true;
    let refuse_guests = settings_with_news().guests(Guests::Refused);
    require_denied_and_unchanged(subject, &id, guest, refuse_guests, Denied::Guest).await
}

pub(super) async fn inactive<S: UserStore>(
    subject: &Subject<S>,
    deactivate: impl AsyncFn(&S, &UserId),
) -> Checked {
    let id = subject.admit(ada(), settings()).await?.user.id;
    deactivate(subject.store(), &id).await;
    let stored = subject.stored(&id).await?;
    require(!stored.is_active, || {
        "`find` returns a user who was set inactive as active".to_owned()
    })?;
    let (ada, settings) = (ada_with_news(), settings_with_news());
    require_denied_and_unchanged(subject, &id, ada, settings, Denied::Inactive).await
}

pub(super) async fn unique_email(subject: &Subject<impl UserStore>) -> Checked {
    let unique = settings().unique_email(true);
    subject.admit(ada(), unique.clone()).await?;
    let with_address = |number, address: Option<&str>| {
        let mut profile = numbered(number);
        profile.email = address.map(str::to_owned);
        profile
    };
    subject
        .deny(
            with_address(1, Some(ADA)),
            unique.clone(),
            Denied::EmailTaken,
        )
        .await?;
    // Who has it already may sign in.
    subject.admit(ada(), unique.clone()).await?;
    for number in [2, 3] {
        let outcome = subject.sign_in(with_address(number, None), unique.clone());
        let outcome = outcome.await?;
        let is_taken = matches!(outcome, SignInOutcome::Denied(Denied::EmailTaken));
        require(!is_taken, || {
            "an account without an address is denied because its address is taken".to_owned()
        })?;
    }

    let shared = Some("shared@contoso.example");
    let accounts = (4..16).map(|number| with_address(number, shared));
    let outcomes = subject.sign_in_all(accounts.collect(), &unique).await?;
    let admitted = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, SignInOutcome::SignedIn(_)))
        .count();
    require(admitted == 1, || {
        format!("{admitted} of twelve concurrent accounts with one address are signed in")
    })
}

/// Ada, with something to write in each place.
fn ada_with_news() -> Profile {
    let mut profile = ada_renamed();
    profile.basic_info = Some(BasicInfo::new(&profile.object_id));
    profile
}

/// Settings that write all that there is.
fn settings_with_news() -> ConfigBuilder {
    settings()
        .always_update_user_data(true)
        .staff_list(["*"])
        .superuser_list(["ada.king@contoso.example"])
}

async fn require_denied_and_unchanged(
    subject: &Subject<impl UserStore>,
    id: &UserId,
    profile: Profile,
    settings: ConfigBuilder,
    expected: Denied,
) -> Checked {
    let (user, microsoft) = (subject.stored(id).await?, subject.microsoft_user(id).await?);
    subject.deny(profile, settings, expected).await?;
    let stored = subject.stored(id).await?;
    require(stored == user, || {
        format!("a denied sign-in writes: {}", differences(&user, &stored))
    })?;
    let stored = subject.microsoft_user(id).await?;
    require(stored == microsoft, || {
        format!("a denied sign-in writes: {microsoft:?} became {stored:?}")
    })
}
