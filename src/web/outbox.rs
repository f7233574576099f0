//! What handlers and extractors add to the response through the session middleware.

use actix_web::{HttpMessage, HttpRequest, cookie::Cookie};

use super::message::Message;

/// Additions to the response of one request.
#[derive(Default)]
pub(super) struct Outbox {
    pub(super) cookies: Vec<Cookie<'static>>,
    /// Messages for the next page.
    pub(super) messages: Vec<Message>,
    /// Whether this page has shown its messages.
    pub(super) messages_read: bool,
}

impl Outbox {
    /// Changes the additions of a request.
    pub(super) fn change(req: &HttpRequest, change: impl FnOnce(&mut Self)) {
        let mut extensions = req.extensions_mut();
        if let Some(outbox) = extensions.get_mut::<Self>() {
            return change(outbox);
        }
        let mut outbox = Self::default();
        change(&mut outbox);
        extensions.insert(outbox);
    }

    /// Takes the additions of a request, if there are any.
    pub(super) fn take(req: &HttpRequest) -> Option<Self> {
        req.extensions_mut().remove::<Self>()
    }
}
