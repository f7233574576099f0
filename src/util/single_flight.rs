//! Single flight: concurrent requests for the same work share one execution and its result.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

/// Most finished executions that are remembered; the oldest are forgotten first.
const CAPACITY: usize = 10_000;

/// Executions under way, and the keys of those that finished within the last `ttl`. Their results are
/// not kept.
#[derive(Debug)]
pub(crate) struct SingleFlight<K, T> {
    entries: Arc<Mutex<Entries<K, T>>>,
    ttl: TimeDelta,
}

#[derive(Debug)]
struct Entries<K, T> {
    running: HashMap<K, watch::Receiver<Option<T>>>,
    finished: HashSet<K>,
    /// Oldest first.
    finished_at: VecDeque<(DateTime<Utc>, K)>,
}

/// The caller's part in an execution.
pub(crate) enum Flight<K: Eq + Hash + Copy, T> {
    /// Do the work, and [`finish`](Leader::finish) with its result.
    Leader(Leader<K, T>, Waiter<T>),
    /// Somebody else does it.
    Follower(Waiter<T>),
    /// It was done within `ttl`.
    Finished,
}

/// The one who does the work. Dropped without a result, it wakes its followers with none.
pub(crate) struct Leader<K: Eq + Hash + Copy, T> {
    key: K,
    sender: watch::Sender<Option<T>>,
    entries: Arc<Mutex<Entries<K, T>>>,
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
            running: HashMap::new(),
            finished: HashSet::new(),
            finished_at: VecDeque::new(),
        };
        Self {
            entries: Arc::new(Mutex::new(entries)),
            ttl,
        }
    }

    /// The execution of a key, if one is under way.
    pub(crate) fn running(&self, key: K) -> Option<Waiter<T>> {
        let entries = lock(&self.entries);
        entries.running.get(&key).cloned().map(Waiter)
    }

    /// Joins the execution of a key, or leads a new one.
    pub(crate) fn join(&self, key: K, now: DateTime<Utc>) -> Flight<K, T> {
        let mut entries = lock(&self.entries);
        entries.expire(now, self.ttl);
        match entries.find(key) {
            Some(flight) => flight,
            None => self.lead(&mut entries, key),
        }
    }

    /// As [`join`](Self::join), but leads only if `may_lead` says so; a follower isn't asked.
    pub(crate) fn join_if(
        &self,
        key: K,
        now: DateTime<Utc>,
        may_lead: impl FnOnce() -> bool,
    ) -> Option<Flight<K, T>> {
        let mut entries = lock(&self.entries);
        entries.expire(now, self.ttl);
        if let Some(flight) = entries.find(key) {
            return Some(flight);
        }
        may_lead().then(|| self.lead(&mut entries, key))
    }

    fn lead(&self, entries: &mut Entries<K, T>, key: K) -> Flight<K, T> {
        let (sender, result) = watch::channel(None);
        entries.running.insert(key, result.clone());
        let leader = Leader {
            key,
            sender,
            entries: Arc::clone(&self.entries),
            ttl: self.ttl,
        };
        Flight::Leader(leader, Waiter(result))
    }
}

impl<K: Eq + Hash + Copy, T> Leader<K, T> {
    /// Hands the result to all who wait.
    pub(crate) fn finish(self, result: T, now: DateTime<Utc>) {
        if !self.ttl.is_zero() {
            let mut entries = lock(&self.entries);
            entries.finished.insert(self.key);
            entries.finished_at.push_back((now, self.key));
        }
        self.sender.send_replace(Some(result));
    }
}

impl<K: Eq + Hash + Copy, T> Drop for Leader<K, T> {
    fn drop(&mut self) {
        lock(&self.entries).running.remove(&self.key);
    }
}

impl<K: Eq + Hash + Copy, T: Clone> Entries<K, T> {
    fn find(&self, key: K) -> Option<Flight<K, T>> {
        if let Some(result) = self.running.get(&key) {
            return Some(Flight::Follower(Waiter(result.clone())));
        }
        self.finished.contains(&key).then_some(Flight::Finished)
    }

    fn expire(&mut self, now: DateTime<Utc>, ttl: TimeDelta) {
        while let Some((at, key)) = self.finished_at.front() {
            // A clock that was set back must not lengthen the memory.
            if (now - *at).abs() <= ttl && self.finished_at.len() <= CAPACITY {
                break;
            }
            self.finished.remove(key);
            self.finished_at.pop_front();
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
            Flight::Follower(_) | Flight::Finished => panic!("it doesn't lead"),
        }
    }

    #[actix_web::test]
    async fn followers_share_the_result_and_later_ones_learn_that_it_is_finished() {
        let flights = SingleFlight::new(TimeDelta::seconds(5));
        let leader = lead(&flights, 0);
        let Flight::Follower(waiter) = flights.join(1, at(90)) else {
            panic!("two lead")
        };
        leader.finish(7, at(100));
        assert_eq!(waiter.result().await, Some(7));
        assert!(matches!(flights.join(1, at(105)), Flight::Finished));
        assert!(flights.running(1).is_none());
        drop(lead(&flights, 106));
    }

    #[actix_web::test]
    async fn a_leader_that_goes_away_wakes_its_followers_and_makes_room() {
        let flights = SingleFlight::new(TimeDelta::zero());
        let leader = lead(&flights, 0);
        let waiter = flights.running(1).unwrap();
        drop(leader);
        assert_eq!(waiter.result().await, None);
        let leader = lead(&flights, 0);
        let waiter = flights.running(1).unwrap();
        leader.finish(3, at(0));
        assert_eq!(waiter.result().await, Some(3));
        drop(lead(&flights, 0));
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
