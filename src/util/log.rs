//! Text for the log.

use std::error::Error;

/// Longest text that is logged, in characters.
const MAX_LEN: usize = 1000;

/// An error with all its sources, on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    printable(&text)
}

/// Strips control characters from text that may come from outside, and cuts it, so that it can't
/// forge a log line.
pub(crate) fn printable(text: &str) -> String {
    if text.len() <= MAX_LEN && text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return text.to_owned();
    }
    let visible = text.chars().filter(|c| !c.is_control() && !is_format(*c));
    visible.take(MAX_LEN).collect()
}

/// Whether a character is invisible, and may reorder what stands around it (Unicode, category Cf).
pub(crate) fn is_format(letter: char) -> bool {
    matches!(
        letter,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

/// `Debug` of an error as its `Display` with all sources: a `main` that returns the error prints that,
/// and so does `unwrap`.
macro_rules! readable_debug {
    ($($error:ty),*) => { $(
        impl ::std::fmt::Debug for $error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&$crate::util::log::chain(self))
            }
        }
    )* };
}
pub(crate) use readable_debug;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_stays_on_one_line_of_the_log() {
        assert_eq!(printable("a\r\nERROR forged\u{7}"), "aERROR forged");
        assert_eq!(printable("a\u{202e}b\u{9b}c"), "abc");
        assert_eq!(printable(&"x".repeat(5000)).len(), 1000);
    }
}
