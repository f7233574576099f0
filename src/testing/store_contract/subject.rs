//! The store under test, and what the rules do with it.

use std::{
    cell::Cell,
    sync::{Arc, Barrier},
    thread,
};

use actix_web::rt::Runtime;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use tokio::sync::oneshot;

use crate::{
    account::{
        decide::SignIn,
        denied::Denied,
        profile::Profile,
        user::{MicrosoftUser, User, UserId},
    },
    settings::{builder::ConfigBuilder, config::Config, problem::ConfigError},
    store::{
        error::StoreError,
        user_store::{SignInOutcome, SignedInUser, UserStore},
    },
    util::{crypto::CryptoError, log::chain},
};

/// How many threads sign accounts in at once. An application has several workers, each with a
/// runtime of its own.
const THREADS: usize = 6;

/// What a store did, against the rule.
pub(super) struct Broken(pub(super) String);

pub(super) type Checked<T = ()> = Result<T, Broken>;

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self(format!("an operation fails: {}", chain(&error)))
    }
}

/// Our own settings are sound.
impl From<ConfigError> for Broken {
    fn from(error: ConfigError) -> Self {
        Self(error.to_string())
    }
}

impl From<CryptoError> for Broken {
    fn from(error: CryptoError) -> Self {
        Self(error.to_string())
    }
}

/// Fails with what the store did, unless the condition holds.
pub(super) fn require(condition: bool, what: impl FnOnce() -> String) -> Checked {
    if condition {
        Ok(())
    } else {
        Err(Broken(what()))
    }
}

/// Settings that admit all accounts.
pub(super) fn settings() -> ConfigBuilder {
    // Switched off, no setting is required, and deciding doesn't ask.
    Config::builder()
        .enabled(false)
        .allowable_domains(["*"])
        // One tenant's own application: addresses count as proved.
        .authority("contoso.example")
}

/// A fresh store.
pub(super) struct Subject<S> {
    store: Arc<S>,
    /// In whole seconds, which each database keeps.
    now: Cell<DateTime<Utc>>,
}

impl<S: UserStore> Subject<S> {
    pub(super) fn new(store: S) -> Self {
        Self {
            store: Arc::new(store),
            now: Cell::new(DateTime::UNIX_EPOCH + TimeDelta::days(20_000)),
        }
    }

    pub(super) fn store(&self) -> &S {
        &self.store
    }

    /// A sign-in, a minute after the one before.
    fn next_sign_in(&self, profile: Profile, settings: ConfigBuilder) -> Checked<SignIn> {
        self.now.set(self.now.get() + TimeDelta::minutes(1));
        Ok(SignIn::new(profile, &settings.build()?, self.now.get())?)
    }

    pub(super) async fn sign_in(
        &self,
        profile: Profile,
        settings: ConfigBuilder,
    ) -> Checked<SignInOutcome> {
        let sign_in = self.next_sign_in(profile, settings)?;
        Ok(self.store.sign_in(sign_in).await?)
    }

    /// A sign-in that must succeed.
    pub(super) async fn admit(
        &self,
        profile: Profile,
        settings: ConfigBuilder,
    ) -> Checked<SignedInUser> {
        let oid = profile.object_id.clone();
        match self.sign_in(profile, settings).await? {
            SignInOutcome::SignedIn(signed_in) => Ok(signed_in),
            SignInOutcome::Denied(denied) => Err(Broken(format!(
                "the account {oid} is denied ({denied:?}), which `decide` didn't decide"
            ))),
        }
    }

    /// A sign-in that must be denied for this reason.
    pub(super) async fn deny(
        &self,
        profile: Profile,
        settings: ConfigBuilder,
        expected: Denied,
    ) -> Checked {
        let oid = profile.object_id.clone();
        match self.sign_in(profile, settings).await? {
            SignInOutcome::Denied(denied) => require(denied == expected, || {
                format!("the account {oid} is denied with {denied:?} instead of {expected:?}")
            }),
            SignInOutcome::SignedIn(SignedInUser { user, .. }) => Err(Broken(format!(
                "the account {oid} is signed in as the user {} instead of denied with {expected:?}",
                user.id
            ))),
        }
    }

    /// Sign-ins at the same time, on several threads.
    pub(super) async fn sign_in_all(
        &self,
        profiles: Vec<Profile>,
        settings: &ConfigBuilder,
    ) -> Checked<Vec<SignInOutcome>> {
        let sign_ins = profiles
            .into_iter()
            .map(|profile| self.next_sign_in(profile, settings.clone()));
        let sign_ins = sign_ins.collect::<Checked<Vec<_>>>()?;
        let groups = sign_ins.chunks(sign_ins.len().div_ceil(THREADS).max(1));
        let start = Arc::new(Barrier::new(groups.len()));
        let mut running = Vec::new();
        for group in groups {
            running.push(sign_in_on_thread(
                Arc::clone(&self.store),
                group.to_vec(),
                Arc::clone(&start),
            ));
        }
        let mut outcomes = Vec::new();
        for results in running {
            let results = results.await;
            let results = results.map_err(|_| Broken("a sign-in panics".to_owned()))?;
            for outcome in results {
                outcomes.push(outcome?);
            }
        }
        Ok(outcomes)
    }

    /// The stored user, who must be there.
    pub(super) async fn stored(&self, id: &UserId) -> Checked<User> {
        let found = self.store.find(id).await?;
        let user = found.ok_or_else(|| Broken(format!("`find` doesn't find the user {id}")))?;
        require(user.id == *id, || {
            format!("`find` finds the user {} by the id {id}", user.id)
        })?;
        Ok(user)
    }

    pub(super) async fn microsoft_user(&self, id: &UserId) -> Checked<Option<MicrosoftUser>> {
        Ok(self.store.microsoft_user(id).await?)
    }
}

type Results = Vec<Result<SignInOutcome, StoreError>>;

/// The receiver fails if the store panics.
fn sign_in_on_thread<S: UserStore>(
    store: Arc<S>,
    sign_ins: Vec<SignIn>,
    start: Arc<Barrier>,
) -> oneshot::Receiver<Results> {
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        let runtime = Runtime::new();
        start.wait();
        let results = match runtime {
            Ok(runtime) => runtime.block_on(join_all(
                sign_ins.into_iter().map(|sign_in| store.sign_in(sign_in)),
            )),
            Err(error) => vec![Err(StoreError::new(error))],
        };
        // The receiver is gone once another thread has failed.
        let _ = sender.send(results);
    });
    receiver
}
