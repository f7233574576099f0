//! What a sign-in asks of Entra beside the person: `prompt`, `login_hint`, `domain_hint`
//! (OpenID Connect Core 1.0, section 3.1.2.1; Microsoft identity platform, "OAuth 2.0
//! authorization code flow").

use openidconnect::core::CoreAuthPrompt;

/// What Entra may ask of the person. It knows these four, and refuses others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prompt {
    None,
    Login,
    Consent,
    SelectAccount,
}

impl Prompt {
    /// As a link's parameter names it; anything else is no prompt.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "none" => Self::None,
            "login" => Self::Login,
            "consent" => Self::Consent,
            "select_account" => Self::SelectAccount,
            _ => return None,
        })
    }

    /// As the setting names it, which is for everybody: `none` would lock out all whom Entra has
    /// to ask something.
    pub(crate) fn of_setting(text: &str) -> Option<Self> {
        Self::parse(text).filter(|prompt| *prompt != Self::None)
    }
}

impl From<Prompt> for CoreAuthPrompt {
    fn from(prompt: Prompt) -> Self {
        match prompt {
            Prompt::None => Self::None,
            Prompt::Login => Self::Login,
            Prompt::Consent => Self::Consent,
            Prompt::SelectAccount => Self::SelectAccount,
        }
    }
}

/// Whether text from a link may be passed on as a hint.
pub(crate) fn is_hint(text: &str) -> bool {
    !text.is_empty() && text.len() <= 320 && !text.chars().any(char::is_control)
}
