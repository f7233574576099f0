//! `login_hint` and `domain_hint` of the authorization request (OpenID Connect Core 1.0, section
//! 3.1.2.1; Microsoft identity platform, "OAuth 2.0 authorization code flow").

/// Longest hint, in bytes: an e-mail address has at most 254, a user principal name 320.
const MAX_LEN: usize = 320;

/// A hint that may be passed on to Entra.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hint(String);

impl Hint {
    /// `None` for text that is empty, too long, or has control characters.
    pub(crate) fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let is_plain = !text.is_empty() && text.len() <= MAX_LEN;
        (is_plain && !text.chars().any(char::is_control)).then_some(Self(text))
    }
}

impl From<Hint> for String {
    fn from(hint: Hint) -> Self {
        hint.0
    }
}
