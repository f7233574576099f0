//! Messages shown once, on the next page. They travel in a sealed cookie, so that a failed
//! sign-in leaves nothing on the server.

use std::sync::Arc;

use actix_web::{
    HttpMessage, HttpRequest,
    cookie::{Cookie, time::Duration},
    dev::ResponseHead,
    http::header::{HeaderValue, SET_COOKIE},
};
use actix_web_flash_messages::{
    FlashMessage,
    storage::{FlashMessageStore, LoadError, StoreError},
};

use crate::{
    cookies,
    seal::Sealer,
    settings::Settings,
    text::{Message, Speech, Text},
};

const COOKIE: &str = "microsoft_sso_messages";

/// Longest value of the cookie, in bytes.
const LIMIT: usize = 2048;

/// How long a message waits to be shown.
const AGE: Duration = Duration::minutes(5);

/// The store behind [`MicrosoftSso::flash_messages`](crate::MicrosoftSso::flash_messages).
///
/// The stock cookie store marks its cookie `Secure` always, which drops it on http without a
/// word, and forgets a message at the next answer, shown or not.
pub(crate) struct SealedMessages {
    sealer: Arc<Sealer>,
    secure: bool,
}

/// Marks a request whose handler has read the messages.
struct Shown;

impl SealedMessages {
    pub(crate) fn new(sealer: Arc<Sealer>, secure: bool) -> Self {
        Self { sealer, secure }
    }

    fn seal(&self, messages: &[FlashMessage]) -> Option<Cookie<'static>> {
        let plain = serde_json::to_vec(messages).ok()?;
        let value = self.sealer.seal(COOKIE, &plain).ok()?;
        let name = cookies::name(COOKIE, self.secure);
        (value.len() <= LIMIT).then(|| cookies::build(name, value, self.secure, AGE))
    }
}

impl FlashMessageStore for SealedMessages {
    fn load(&self, req: &HttpRequest) -> Result<Vec<FlashMessage>, LoadError> {
        let Some(cookie) = req.cookie(&cookies::name(COOKIE, self.secure)) else {
            return Ok(Vec::new());
        };
        req.extensions_mut().insert(Shown);
        let plain = self.sealer.open(COOKIE, cookie.value());
        let messages = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
        // One that can't be opened was not written by us: it is dropped, not an error page.
        Ok(messages.unwrap_or_default())
    }

    /// Never an error: the middleware around it would panic.
    fn store(
        &self,
        messages: &[FlashMessage],
        req: HttpRequest,
        response: &mut ResponseHead,
    ) -> Result<(), StoreError> {
        let cookie = if !messages.is_empty() {
            self.seal(messages)
        } else if req.extensions().contains::<Shown>() {
            let name = cookies::name(COOKIE, self.secure);
            Some(cookies::removal(name, self.secure))
        } else {
            None
        };
        let value = cookie.map(|cookie| HeaderValue::from_str(&cookie.to_string()));
        if let Some(Ok(value)) = value {
            response.headers_mut().append(SET_COOKIE, value);
        }
        Ok(())
    }
}

/// Whether a message waits to be shown.
pub(crate) fn is_pending(req: &HttpRequest) -> bool {
    let held = |secure| req.cookie(&cookies::name(COOKIE, secure)).is_some();
    held(false) || held(true)
}

/// Leaves a message for the next page, where the middleware is mounted; without it, sending
/// would panic.
pub(crate) fn leave(req: &HttpRequest, config: &Settings, message: Message<'_>) {
    let message = match config.show_failed_login_message {
        true => message,
        false => Message::Known(Text::Failed),
    };
    let text = Speech::of(req, config).tell(message);
    send(req, config, FlashMessage::error(text));
}

/// Leaves word that something is missing, though the person is signed in.
pub(crate) fn warn(req: &HttpRequest, config: &Settings, text: Text) {
    let text = Speech::of(req, config).say(text);
    send(req, config, FlashMessage::warning(text));
}

fn send(req: &HttpRequest, config: &Settings, message: FlashMessage) {
    if !config.enable_messages {
        return;
    }
    if req.extensions().contains::<Arc<dyn FlashMessageStore>>() {
        message.send();
    } else {
        tracing::warn!(
            "the person isn't told how the sign-in ended: add `.wrap(sso.flash_messages())` to the App"
        );
    }
}
