//! The callbacks under way and just ended in this process, so that a double click or an
//! impatient reload shares the first one's result instead of redeeming the code again.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::{attempt::AttemptId, error::SignInError, session::SignedIn};

/// How long a result is remembered. A reload comes within seconds; later ones find the record in
/// their own cookie.
const REMEMBER: Duration = Duration::from_secs(60);

/// How many are remembered at most; the oldest give way.
const MOST: usize = 10_000;

/// How a sign-in ended, shared by all requests that ask for it.
pub(crate) type Outcome = Result<Arc<SignedIn>, Arc<SignInError>>;

type Receiver = watch::Receiver<Option<Outcome>>;

#[derive(Default)]
struct Entries {
    results: HashMap<AttemptId, Receiver>,
    /// Oldest first.
    order: VecDeque<(Instant, AttemptId)>,
}

#[derive(Default)]
pub(crate) struct Flights {
    entries: Mutex<Entries>,
}

/// Whether a callback is the first of its attempt.
pub(crate) enum Flight {
    /// It is: do the work, and send the outcome.
    First(watch::Sender<Option<Outcome>>, Landing),
    /// It isn't: wait for the first one's.
    Again(Landing),
}

/// Where the outcome arrives.
pub(crate) struct Landing(Receiver);

impl Landing {
    pub(crate) async fn outcome(mut self) -> Outcome {
        let lost = || Err(Arc::new(SignInError::Worker));
        match self.0.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or_else(lost),
            Err(_) => lost(),
        }
    }
}

impl Flights {
    /// The outcome of an attempt that somebody asks for again.
    pub(crate) fn find(&self, id: AttemptId) -> Option<Landing> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.results.get(&id).cloned().map(Landing)
    }

    pub(crate) fn board(&self, id: AttemptId) -> Flight {
        let now = Instant::now();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.forget(now);
        if let Some(result) = entries.results.get(&id) {
            return Flight::Again(Landing(result.clone()));
        }
        let (sender, receiver) = watch::channel(None);
        entries.results.insert(id, receiver.clone());
        entries.order.push_back((now, id));
        Flight::First(sender, Landing(receiver))
    }
}

impl Entries {
    fn forget(&mut self, now: Instant) {
        while let Some((since, id)) = self.order.front() {
            if now.duration_since(*since) < REMEMBER && self.order.len() < MOST {
                break;
            }
            self.results.remove(id);
            self.order.pop_front();
        }
    }
}
