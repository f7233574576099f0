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

/// Most tokens that are remembered.
const CAPACITY: usize = 2_000;

/// A session and a hash of its scopes.
type Key = (TokenId, [u8; 16]);

/// Why there is no token.
#[derive(Clone, Debug)]
pub(crate) enum NoToken {
    /// The person has to sign in for it: the session is over, or they haven't consented.
    SignIn(Arc<str>),
    /// Nobody can say at the moment.
    Trouble(Arc<SignInError>),
}

type Got = Result<LiveToken, NoToken>;

/// The access tokens of this process.
#[derive(Debug)]
pub(crate) struct AccessTokens {
    store: Arc<TokenStore>,
    live: Mutex<HashMap<Key, LiveToken>>,
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
            live: Mutex::default(),
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
        if let Some(token) = self.live(key, now) {
            return Ok(token);
        }
        let waiter = match self.requests.join(key, now) {
            Flight::Follower(waiter) => waiter,
            Flight::Finished => return Err(worker_stopped()),
            Flight::Leader(leader, waiter) => {
                let tokens = Arc::clone(self);
                rt::spawn(async move {
                    let got = tokens.request(id, &scopes, &account).await;
                    let now = account.clock.now();
                    if let Ok(token) = &got {
                        tokens.remember(key, token.clone(), now);
                    }
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
            return Err(NoToken::SignIn("the session has no refresh token".into()));
        };
        let tokens = match account.redeem(&refresh_token, scopes).await {
            Ok(tokens) => tokens,
            Err(SignInError::Exchange(error)) => {
                return Err(match error.ended_grant() {
                    Some(refusal) => NoToken::SignIn(refusal.to_string().into()),
                    None => trouble(error.into()),
                });
            }
            Err(error) => return Err(trouble(error)),
        };
        if let Some(newest) = &tokens.refresh_token {
            let replaced = self.store.replace(id, newest).await;
            replaced.map_err(|error| trouble(error.into()))?;
        }
        Ok(LiveToken::new(&tokens, account.clock.now()))
    }

    fn live(&self, key: Key, now: DateTime<Utc>) -> Option<LiveToken> {
        let token = self.lock().get(&key).cloned()?;
        (token.expires_at - now > MARGIN).then_some(token)
    }

    fn remember(&self, key: Key, token: LiveToken, now: DateTime<Utc>) {
        let mut live = self.lock();
        if live.len() >= CAPACITY && !live.contains_key(&key) {
            live.retain(|_, token| token.expires_at - now > MARGIN);
            if live.len() >= CAPACITY {
                live.clear();
            }
        }
        live.insert(key, token);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, LiveToken>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn worker_stopped() -> NoToken {
    NoToken::Trouble(Arc::new(SignInError::Worker))
}
