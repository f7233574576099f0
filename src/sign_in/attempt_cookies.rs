//! The cookies of a browser's attempts. Their number is fixed, so the request's headers stay small
//! however many sign-ins it begins.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::{
    cookie::{Cookie, time},
    http::header::HeaderMap,
};
use chrono::{DateTime, Utc};

use super::{
    attempt::{Attempt, AttemptId, CookieState, Ending},
    rest_cookies::{self, Rest},
    state::State,
};
use crate::{
    site::Site,
    util::{
        cookies::{self, Transport},
        crypto::{CryptoError, Sealer},
        next_path::NextPath,
    },
};

/// How many attempts of a browser can be under way or just ended. A cookie has about 120 bytes, so
/// all of them together stay below 4 KB.
const COUNT: u8 = 32;

/// The newest attempts, which a new one never replaces.
const PROTECTED: usize = 16;

/// With fewer free cookies than this, a new attempt may replace the oldest ones.
const MIN_FREE: usize = 10;

const NAME: &str = "microsoft_sso_attempt";

/// The attempts that a request's cookies hold.
pub(crate) struct AttemptCookies {
    sealer: Arc<Sealer>,
    site: Arc<Site>,
    now: DateTime<Utc>,
    transport: Transport,
    /// What the names of this application's cookies end with, before their number.
    suffix: String,
    held: Vec<(u8, CookieState)>,
    rests: Vec<(u8, Rest)>,
    /// Names of all cookies of this kind in the request, readable or not.
    names: Vec<String>,
}

/// How many attempts of a browser ended recently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RecentEndings {
    pub(crate) signed_in: usize,
    pub(crate) failed: usize,
}

impl AttemptCookies {
    pub(crate) fn read(
        headers: &HeaderMap,
        sealer: &Arc<Sealer>,
        site: &Arc<Site>,
        now: DateTime<Utc>,
        transport: Transport,
        suffix: &str,
    ) -> Self {
        let mut cookies = Self {
            sealer: Arc::clone(sealer),
            site: Arc::clone(site),
            now,
            transport,
            suffix: suffix.to_owned(),
            held: Vec::new(),
            rests: Vec::new(),
            names: Vec::new(),
        };
        for (name, value) in cookies::all(headers) {
            if cookies.names.iter().any(|held| held == name) {
                continue;
            }
            if let Some(slot) = cookies.slot_of(name, NAME, COUNT) {
                cookies.names.push(name.to_owned());
                cookies.held.extend(cookies.open(slot, name, value));
            } else if let Some(slot) =
                cookies.slot_of(name, rest_cookies::NAME, rest_cookies::COUNT)
            {
                cookies.names.push(name.to_owned());
                let rest = Rest::open(sealer, site, name, value);
                cookies.rests.extend(rest.map(|rest| (slot, rest)));
            }
        }
        cookies
    }

    /// The number of one of our cookies, by its name.
    fn slot_of(&self, name: &str, kind: &str, count: u8) -> Option<u8> {
        let prefix = self.name(kind, "");
        name.strip_prefix(&prefix)
            .and_then(|digits| slot_of(digits, count))
    }

    fn name(&self, kind: &str, slot: &str) -> String {
        let name = format!("{kind}{}_{slot}", self.suffix);
        self.transport.cookie_name(&name)
    }

    fn open(&self, slot: u8, name: &str, value: &str) -> Option<(u8, CookieState)> {
        let state = CookieState::open(&self.sealer, &self.site.purpose(name), value)?;
        // A clock that was set back must not lengthen the life of a cookie.
        let age = self.now.timestamp_millis().checked_sub(state.at())?;
        let age = Duration::from_millis(age.unsigned_abs());
        (age <= self.site.config.timeout).then_some((slot, state))
    }

