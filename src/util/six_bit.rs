//! Text of base64url's alphabet in three quarters of its bytes. Entra's codes are such text, and once
//! sealed and encoded they are as long as before.

const ALPHABET: &[u8; 63] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";

/// Stands before eight bits of a byte that isn't in the alphabet.
const ESCAPE: u16 = 63;

/// Packs any text; other bytes than the alphabet's take fourteen bits.
pub(crate) fn pack(text: &str) -> Vec<u8> {
    let mut bits = Vec::with_capacity(text.len() * 6);
    let mut push = |value: u16, width: u32| {
        bits.extend((0..width).rev().map(|bit| value >> bit & 1 == 1));
    };
    for byte in text.bytes() {
        match ALPHABET
            .iter()
            .zip(0..)
            .find(|(letter, _)| **letter == byte)
        {
            Some((_, index)) => push(index, 6),
            None => push(ESCAPE << 8 | u16::from(byte), 14),
        }
    }
    // The rest of the last byte is an escape without its byte.
    while bits.len() % 8 != 0 {
        bits.push(true);
    }
    bits.chunks(8)
        .map(|byte| byte.iter().fold(0, |all, bit| all << 1 | u8::from(*bit)))
        .collect()
}

/// Unpacks what [`pack`] made.
pub(crate) fn unpack(packed: &[u8]) -> Option<String> {
    let mut bits = packed
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| u16::from(byte >> bit & 1)));
    let mut next =
        |width: usize| (0..width).try_fold(0u16, |all, _| bits.next().map(|bit| all << 1 | bit));
    let mut text = Vec::new();
    while let Some(index) = next(6) {
        match ALPHABET.get(usize::from(index)) {
            Some(letter) => text.push(*letter),
            None => match next(8) {
                Some(byte) => text.push(u8::try_from(byte).ok()?),
                None => break,
            },
        }
    }
    String::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_takes_little_more_than_three_quarters() {
        let code = "1.AXQA-_b.".repeat(260);
        assert_eq!(unpack(&pack(&code)).unwrap(), code);
        assert!(pack(&"Az09-".repeat(520)).len() == 1950);
    }

    proptest! {
        #[test]
        fn any_text_survives(text in "[A-Za-z0-9_.-]{0,40}|\\PC{0,40}") {
            prop_assert_eq!(unpack(&pack(&text)), Some(text));
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes: Vec<u8>) {
            let _ = unpack(&bytes);
        }
    }
}
