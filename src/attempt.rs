//! A sign-in under way: what ties the answer of Entra to the browser that asked.
//!
//! The browser carries it in a sealed cookie, one of a fixed number of slots, so the server
//! keeps nothing and the request's headers stay small however many are begun. The cookie holds a
//! random seed; nonce, PKCE verifier and the attempt's id are derived from it. `state` carries
//! the id, the slot and the page to return to, sealed as well: it means nothing to others, and
//! a long `next` doesn't count against the size of the cookies.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use ring::hmac;

use crate::{
    next_path::NextPath,
    seal::{SealError, Sealer, random},
    site::Site,
};

/// What `state` and an attempt have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct AttemptId([u8; 16]);

/// One sign-in under way.
#[derive(Clone)]
pub(crate) struct Attempt {
    seed: [u8; 32],
    issued_at: i64,
}

/// How an attempt ended. It takes the attempt's place in its slot, so that the back button or a
/// reload of the callback lands where the first one did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ending {
    SignedIn,
    Failed,
}

/// What a slot's cookie holds.
pub(crate) enum Slot {
    Attempt(Attempt),
    Ended {
        id: AttemptId,
        ending: Ending,
        at: i64,
    },
}

/// What becomes of a sign-in that Entra can't carry out without asking the person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Silence {
    /// Entra asks; this is the usual one.
    NotAsked,
    /// It begins anew, and Entra asks.
    ThenAsk,
    /// The person goes on without being signed in.
    ThenGoOn,
}

/// What `state` says.
pub(crate) struct State {
    pub(crate) slot: u8,
    pub(crate) silence: Silence,
    pub(crate) id: AttemptId,
    pub(crate) next: NextPath,
}

impl Attempt {
    pub(crate) fn new(now: DateTime<Utc>) -> Result<Self, SealError> {
        Ok(Self {
            seed: random()?,
            issued_at: now.timestamp(),
        })
    }

    fn derive(&self, purpose: &[u8]) -> hmac::Tag {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.seed), purpose)
    }

    pub(crate) fn id(&self) -> AttemptId {
        let tag = self.derive(b"id");
        let mut id = [0; 16];
        id.copy_from_slice(&tag.as_ref()[..16]);
        AttemptId(id)
    }

    /// 43 characters of base64url.
    pub(crate) fn nonce(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.derive(b"nonce"))
    }

    /// 43 characters of base64url: the shortest verifier that RFC 7636, section 4.1 allows, with
    /// 256 bits in it.
    pub(crate) fn verifier(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.derive(b"verifier"))
    }
}

impl AttemptId {
    /// Compares in constant time.
    pub(crate) fn is(self, other: Self) -> bool {
        let differing = self
            .0
            .iter()
            .zip(other.0)
            .fold(0, |acc, (a, b)| acc | (a ^ b));
        std::hint::black_box(differing) == 0
    }
}

const ATTEMPT: u8 = 0;
const SIGNED_IN: u8 = 1;
const FAILED: u8 = 2;

impl Slot {
    /// When it was made, in seconds since 1970.
    pub(crate) fn at(&self) -> i64 {
        match self {
            Self::Attempt(attempt) => attempt.issued_at,
            Self::Ended { at, .. } => *at,
        }
    }

    pub(crate) fn seal(&self, sealer: &Sealer, purpose: &str) -> Result<String, SealError> {
        let mut plain = self.at().to_be_bytes().to_vec();
        match self {
            Self::Attempt(attempt) => {
                plain.push(ATTEMPT);
                plain.extend(attempt.seed);
            }
            Self::Ended { id, ending, .. } => {
                plain.push(match ending {
                    Ending::SignedIn => SIGNED_IN,
                    Ending::Failed => FAILED,
                });
                plain.extend(id.0);
            }
        }
        sealer.seal(purpose, &plain)
    }

