//! Which Entra can't be asked at the moment, so that not every session finds that out for itself.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

/// Time to the next question after one that failed.
pub(super) const RETRY: TimeDelta = TimeDelta::seconds(30);

/// The longest time to it that Entra can ask for (`Retry-After`).
const MAX_RETRY: TimeDelta = TimeDelta::minutes(5);

/// An Entra that can't be asked, or refuses the application itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage {
    /// The first failure since the last success.
    pub(super) since: DateTime<Utc>,
    /// Until then it isn't asked.
    pub(super) until: DateTime<Utc>,
}

/// The outages of this process, by the binding of the site.
#[derive(Debug, Default)]
pub(super) struct Outages(Mutex<HashMap<String, Outage>>);

impl Outages {
    /// The outage of a site, if it isn't time to ask again. Whoever is told that it is, asks for all.
    pub(super) fn current(&self, site: &str, now: DateTime<Utc>) -> Option<Outage> {
        let mut outages = self.lock();
        let outage = outages.get_mut(site)?;
        if outage.until <= now {
            outage.until = now + RETRY;
            return None;
        }
        Some(*outage)
    }

    /// Notes a failure; `is_new` is whether it is the first.
    pub(super) fn failed(
        &self,
        site: &str,
        now: DateTime<Utc>,
        retry_after: Option<TimeDelta>,
    ) -> (Outage, bool) {
        let until = now + retry_after.map_or(RETRY, |wait| wait.clamp(RETRY, MAX_RETRY));
        let mut outages = self.lock();
        let is_new = !outages.contains_key(site);
        let outage = outages
            .entry(site.to_owned())
            .or_insert(Outage { since: now, until });
        outage.until = until;
        (*outage, is_new)
    }

    /// Notes that Entra has answered; whether it hadn't before.
    pub(super) fn answered(&self, site: &str) -> bool {
        self.lock().remove(site).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Outage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_asks_for_all_when_it_is_time() {
        let at = |seconds: i64| DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap();
        let outages = Outages::default();
        assert!(outages.current("a", at(0)).is_none());
        assert!(outages.failed("a", at(0), None).1);
        assert_eq!(outages.current("a", at(29)).unwrap().since, at(0));
        assert!(outages.current("b", at(29)).is_none(), "another site");
        assert!(outages.current("a", at(30)).is_none(), "it is time");
        assert!(outages.current("a", at(31)).is_some(), "for one alone");
        let (outage, is_new) = outages.failed("a", at(31), Some(TimeDelta::hours(9)));
        assert_eq!((outage.since, is_new), (at(0), false));
        assert_eq!(outage.until, at(31) + MAX_RETRY);
        assert!(outages.answered("a") && !outages.answered("a"));
        assert!(outages.current("a", at(32)).is_none());
    }
}
