//! Sign-ins while Graph is unavailable: by the token, and by what is stored.

use super::{
    decide::{Changes, Decision},
    denied::Denied,
    known::KnownAccount,
    tests::{Account, CONTOSO, decide_known, settings, stored},
    user::User,
};
use crate::{
    oidc::claims::VerifiedClaims,
    settings::{builder::ConfigBuilder, choices::Guests},
};

const ADA: &str = "ada@contoso.example";

/// What the token says where it says nothing but ids.
fn bare() -> VerifiedClaims {
    VerifiedClaims::bare(CONTOSO)
}

fn known(email: &str, is_guest: bool) -> KnownAccount {
    KnownAccount {
        email: Some(email.to_owned()),
        user_principal_name: Some("upn@contoso.example".to_owned()),
        is_guest: Some(is_guest),
    }
}

/// A user with all rights, and this e-mail address.
fn user(email: &str, email_verified: bool) -> User {
    let mut user = stored();
    (user.is_staff, user.is_superuser) = (true, true);
    (user.email, user.email_verified) = (email.to_owned(), email_verified);
    user
}

fn decide(
    settings: ConfigBuilder,
    claims: VerifiedClaims,
    user: &User,
    known: &KnownAccount,
) -> Result<Changes, Denied> {
    match decide_known(settings, Account(claims, None), Some(user), known) {
        Decision::SignIn(changes) => Ok(changes),
        Decision::Deny(denied) => Err(denied),
        Decision::Create(_) => panic!("somebody is stored"),
    }
}

fn contoso() -> ConfigBuilder {
    settings().allowable_domains(["contoso.example"])
}

#[test]
fn the_domain_is_decided_by_what_is_stored_and_nothing_known_is_try_again() {
    let nothing = KnownAccount::default();
    let shared = || contoso().authority("common");
    let (off, proved) = (user("a@off.example", true), user(ADA, true));
    let unproved = user(ADA, false);
    let kept = known(ADA, false);
    let kept_off = known("a@off.example", false);
    let unavailable = Err(Denied::ProfileUnavailable);
    let no = Err(Denied::Domain);
    let doubtful = Err(Denied::DomainUnproved(CONTOSO));
    for (case, settings, user, known, expected) in [
        ("proved", contoso(), &proved, &nothing, Ok(())),
        ("taken off", contoso(), &off, &nothing, no.clone()),
        ("unproved", contoso(), &unproved, &nothing, unavailable),
        ("kept", contoso(), &off, &kept, Ok(())),
        ("kept, off", contoso(), &proved, &kept_off, no),
        ("own domain", shared(), &unproved, &kept, Ok(())),
        ("stranger", shared(), &unproved, &known(ADA, true), doubtful),
    ] {
        let decision = decide(settings, bare(), user, known).map(drop);
        assert_eq!(decision, expected, "{case}");
    }
}

#[test]
fn the_domain_is_decided_by_the_tokens_proved_address() {
    let shared = || contoso().authority("common");
    let token = |email: &str, vouched| bare().with_email(email, vouched);
    let unproved = user(ADA, false);
    let unavailable = Err(Denied::ProfileUnavailable);
    for (case, settings, claims, expected) in [
        ("one tenant", contoso(), token(ADA, false), Ok(())),
        (
            "off",
            contoso(),
            token("a@off.example", false),
            Err(Denied::Domain),
        ),
        ("anybody's", shared(), token(ADA, false), unavailable),
        ("Entra's word", shared(), token(ADA, true), Ok(())),
    ] {
        let decision = decide(settings, claims, &unproved, &KnownAccount::default());
        assert_eq!(decision.map(drop), expected, "{case}");
    }
}

#[test]
fn a_name_taken_off_a_list_takes_the_right_and_no_name_gives_one() {
    let all = || settings().allowable_domains(["*"]);
    let lists = |name: &str| all().superuser_list([name]).staff_list([name]);
    let rights = |settings, user: &User| {
        let kept = known(ADA, false);
        let changes = decide(settings, bare(), user, &kept).unwrap();
        (changes.is_staff, changes.is_superuser)
    };
    let ada = user(ADA, true);
    assert_eq!(
        rights(lists("boss@contoso.example"), &ada),
        (Some(false), Some(false))
    );
    assert_eq!(rights(lists(ADA), &ada), (None, None), "still listed");
    assert_eq!(rights(lists("upn@contoso.example"), &ada), (None, None));
    assert_eq!(rights(all(), &ada), (None, None), "no list, no say");
    let mut plain = ada.clone();
    (plain.is_staff, plain.is_superuser) = (false, false);
    assert_eq!(
        rights(lists(ADA), &plain),
        (None, None),
        "the next sign-in with Graph gives it"
    );
    // Only an unproved address is known.
    let eve = decide(
        lists(ADA).authority("common"),
        bare(),
        &ada,
        &known(ADA, true),
    );
    assert_eq!(eve.unwrap().is_superuser, Some(false));
}

#[test]
fn a_guest_is_one_without_graph_too() {
    let refused = || settings().allowable_domains(["*"]).guests(Guests::Refused);
    let nothing = KnownAccount::default();
    let marked = {
        let mut user = user(ADA, true);
        user.username = "a_home.example#EXT#@contoso.onmicrosoft.example".to_owned();
        user
    };
    let ada = user(ADA, true);
    let says = |is_guest| bare().with_guest(Some(is_guest));
    let name = "a_home.example#EXT#@contoso.onmicrosoft.example";
    let guest = Err(Denied::Guest);
    for (case, claims, user, known, expected) in [
        ("token", says(true), &ada, &known(ADA, false), guest.clone()),
        (
            "token's name",
            bare().with_preferred_username(name),
            &ada,
            &nothing,
            guest.clone(),
        ),
        ("kept", bare(), &ada, &known(ADA, true), guest.clone()),
        ("user name", bare(), &marked, &nothing, guest),
        ("member by token", says(false), &ada, &nothing, Ok(())),
        ("member, kept", bare(), &ada, &known(ADA, false), Ok(())),
        (
            "unknown",
            bare(),
            &ada,
            &nothing,
            Err(Denied::ProfileUnavailable),
        ),
    ] {
        assert_eq!(
            decide(refused(), claims, user, known).map(drop),
            expected,
            "{case}"
        );
    }
    // Not known to be a member is not enough for `*`.
    let everybody = || settings().allowable_domains(["*"]).staff_list(["*"]);
    let is_staff = |known| decide(everybody(), bare(), &ada, known).unwrap().is_staff;
    assert_eq!(is_staff(&nothing), Some(false));
    assert_eq!(is_staff(&known(ADA, false)), None);
}

#[test]
fn a_guests_claim_is_not_their_address() {
    let claims = bare().with_email(ADA, true).with_guest(Some(true));
    let decision = decide(
        contoso(),
        claims,
        &user("g@home.example", true),
        &KnownAccount::default(),
    );
    assert_eq!(decision.map(drop), Err(Denied::Domain));
}
