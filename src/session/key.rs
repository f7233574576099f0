//! The key of a session, which the browser holds, and its id, which the database holds.
//!
//! Both begin with the time at which the session was made. So new rows come last in the table and
//! expired ones first, and a write touches few pages. What follows in the id is the SHA-256 of the key,
//! shortened to 26 bytes: a copy of the database gives nobody a key.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};

use crate::util::crypto::{CryptoError, hex, random};

/// Length of the time, in bytes: milliseconds since 1970.
const TIME: usize = 6;

/// Length of the hash in an id, in bytes.
const HASH: usize = 26;

fn time(millis: i64) -> [u8; TIME] {
    let [_, _, time @ ..] = millis.max(0).to_be_bytes();
    time
}

/// A new key, of 32 random bytes.
pub(super) fn new(now_millis: i64) -> Result<String, CryptoError> {
    let key = [&time(now_millis)[..], &random::<32>()?].concat();
    Ok(URL_SAFE_NO_PAD.encode(key))
}

/// The id of a key; `None` for what is no key.
pub(super) fn id(key: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(key).ok()?;
    let time = bytes.first_chunk::<TIME>()?;
    let hash = digest(&SHA256, key.as_bytes());
    Some(hex(&[time, &hash.as_ref()[..HASH]].concat()))
}

/// What the ids of all sessions that were made before that time are less than.
pub(super) fn first_id(millis: i64) -> String {
    hex(&time(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_of_time_and_hold_no_key() {
        let [early, late] = [999, 1000].map(|at| new(at).unwrap());
        let [early_id, late_id] = [&early, &late].map(|key| id(key).unwrap());
        assert_eq!(early_id.len(), 64);
        assert!(early_id < late_id && early_id < first_id(1000) && late_id > first_id(1000));
        assert_ne!(new(1000).unwrap(), late);
        let bytes = URL_SAFE_NO_PAD.decode(&late).unwrap();
        assert!(!late_id.contains(&hex(&bytes[TIME..TIME + 8])));
        for text in ["", "x", "AAAA", "not a key", "%"] {
            assert_eq!(id(text), None, "{text}");
        }
    }
}
