//! Single flight: concurrent requests for the same work share one execution and its result.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

/// Most finished results that are kept; the oldest are dropped first.
const CAPACITY: usize = 10_000;

/// Executions under way, and the results of those that finished within the last `ttl`.
#[derive(Debug)]
pub(crate) struct SingleFlight<K, T> {
    entries: Arc<Mutex<Entries<K, T>>>,
    ttl: TimeDelta,
}

#[derive(Debug)]
struct Entries<K, T> {
    by_key: HashMap<K, Entry<T>>,
    /// Oldest first.
    finished: VecDeque<(DateTime<Utc>, K)>,
}

#[derive(Debug)]
struct Entry<T> {
    result: watch::Receiver<Option<T>>,
    finished_at: Option<DateTime<Utc>>,
}

/// The caller's part in an execution.
pub(crate) enum Flight<K: Eq + Hash + Copy, T> {
    /// Do the work, and [`finish`](Leader::finish) with its result.
    Leader(Leader<K, T>, Waiter<T>),
    /// Somebody else does it.
    Follower(Waiter<T>),
}

/// The one who does the work. Dropped without a result, it wakes its followers with none.
pub(crate) struct Leader<K: Eq + Hash + Copy, T> {
    key: K,
    sender: watch::Sender<Option<T>>,
    entries: Arc<Mutex<Entries<K, T>>>,
    is_finished: bool,
    ttl: TimeDelta,
}

/// Waits for a result.
pub(crate) struct Waiter<T>(watch::Receiver<Option<T>>);

impl<T: Clone> Waiter<T> {
    /// `None` if the leader went away without a result.
    pub(crate) async fn result(mut self) -> Option<T> {
        let result = self.0.wait_for(Option::is_some).await;
        result.ok().and_then(|result| result.clone())
    }
}

impl<K: Eq + Hash + Copy, T: Clone> SingleFlight<K, T> {
    pub(crate) fn new(ttl: TimeDelta) -> Self {
        let entries = Entries {
            by_key: HashMap::new(),
            finished: VecDeque::new(),
        };
        Self {
            entries: Arc::new(Mutex::new(entries)),
            ttl,
        }
    }

    /// The execution of a key, if one is under way or finished within `ttl`.
    pub(crate) fn find(&self, key: K, now: DateTime<Utc>) -> Option<Waiter<T>> {
        let mut entries = lock(&self.entries);
        entries.expire(now, self.ttl);
        let entry = entries.by_key.get(&key)?;
        Some(Waiter(entry.result.clone()))
    }

    /// Joins the execution of a key, or leads a new one.
    pub(crate) fn join(&self, key: K, now: DateTime<Utc>) -> Flight<K, T> {
        let mut entries = lock(&self.entries);
        entries.expire(now, self.ttl);
        match entries.by_key.get(&key) {
            Some(entry) => Flight::Follower(Waiter(entry.result.clone())),
            None => self.lead(&mut entries, key),
        }
    }

    /// As [`join`](Self::join), but leads only if `may_lead` says so; it isn't asked by a follower.
    pub(crate) fn join_if(
        &self,
        key: K,
        now: DateTime<Utc>,
        may_lead: impl FnOnce() -> bool,
    ) -> Option<Flight<K, T>> {
        let mut entries = lock(&self.entries);
        entries.expire(now, self.ttl);
        match entries.by_key.get(&key) {
            Some(entry) => Some(Flight::Follower(Waiter(entry.result.clone()))),
            None => may_lead().then(|| self.lead(&mut entries, key)),
        }
    }

    fn lead(&self, entries: &mut Entries<K, T>, key: K) -> Flight<K, T> {
        let (sender, result) = watch::channel(None);
        let entry = Entry {
            result: result.clone(),
            finished_at: None,
        };
        entries.by_key.insert(key, entry);
        let leader = Leader {
            key,
            sender,
            entries: Arc::clone(&self.entries),
            is_finished: false,
            ttl: self.ttl,
        };
        Flight::Leader(leader, Waiter(result))
    }
}

impl<K: Eq + Hash + Copy, T> Leader<K, T> {
    /// Hands the result to all who wait, and to those who ask within `ttl`.
    pub(crate) fn finish(mut self, result: T, now: DateTime<Utc>) {
        self.is_finished = true;
        let mut entries = lock(&self.entries);
        if self.ttl.is_zero() {
            entries.by_key.remove(&self.key);
        } else if let Some(entry) = entries.by_key.get_mut(&self.key) {
            entry.finished_at = Some(now);
            entries.finished.push_back((now, self.key));
        }
        self.sender.send_replace(Some(result));
    }
}

impl<K: Eq + Hash + Copy, T> Drop for Leader<K, T> {
    fn drop(&mut self) {
        if !self.is_finished {
            lock(&self.entries).by_key.remove(&self.key);
        }
    }
}

impl<K: Eq + Hash + Copy, T> Entries<K, T> {
    fn expire(&mut self, now: DateTime<Utc>, ttl: TimeDelta) {
        while let Some((at, key)) = self.finished.front() {
            // A clock that was set back must not lengthen the life of a result.
            if (now - *at).abs() <= ttl && self.finished.len() <= CAPACITY {
                break;
            }
            let is_of_then = |entry: &Entry<T>| entry.finished_at == Some(*at);
            if self.by_key.get(key).is_some_and(is_of_then) {
                self.by_key.remove(key);
            }
            self.finished.pop_front();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn lead(flights: &SingleFlight<u8, u8>, now: i64) -> Leader<u8, u8> {
        match flights.join(1, at(now)) {
            Flight::Leader(leader, _) => leader,
            Flight::Follower(_) => panic!("somebody else leads"),
        }
    }

    #[actix_web::test]
    async fn followers_share_the_result_until_it_expires() {
        let flights = SingleFlight::new(TimeDelta::seconds(5));
        let leader = lead(&flights, 0);
        let Flight::Follower(waiter) = flights.join(1, at(90)) else {
            panic!("two lead")
        };
        leader.finish(7, at(100));
        assert_eq!(waiter.result().await, Some(7));
        assert_eq!(flights.find(1, at(105)).unwrap().result().await, Some(7));
        assert!(flights.find(1, at(106)).is_none());
        drop(lead(&flights, 107));
    }

    #[actix_web::test]
    async fn a_leader_that_goes_away_wakes_its_followers_and_makes_room() {
        let flights = SingleFlight::new(TimeDelta::zero());
        let leader = lead(&flights, 0);
        let waiter = flights.find(1, at(0)).unwrap();
        drop(leader);
        assert_eq!(waiter.result().await, None);
        let leader = lead(&flights, 0);
        let waiter = flights.find(1, at(0)).unwrap();
        leader.finish(3, at(0));
        assert_eq!(waiter.result().await, Some(3));
        assert!(flights.find(1, at(0)).is_none(), "nothing is kept");
    }

    #[test]
    fn leading_may_be_refused_and_following_never_is() {
        let flights = SingleFlight::<u8, u8>::new(TimeDelta::zero());
        assert!(flights.join_if(1, at(0), || false).is_none());
        let _leader = lead(&flights, 0);
        let joined = flights.join_if(1, at(0), || panic!("a follower needs no leave"));
        assert!(matches!(joined, Some(Flight::Follower(_))));
    }
}
