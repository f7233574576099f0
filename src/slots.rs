//! The slots that a browser's sign-ins lie in: which cookie the next one takes.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use actix_web::{
    HttpRequest,
    cookie::{Cookie, time},
};
use chrono::{DateTime, Utc};

use crate::{
    attempt::{Attempt, AttemptId, Ending, Slot, State},
    cookies,
    seal::{SealError, Sealer},
    site::Site,
};

/// How many sign-ins a browser can have under way or just ended. A slot's cookie has about 120
/// bytes, so all of them together stay under 4 KB, whatever a flood of starts does.
pub(crate) const SLOTS: u8 = 32;

/// The newest sign-ins that never give way to one that begins after them.
const SAFE: usize = 16;

/// Fewer free slots than this, and the oldest sign-ins are given up to make room.
const ROOM: usize = 10;

/// The cookies of sign-ins, for one request.
pub(crate) struct Slots<'a> {
    pub(crate) sealer: &'a Sealer,
    pub(crate) site: &'a Site,
    pub(crate) now: DateTime<Utc>,
    pub(crate) timeout: Duration,
    pub(crate) secure: bool,
}

impl Slots<'_> {
    fn name(&self, slot: u8) -> String {
        let prefix = cookies::prefix(self.secure);
        format!("{prefix}microsoft_sso_attempt_{slot:02}")
    }

    fn read(&self, req: &HttpRequest, slot: u8) -> Option<Slot> {
        let name = self.name(slot);
        let cookie = req.cookie(&name)?;
        let slot = Slot::open(self.sealer, &self.site.purpose(&name), cookie.value())?;
        // A clock that was set back must not give a cookie a longer life.
        let age = self.now.timestamp().checked_sub(slot.at())?.unsigned_abs();
        (age <= self.timeout.as_secs()).then_some(slot)
    }

    fn cookie(&self, slot: u8, content: &Slot) -> Result<Cookie<'static>, SealError> {
        let name = self.name(slot);
        let value = content.seal(self.sealer, &self.site.purpose(&name))?;
        let max_age = time::Duration::try_from(self.timeout).unwrap_or(time::Duration::MAX);
        Ok(cookies::build(name, value, self.secure, max_age))
    }

    /// The cookie of a sign-in that begins, and its slot.
    ///
    /// Starts that arrive at once (ten restored tabs) can't see each other's cookies, so each
    /// takes the next number of `counter`; those in a row get slots of their own.
    pub(crate) fn begin(
        &self,
        req: &HttpRequest,
        attempt: &Attempt,
        counter: &AtomicUsize,
    ) -> Result<(u8, Cookie<'static>), SealError> {
        let ages = (0..SLOTS).map(|slot| (self.read(req, slot).map(|content| content.at()), slot));
        let slot = choose(ages.collect(), counter.fetch_add(1, Ordering::Relaxed));
        Ok((slot, self.cookie(slot, &Slot::Attempt(attempt.clone()))?))
    }

    /// What this browser has for a `state`: the attempt itself, how it ended, or nothing.
    pub(crate) fn find(&self, req: &HttpRequest, state: &State) -> Option<Slot> {
        if state.slot >= SLOTS {
            return None;
        }
        self.read(req, state.slot).filter(|content| match content {
            Slot::Attempt(attempt) => attempt.id().is(state.id),
            Slot::Ended { id, .. } => id.is(state.id),
        })
    }

    /// The cookie that says how an attempt ended, in the attempt's slot.
    pub(crate) fn end(&self, state: &State, ending: Ending) -> Result<Cookie<'static>, SealError> {
        let at = self.now.timestamp();
        let id: AttemptId = state.id;
        self.cookie(state.slot, &Slot::Ended { id, ending, at })
    }

    /// How many sign-ins of this browser ended within the last seconds: well, and otherwise.
    pub(crate) fn ended_within(&self, req: &HttpRequest, seconds: i64) -> (usize, usize) {
        let since = self.now.timestamp() - seconds;
        let mut ended = (0, 0);
        for slot in 0..SLOTS {
            match self.read(req, slot) {
                Some(Slot::Ended { at, .. }) if at < since => {}
                Some(Slot::Ended {
                    ending: Ending::SignedIn,
                    ..
                }) => ended.0 += 1,
                Some(Slot::Ended { .. }) => ended.1 += 1,
                Some(Slot::Attempt(_)) | None => {}
            }
        }
        ended
    }

    /// Cookies that take all of this browser's away.
    pub(crate) fn clear(&self, req: &HttpRequest) -> Vec<Cookie<'static>> {
        let names = (0..SLOTS).map(|slot| self.name(slot));
        let held = names.filter(|name| req.cookie(name).is_some());
        held.map(|name| cookies::removal(name, self.secure))
            .collect()
    }
}

/// Chooses a slot, given when each was taken, if it is.
fn choose(mut slots: Vec<(Option<i64>, u8)>, number: usize) -> u8 {
    // The free ones first (`None` sorts before any time), then the oldest.
    slots.sort();
    let free = slots
        .iter()
        .take_while(|(taken, _)| taken.is_none())
        .count();
    let candidates = if free >= ROOM {
        free
    } else {
        slots.len().saturating_sub(SAFE)
    };
    slots[number % candidates.max(1)].1
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn starts_at_once_take_slots_of_their_own() {
        for taken in [0, 1, 10, 22, 23, 32] {
            let slots: Vec<_> = (0..SLOTS)
                .map(|slot| ((slot < taken).then_some(5), slot))
                .collect();
            let chosen: HashSet<_> = (40..50)
                .map(|number| choose(slots.clone(), number))
                .collect();
            assert_eq!(chosen.len(), 10, "{taken} taken");
        }
    }

    #[test]
    fn the_newest_ten_survive_any_number_of_starts() {
        let mut slots = [None; SLOTS as usize];
        for start in 0..1000 {
            let view = slots.iter().copied().zip(0..).collect();
            slots[usize::from(choose(view, start))] = Some(start as i64);
            let newest = (start as i64 - 9).max(0)..=start as i64;
            for number in newest {
                assert!(
                    slots.contains(&Some(number)),
                    "{number} gave way at {start}"
                );
            }
        }
    }
}
