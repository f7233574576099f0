//! The error that Entra shows to the person instead of sending it to the application.

/// Entra shows its own error page: it can't redirect back to the application.
///
/// [`Display`](std::fmt::Display) gives the page's text, such as `AADSTS50011: …`.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EntraErrorPage {
    message: String,
}

crate::util::log::readable_debug!(EntraErrorPage);

impl EntraErrorPage {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }

    /// The text on the page: the AADSTS number, then what is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }
}
