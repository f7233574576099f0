//! Access tokens for the application's handlers: live ones, for the scopes that are asked for, one request
//! to Entra for all who wait.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use actix_web::rt;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::Scope;
use ring::digest::{SHA256, digest};

use super::refresh::SignedInAccount;
use crate::{
    session::{
        token_store::TokenStore,
        tokens::{LiveToken, TokenId},
    },
    sign_in::error::SignInError,
    util::single_flight::{Flight, SingleFlight},
};

/// How long a token has to last for it to be given away.
const MARGIN: TimeDelta = TimeDelta::minutes(2);

/// Most results that are remembered.
const CAPACITY: usize = 5_000;

/// How long a failure is remembered: a page that fails, opened again and again, asks Entra no more often.
const FAILURE_TTL: TimeDelta = TimeDelta::seconds(5);

/// A session and a hash of its scopes.
type Key = (TokenId, [u8; 16]);

/// Why there is no token.
#[derive(Clone, Debug)]
pub(crate) enum NoToken {
    /// The person has to sign in for it: the session is over, or they haven't consented.
    SignIn {
        reason: Arc<str>,
        /// What Entra asks for (Conditional Access), as JSON.
        claims: Option<Arc<str>>,
    },
    /// Nobody can say at the moment.
    Trouble(Arc<SignInError>),
}

type Got = Result<LiveToken, NoToken>;

/// What came of a request, and until when it is good.
#[derive(Clone, Debug)]
struct Known {
    got: Got,
    until: DateTime<Utc>,
}

/// The access tokens of this process.
#[derive(Debug)]
pub(crate) struct AccessTokens {
    store: Arc<TokenStore>,
    known: Mutex<HashMap<Key, Known>>,
    requests: SingleFlight<Key, Got>,
}

fn key(id: TokenId, scopes: &[Scope]) -> Key {
    let scopes = scopes.iter().map(|scope| scope.as_str());
    let scopes = scopes.collect::<Vec<_>>().join(" ");
    let mut hash = [0; 16];
    hash.copy_from_slice(&digest(&SHA256, scopes.as_bytes()).as_ref()[..16]);
    (id, hash)
}

impl AccessTokens {
    pub(crate) fn new(store: Arc<TokenStore>) -> Self {
        Self {
            store,
            known: Mutex::default(),
            requests: SingleFlight::new(TimeDelta::zero()),
        }
    }

    /// A live token of a session for these scopes.
    pub(crate) async fn get(
        self: &Arc<Self>,
        id: TokenId,
        scopes: Vec<Scope>,
        account: SignedInAccount,
    ) -> Got {
        let (key, now) = (key(id, &scopes), account.clock.now());
        let known = self.lock().get(&key).cloned();
        if let Some(known) = known.filter(|known| known.until > now) {
            return known.got;
        }
        let waiter = match self.requests.join(key, now) {
            Flight::Follower(waiter) => waiter,
            Flight::Finished => return Err(worker_stopped()),
            Flight::Leader(leader, waiter) => {
                let tokens = Arc::clone(self);
                rt::spawn(async move {
                    let got = tokens.request(id, &scopes, &account).await;
                    let now = account.clock.now();
                    tokens.remember(key, got.clone(), now);
                    leader.finish(got, now);
                });
                waiter
            }
        };
        waiter
            .result()
            .await
            .unwrap_or_else(|| Err(worker_stopped()))
    }

    /// Forgets the tokens of a session that has ended.
    pub(crate) fn forget_session(&self, id: TokenId) {
        self.lock().retain(|(of, _), _| *of != id);
    }

    /// Forgets a token that its resource refuses.
    pub(crate) fn forget(&self, id: TokenId, scopes: &[Scope]) {
        self.lock().remove(&key(id, scopes));
    }

    async fn request(&self, id: TokenId, scopes: &[Scope], account: &SignedInAccount) -> Got {
        let trouble = |error: SignInError| NoToken::Trouble(Arc::new(error));
        let row = self.store.find(id).await;
        let row = row.map_err(|error| trouble(error.into()))?;
        let refresh_token = row.and_then(|row| self.store.open(&row));
        let Some(refresh_token) = refresh_token else {
            return Err(over());
        };
        let tokens = match account.redeem(&refresh_token, scopes).await {
            Ok(tokens) => tokens,
            Err(SignInError::Exchange(error)) => {
                return Err(match error.ended_grant() {
                    Some(refusal) => NoToken::SignIn {
                        reason: refusal.to_string().into(),
                        claims: refusal.claims.clone(),
                    },
                    None => trouble(error.into()),
                });
            }
            Err(error) => return Err(trouble(error)),
        };
        if let Some(newest) = &tokens.refresh_token {
            let replaced = self.store.replace(id, newest).await;
            if !replaced.map_err(|error| trouble(error.into()))? {
                return Err(over());
            }
        }
        Ok(LiveToken::new(&tokens, account.clock.now()))
    }

    fn remember(&self, key: Key, got: Got, now: DateTime<Utc>) {
        let until = match &got {
            Ok(token) => token.expires_at - MARGIN,
            Err(_) => now + FAILURE_TTL,
        };
        let mut known = self.lock();
        if known.len() >= CAPACITY && !known.contains_key(&key) {
            known.retain(|_, known| known.until > now);
            // Nobody's sign-ins crowd everybody out: what ends soonest goes first.
            let soonest = known.iter().min_by_key(|(_, known)| known.until);
            let soonest = soonest.map(|(key, _)| *key);
            if let Some(soonest) = soonest.filter(|_| known.len() >= CAPACITY) {
                known.remove(&soonest);
            }
        }
        known.insert(key, Known { got, until });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn over() -> NoToken {
    NoToken::SignIn {
        reason: "the session has no refresh token".into(),
        claims: None,
    }
}

fn worker_stopped() -> NoToken {
    NoToken::Trouble(Arc::new(SignInError::Worker))
}
