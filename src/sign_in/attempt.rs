//! An attempt to sign in: ties Entra's response to the browser that asked.
//!
//! The browser carries it in a sealed cookie, so the server keeps nothing. The cookie holds a random
//! seed; nonce, PKCE verifier and the attempt's id are derived from it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use openidconnect::{Nonce, PkceCodeVerifier};
use ring::hmac;

use crate::util::crypto::{CryptoError, Sealer, random};

/// Ties `state` to its attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AttemptId(pub(super) [u8; 16]);

/// A sign-in under way.
#[derive(Clone)]
pub(crate) struct Attempt {
    seed: [u8; 32],
    issued_at: i64,
}

/// How an attempt ended. It replaces the attempt in its cookie, so that the back button or a reload
/// of the callback lands where the first one did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ending {
    SignedIn,
    Failed,
    /// Another account could pass.
    AccountRefused,
}

/// The content of an attempt's cookie.
#[derive(Clone)]
pub(crate) enum CookieState {
    Attempt(Attempt),
    Ended {
        id: AttemptId,
        ending: Ending,
        at: i64,
    },
}

impl Attempt {
    pub(crate) fn new(now: DateTime<Utc>) -> Result<Self, CryptoError> {
        Ok(Self {
            seed: random()?,
            issued_at: now.timestamp_millis(),
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
    pub(crate) fn nonce(&self) -> Nonce {
        Nonce::new(URL_SAFE_NO_PAD.encode(self.derive(b"nonce")))
    }

    /// 43 characters of base64url with 256 bits of entropy: the minimum length of RFC 7636, section
    /// 4.1.
    pub(crate) fn verifier(&self) -> PkceCodeVerifier {
        PkceCodeVerifier::new(URL_SAFE_NO_PAD.encode(self.derive(b"verifier")))
    }
}

const ATTEMPT: u8 = 0;
const SIGNED_IN: u8 = 1;
const FAILED: u8 = 2;
const ACCOUNT_REFUSED: u8 = 3;

impl CookieState {
    /// When it was made, in milliseconds since 1970: fine enough to order a flood of attempts.
    pub(crate) fn at(&self) -> i64 {
        match self {
            Self::Attempt(attempt) => attempt.issued_at,
            Self::Ended { at, .. } => *at,
        }
    }

    pub(super) fn id(&self) -> AttemptId {
        match self {
            Self::Attempt(attempt) => attempt.id(),
            Self::Ended { id, .. } => *id,
        }
    }

    pub(crate) fn seal(&self, sealer: &Sealer, purpose: &str) -> Result<String, CryptoError> {
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
                    Ending::AccountRefused => ACCOUNT_REFUSED,
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
            ACCOUNT_REFUSED => ended(Ending::AccountRefused),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt() -> Attempt {
        Attempt::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap()).unwrap()
    }

    #[test]
    fn each_attempt_has_a_nonce_a_verifier_and_an_id_of_its_own() {
        let (a, b) = (attempt(), attempt());
        assert_ne!(a.id(), b.id());
        assert_ne!(a.nonce().secret(), b.nonce().secret());
        assert_ne!(a.verifier().secret(), b.verifier().secret());
        assert_ne!(a.nonce().secret(), a.verifier().secret());
        assert_eq!(a.verifier().secret().len(), 43);
    }

    #[test]
    fn a_cookies_state_survives_sealing_for_its_purpose_alone() {
        let sealer = Sealer::new(&[1; 64], &[]).unwrap();
        let attempt = attempt();
        let state = CookieState::Attempt(attempt.clone());
        let sealed = state.seal(&sealer, "slot 3").unwrap();
        assert!(sealed.len() < 100, "{} bytes", sealed.len());
        let Some(CookieState::Attempt(opened)) = CookieState::open(&sealer, "slot 3", &sealed)
        else {
            panic!("not an attempt")
        };
        assert_eq!(opened.verifier().secret(), attempt.verifier().secret());
        assert!(CookieState::open(&sealer, "slot 4", &sealed).is_none());
    }
}