    pub(crate) fn open(sealer: &Sealer, purpose: &str, sealed: &str) -> Option<Self> {
        let plain = sealer.open(purpose, sealed)?;
        let (at, rest) = plain.split_first_chunk()?;
        let at = i64::from_be_bytes(*at);
        let (kind, body) = rest.split_first()?;
        let ended = |ending| {
            let id = AttemptId(body.try_into().ok()?);
            Some(Self::Ended { id, ending, at })
        };
        match *kind {
            ATTEMPT => Some(Self::Attempt(Attempt {
                seed: body.try_into().ok()?,
                issued_at: at,
            })),
            SIGNED_IN => ended(Ending::SignedIn),
            FAILED => ended(Ending::Failed),
            _ => None,
        }
    }
}

const STATE: &str = "state";

impl State {
    pub(crate) fn seal(&self, sealer: &Sealer, site: &Site) -> Result<String, SealError> {
        let silence = match self.silence {
            Silence::NotAsked => 0,
            Silence::ThenAsk => 1,
            Silence::ThenGoOn => 2,
        };
        let mut plain = vec![self.slot, silence];
        plain.extend(self.id.0);
        plain.extend(self.next.as_str().as_bytes());
        sealer.seal(&site.purpose(STATE), &plain)
    }

    /// Opens what [`Self::seal`] made with the same key; anything else is `None`.
    pub(crate) fn open(sealer: &Sealer, site: &Site, sealed: &str) -> Option<Self> {
        let plain = sealer.open(&site.purpose(STATE), sealed)?;
        let ([slot, silence], rest) = plain.split_first_chunk()?;
        let (id, next) = rest.split_first_chunk()?;
        Some(Self {
            slot: *slot,
            silence: match silence {
                1 => Silence::ThenAsk,
                2 => Silence::ThenGoOn,
                _ => Silence::NotAsked,
            },
            id: AttemptId(*id),
            next: NextPath::parse(std::str::from_utf8(next).ok()?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    fn attempt() -> Attempt {
        Attempt::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap()).unwrap()
    }

    #[test]
    fn each_attempt_has_a_nonce_a_verifier_and_an_id_of_its_own() {
        let (a, b) = (attempt(), attempt());
        assert!(!a.id().is(b.id()));
        assert_ne!(a.nonce(), b.nonce());
        assert_ne!(a.verifier(), b.verifier());
        assert_ne!(a.nonce(), a.verifier());
        assert_eq!(a.verifier().len(), 43);
    }

    #[test]
    fn a_slot_and_a_state_survive_sealing() {
        let sealer = Sealer::new(&[1; 64]).unwrap();
        let attempt = attempt();
        let sealed = Slot::Attempt(attempt.clone())
            .seal(&sealer, "slot 3")
            .unwrap();
        assert!(sealed.len() < 100, "{} bytes", sealed.len());
        let Some(Slot::Attempt(opened)) = Slot::open(&sealer, "slot 3", &sealed) else {
            panic!("not an attempt")
        };
        assert_eq!(opened.verifier(), attempt.verifier());
        assert!(Slot::open(&sealer, "slot 4", &sealed).is_none());

        let next = NextPath::parse("/a?b=c").unwrap();
        let state = State {
            slot: 3,
            silence: Silence::ThenAsk,
            id: attempt.id(),
            next,
        };
        let site = |name| {
            let config = Config::builder().enabled(false).build().unwrap();
            Site::new(name, config)
        };
        let sealed_state = state.seal(&sealer, &site("a")).unwrap();
        assert!(State::open(&sealer, &site("b"), &sealed_state).is_none());
        let opened = State::open(&sealer, &site("a"), &sealed_state).unwrap();
        assert!(opened.slot == 3 && opened.id.is(attempt.id()) && opened.next.as_str() == "/a?b=c");
        assert!(
            State::open(&sealer, &site("a"), &sealed).is_none(),
            "a cookie is no state"
        );
    }
}