    fn seal(&self, slot: u8, state: &CookieState) -> Result<Cookie<'static>, CryptoError> {
        let name = self.name(NAME, &format!("{slot:02}"));
        let value = state.seal(&self.sealer, &self.site.purpose(&name))?;
        Ok(self.cookie(name, value))
    }

    fn cookie(&self, name: String, value: String) -> Cookie<'static> {
        let max_age = time::Duration::try_from(self.site.config.timeout);
        let max_age = max_age.unwrap_or(time::Duration::MAX);
        cookies::build(name, value, self.transport, max_age)
    }

    /// The number and the cookie of a new attempt.
    ///
    /// Concurrent requests (ten restored tabs) can't see each other's cookies, so each takes the
    /// next value of `counter`.
    pub(crate) fn begin(
        &self,
        attempt: &Attempt,
        counter: &AtomicUsize,
    ) -> Result<(u8, Cookie<'static>), CryptoError> {
        let mut slots: Vec<_> = (0..COUNT).map(|slot| (None, slot)).collect();
        for (slot, state) in &self.held {
            slots[usize::from(*slot)].0 = Some(state.at());
        }
        let slot = choose(slots, counter.fetch_add(1, Ordering::Relaxed));
        Ok((
            slot,
            self.seal(slot, &CookieState::Attempt(attempt.clone()))?,
        ))
    }

    /// The cookie for the rest of a `next` that is too long for `state`.
    pub(crate) fn keep_rest(
        &self,
        id: AttemptId,
        rest: &str,
        counter: &AtomicUsize,
    ) -> Result<Cookie<'static>, CryptoError> {
        let slot = rest_cookies::choose(&self.rests, counter.load(Ordering::Relaxed));
        let name = self.name(rest_cookies::NAME, &format!("{slot:02}"));
        let value = Rest::new(id, rest, self.now).seal(&self.sealer, &self.site, &name)?;
        Ok(self.cookie(name, value))
    }

    /// Where the person goes after the sign-in of a `state`.
    pub(crate) fn next(&self, state: &State) -> NextPath {
        let rest = self.rests.iter().find(|(_, rest)| rest.id == state.id);
        state.next.join(rest.map(|(_, rest)| rest.text.as_str()))
    }

    /// Whether the request has no cookie of any sign-in.
    pub(crate) fn are_missing(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether the last sign-in that ended here was refused because of its account.
    pub(crate) fn is_account_refused(&self) -> bool {
        let endings = self.held.iter().filter_map(|(_, state)| match state {
            CookieState::Ended { at, ending, .. } => Some((*at, *ending)),
            CookieState::Attempt(_) => None,
        });
        let last = endings.max_by_key(|(at, _)| *at);
        last.is_some_and(|(_, ending)| ending == Ending::AccountRefused)
    }

    /// What this browser holds for a `state`: the attempt itself, how it ended, or nothing.
    pub(crate) fn find(&self, state: &State) -> Option<&CookieState> {
        let held = self.held.iter().find(|(slot, _)| *slot == state.slot);
        held.map(|(_, held)| held)
            .filter(|held| held.id() == state.id)
    }

    /// The cookie that says how an attempt ended, in place of the attempt.
    pub(crate) fn end(
        &self,
        state: &State,
        ending: Ending,
    ) -> Result<Cookie<'static>, CryptoError> {
        let (id, at) = (state.id, self.now.timestamp_millis());
        self.seal(state.slot, &CookieState::Ended { id, ending, at })
    }

    /// How many attempts ended within the last seconds.
    pub(crate) fn ended_within(&self, seconds: i64) -> RecentEndings {
        let since = self.now.timestamp_millis() - seconds * 1000;
        let mut recent = RecentEndings::default();
        for (_, state) in &self.held {
            match state {
                CookieState::Ended { at, ending, .. } if *at >= since => match ending {
                    Ending::SignedIn => recent.signed_in += 1,
                    Ending::Failed | Ending::AccountRefused => recent.failed += 1,
                },
                CookieState::Ended { .. } | CookieState::Attempt(_) => {}
            }
        }
        recent
    }

    /// Cookies that remove all of the browser's.
    pub(crate) fn removals(&self) -> impl Iterator<Item = Cookie<'static>> {
        let names = self.names.iter().cloned();
        names.map(|name| cookies::removal(name, self.transport))
    }
}

/// The number in a cookie's name, of exactly two digits.
fn slot_of(digits: &str, count: u8) -> Option<u8> {
    let slot = digits.parse().ok().filter(|slot| *slot < count)?;
    (digits == format!("{slot:02}")).then_some(slot)
}

/// Chooses a cookie, given when each was made, if it is in use.
fn choose(mut slots: Vec<(Option<i64>, u8)>, number: usize) -> u8 {
    // Free ones first (`None` sorts before any time), then the oldest.
    slots.sort();
    let free = slots.iter().take_while(|(at, _)| at.is_none()).count();
    let candidates = if free >= MIN_FREE {
        free
    } else {
        slots.len().saturating_sub(PROTECTED)
    };
    slots[number % candidates.max(1)].1
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn concurrent_attempts_take_cookies_of_their_own() {
        for taken in [0, 1, 10, 22, 23, 32] {
            let slots: Vec<_> = (0..COUNT)
                .map(|slot| ((slot < taken).then_some(5), slot))
                .collect();
            let chosen: HashSet<_> = (40..50)
                .map(|number| choose(slots.clone(), number))
                .collect();
            assert_eq!(chosen.len(), 10, "{taken} taken");
        }
    }

    #[test]
    fn the_newest_ten_survive_any_number_of_attempts() {
        let mut slots = [None; COUNT as usize];
        for start in 0..1000 {
            let view = slots.iter().copied().zip(0..).collect();
            slots[usize::from(choose(view, start))] = Some(start as i64);
            let newest = (start as i64 - 9).max(0)..=start as i64;
            for number in newest {
                assert!(
                    slots.contains(&Some(number)),
                    "{number} was replaced at {start}"
                );
            }
        }
    }

    #[test]
    fn a_name_has_two_digits_below_the_count() {
        assert_eq!(slot_of("07", COUNT), Some(7));
        for wrong in ["7", "32", "007", "+7", "", "x"] {
            assert_eq!(slot_of(wrong, COUNT), None, "{wrong}");
        }
    }
}
