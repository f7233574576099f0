//! The contract of user stores: our own hold it, and it catches each defect.

use std::cell::RefCell;

use microsoft_sso::{
    DieselStore, UserId, UserStore,
    testing::{
        ContractError,
        ContractRule::{self, *},
        MemoryStore, store_contract,
    },
};

use crate::{
    database::TestDatabase,
    flawed_store::{Defect, FlawedStore},
};

#[actix_web::test]
async fn the_diesel_store_holds_the_contract() {
    // They must outlive their stores.
    let databases = RefCell::new(Vec::new());
    let make = async || {
        let database = TestDatabase::fresh();
        let store = database.store();
        store.migrate().unwrap();
        databases.borrow_mut().push(database);
        store
    };
    let deactivate = async |store: &DieselStore, id: &UserId| {
        assert!(store.set_active(id, false).await.unwrap().is_some());
    };
    store_contract(make, deactivate).await.unwrap();
}

#[actix_web::test]
async fn the_memory_store_holds_the_contract() {
    let deactivate = async |store: &MemoryStore, id: &UserId| {
        assert!(store.set_active(id, false).await.unwrap().is_some());
    };
    store_contract(async || MemoryStore::new(), deactivate)
        .await
        .unwrap();
}

async fn contract_with(defect: Defect) -> Result<(), ContractError> {
    store_contract(
        async || FlawedStore::new(defect),
        async |store: &FlawedStore, id: &UserId| store.deactivate(id),
    )
    .await
}

#[actix_web::test]
async fn each_defect_breaks_the_rule_that_it_violates() {
    contract_with(Defect::Flawless).await.unwrap();
    let cases: &[(Defect, &[ContractRule])] = &[
        (Defect::AlwaysUpdates, &[UserData]),
        (
            Defect::CreatesBeforeDeciding,
            &[FirstSignIn, DeniedWritesNothing],
        ),
        (Defect::DropsTheStoredPicture, &[MicrosoftData]),
        (Defect::FailsOnATakenUsername, &[AccountKey]),
        (Defect::FailsOnAnIdOfAnotherKind, &[UnknownUser]),
        (Defect::FindsInactiveUsersActive, &[Inactive]),
        (Defect::IgnoresChanges, &[UserData, Rights]),
        (Defect::IgnoresEmailMustBeUnique, &[UniqueEmail]),
        (Defect::IgnoresInactive, &[Inactive]),
        (Defect::IgnoresSuperuserIfFirst, &[FirstSuperuser]),
        (Defect::KeyIgnoresLetterCase, &[ObjectIdCase]),
        (Defect::KeyIsEmail, &[AccountKey]),
        (Defect::KeyIsObjectIdAlone, &[AccountKey]),
        (Defect::NeverRevokes, &[Rights]),
        (
            Defect::NotSerialised,
            &[ConcurrentFirstSignIns, UniqueEmail, FirstSuperuser],
        ),
        (Defect::SaysAlwaysNew, &[FirstSignIn]),
        (
            Defect::StampsDeniedSignIns,
            &[DeniedWritesNothing, Inactive],
        ),
        (Defect::UpdatesEverybody, &[UserData, Rights]),
    ];
    let mut caught = Vec::new();
    for (defect, expected) in cases {
        let error = contract_with(*defect).await.unwrap_err();
        let rules = error.rules();
        // A defect may break others along with it, such as those that need a sound sign-in.
        assert!(
            expected.iter().all(|rule| rules.contains(rule)),
            "{defect:?} breaks {rules:?}: {error}"
        );
        caught.extend(rules);
    }
    for rule in ContractRule::ALL {
        assert!(caught.contains(rule), "nothing breaks {rule:?}");
    }
}

#[actix_web::test]
async fn a_violation_says_what_the_store_did_and_unwrap_shows_it() {
    for (defect, rule, text) in [
        (
            Defect::FailsOnATakenUsername,
            AccountKey,
            "the key of an account is its tenant id and object id (AccountKey): an operation fails: \
             the user store failed: UNIQUE constraint failed: username",
        ),
        (
            Defect::AlwaysUpdates,
            UserData,
            "names and addresses are written when so decided, and only then (UserData): without \
             `always_update_user_data`: email \"ada@contoso.example\" became \
             \"ada.king@contoso.example\"",
        ),
    ] {
        let error = contract_with(defect).await.unwrap_err();
        let expected = format!("the user store breaks its contract:\n- {text}");
        assert_eq!(format!("{error:?}"), expected);
        assert_eq!(error.violations()[0].rule, rule);
    }
}
