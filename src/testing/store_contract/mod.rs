//! The contract of a user store, for the tests of applications that implement one.

mod accounts;
mod data_rules;
mod identity_rules;
mod refusal_rules;
mod subject;
mod violation;

pub use violation::{ContractError, ContractRule, ContractViolation};

use self::{
    data_rules::{first_superuser, microsoft_data, rights, user_data},
    identity_rules::{
        account_key, concurrent_first_sign_ins, first_sign_in, object_id_case, unknown_user,
    },
    refusal_rules::{denied_writes_nothing, inactive, unique_email},
    subject::{Broken, Subject},
};
use crate::{account::user::UserId, store::user_store::UserStore};

/// Tests that a [`UserStore`] holds its contract: each [`ContractRule`], on a store of its own.
///
/// `make` returns a store without users, a fresh one for each call. `deactivate` sets a user
/// inactive, as the application does it. Some rules sign in from several threads at once, each with
/// a runtime of its own, as the workers of an application do.
///
/// ```
/// use microsoft_sso::{UserId, UserStore};
/// use microsoft_sso::testing::{ContractError, MemoryStore, store_contract};
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), ContractError> {
/// // In a test of the application, with its own store:
/// store_contract(
///     async || MemoryStore::new(),
///     async |store: &MemoryStore, id: &UserId| {
///         store.set_active(id, false).await.unwrap();
///     },
/// )
/// .await
/// # }
/// ```
///
/// A rule that doesn't apply to the application's table is named in its test. Here users have no
/// rights in the store:
///
/// ```
/// # use microsoft_sso::{MicrosoftUser, SignIn, SignInOutcome, StoreError, User, UserId, UserStore};
/// # use microsoft_sso::testing::MemoryStore;
/// use microsoft_sso::testing::{ContractRule, store_contract};
///
/// # struct NoRights(MemoryStore);
/// # impl UserStore for NoRights {
/// #     async fn sign_in(&self, sign_in: SignIn) -> Result<SignInOutcome, StoreError> {
/// #         let mut outcome = self.0.sign_in(sign_in).await?;
/// #         if let SignInOutcome::SignedIn(signed_in) = &mut outcome {
/// #             (signed_in.user.is_staff, signed_in.user.is_superuser) = (false, false);
/// #         }
/// #         Ok(outcome)
/// #     }
/// #     async fn find(&self, id: &UserId) -> Result<Option<User>, StoreError> {
/// #         let mut user = self.0.find(id).await?;
/// #         if let Some(user) = &mut user {
/// #             (user.is_staff, user.is_superuser) = (false, false);
/// #         }
/// #         Ok(user)
/// #     }
/// # }
/// # async fn make() -> NoRights { NoRights(MemoryStore::new()) }
/// # async fn deactivate(store: &NoRights, id: &UserId) { store.0.set_active(id, false).await.unwrap(); }
/// # #[actix_web::main]
/// # async fn main() {
/// let error = store_contract(make, deactivate).await.unwrap_err();
/// assert_eq!(error.rules(), [ContractRule::Rights, ContractRule::FirstSuperuser], "{error}");
/// # }
/// ```
///
/// It doesn't test what may differ between tables: the user names, and the links that hooks make
/// ([`NewUser::existing`](crate::NewUser::existing)).
///
/// # Errors
/// The store breaks a rule; all broken rules are listed. A failing operation breaks the rule that
/// it is part of.
pub async fn store_contract<S: UserStore>(
    make: impl AsyncFn() -> S,
    deactivate: impl AsyncFn(&S, &UserId),
) -> Result<(), ContractError> {
    let mut violations = Vec::new();
    for &rule in ContractRule::ALL {
        let subject = Subject::new(make().await);
        let checked = match rule {
            ContractRule::UnknownUser => unknown_user(&subject).await,
            ContractRule::FirstSignIn => first_sign_in(&subject).await,
            ContractRule::AccountKey => account_key(&subject).await,
            ContractRule::ObjectIdCase => object_id_case(&subject).await,
            ContractRule::DeniedWritesNothing => denied_writes_nothing(&subject).await,
            ContractRule::ConcurrentFirstSignIns => concurrent_first_sign_ins(&subject).await,
            ContractRule::Inactive => inactive(&subject, &deactivate).await,
            ContractRule::UserData => user_data(&subject).await,
            ContractRule::Rights => rights(&subject).await,
            ContractRule::UniqueEmail => unique_email(&subject).await,
            ContractRule::FirstSuperuser => first_superuser(&subject).await,
            ContractRule::MicrosoftData => microsoft_data(&subject).await,
        };
        if let Err(Broken(message)) = checked {
            violations.push(ContractViolation { rule, message });
        }
    }
    ContractError::unless_empty(violations)
}
