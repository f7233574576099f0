//! The key of a session, which the browser holds, and its id, which the database holds.
//!
//! Both begin with the time at which the session was made. So new rows come last in the primary key and
//! expired ones first, and a write touches few pages. What follows in the id is the SHA-256 of the key,
//! shortened to 25 bytes: a copy of the database gives nobody a key.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};

use crate::util::crypto::{CryptoError, hex, random};

/// Length of the time, in bytes: milliseconds since 1970.
const TIME: usize = 6;

/// Length of the random part of a key, in bytes.
const RANDOM: usize = 32;

/// Length of the hash in an id, in bytes.
const HASH: usize = 25;

/// What ids begin with. It sorts before the hexadecimal digits with which the ids of earlier versions
/// begin, so that those can be told.
const MARK: char = '!';

fn time(millis: i64) -> [u8; TIME] {
    let [_, _, time @ ..] = millis.max(0).to_be_bytes();
    time
}

/// A new key, of 32 random bytes.
pub(super) fn new(now_millis: i64) -> Result<String, CryptoError> {
    let key = [&time(now_millis)[..], &random::<RANDOM>()?].concat();
    Ok(URL_SAFE_NO_PAD.encode(key))
}

/// The id of a key; `None` for what is no key.
pub(super) fn id(key: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(key).ok()?;
    let (time, random) = bytes.split_first_chunk::<TIME>()?;
    if random.len() != RANDOM {
        return None;
    }
    let hash = digest(&SHA256, key.as_bytes());
    let hash = &hash.as_ref()[..HASH];
    Some(format!("{MARK}{}{}", hex(time), hex(hash)))
}

/// What the ids of all sessions that were made before that time are less than.
pub(super) fn first_id(millis: i64) -> String {
    format!("{MARK}{}", hex(&time(millis)))
}

/// What the ids of earlier versions, and no others, are not less than.
pub(super) const FIRST_ID_OF_BEFORE: &str = "0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_of_time_and_hold_no_key() {
        let [early, late] = [999, 1000].map(|at| new(at).unwrap());
        let [early_id, late_id] = [&early, &late].map(|key| id(key).unwrap());
        assert_eq!(early_id.len(), 63);
        assert!(late_id.as_str() < FIRST_ID_OF_BEFORE && FIRST_ID_OF_BEFORE <= "00ff");
        assert!(early_id < late_id && early_id < first_id(1000) && late_id > first_id(1000));
        assert_ne!(new(1000).unwrap(), late);
        let bytes = URL_SAFE_NO_PAD.decode(&late).unwrap();
        assert!(!late_id.contains(&hex(&bytes[TIME..TIME + 8])));
        let earlier = URL_SAFE_NO_PAD.encode([7; 32]);
        for text in ["", "x", "AAAA", "not a key", "%", &earlier] {
            assert_eq!(id(text), None, "{text}");
        }
    }
}
