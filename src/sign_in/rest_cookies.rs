//! The rest of a long `next`, which doesn't fit into `state`: in one of few cookies, so that a
//! request's headers stay small however many long pages are asked for.

use chrono::{DateTime, Utc};

use super::attempt::AttemptId;
use crate::{
    site::Site,
    util::crypto::{CryptoError, Sealer},
};

/// How many attempts of a browser keep a long `next`: the newest ones. A cookie has about 1,500 bytes.
pub(super) const COUNT: u8 = 2;

pub(super) const NAME: &str = "microsoft_sso_next";

/// The rest of one attempt's `next`.
pub(super) struct Rest {
    pub(super) id: AttemptId,
    /// When it was made, in milliseconds since 1970.
    at: i64,
    pub(super) text: String,
}

impl Rest {
    pub(super) fn new(id: AttemptId, text: &str, now: DateTime<Utc>) -> Self {
        Self {
            id,
            at: now.timestamp_millis(),
            text: text.to_owned(),
        }
    }

    pub(super) fn seal(
        &self,
        sealer: &Sealer,
        site: &Site,
        name: &str,
    ) -> Result<String, CryptoError> {
        let mut plain = self.at.to_be_bytes().to_vec();
        plain.extend(self.id.0);
        plain.extend(self.text.as_bytes());
        sealer.seal(&site.purpose(name), &plain)
    }

    pub(super) fn open(sealer: &Sealer, site: &Site, name: &str, sealed: &str) -> Option<Self> {
        let plain = sealer.open(&site.purpose(name), sealed)?;
        let (at, rest) = plain.split_first_chunk()?;
        let (id, text) = rest.split_first_chunk()?;
        Some(Self {
            id: AttemptId(*id),
            at: i64::from_be_bytes(*at),
            text: std::str::from_utf8(text).ok()?.to_owned(),
        })
    }
}

/// The cookie for a new one: a free one, or the oldest. Concurrent requests can't see each other's,
/// so that each begins at another `number`.
pub(super) fn choose(held: &[(u8, Rest)], number: usize) -> u8 {
    let made_at = |slot: u8| {
        held.iter()
            .find(|(held, _)| *held == slot)
            .map(|(_, r)| r.at)
    };
    let slots = (0..COUNT).map(|slot| {
        let turn = usize::from(slot).wrapping_sub(number) % usize::from(COUNT);
        (made_at(slot), turn, slot)
    });
    slots.min().map_or(0, |(_, _, slot)| slot)
}
