//! Messages that the next page shows once. They travel in a sealed cookie, so that a failed sign-in
//! leaves nothing on the server.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{
    Error, FromRequest, HttpRequest,
    cookie::{Cookie, time::Duration},
    dev::Payload,
};

use super::{
    extract::{Sso, shared},
    localize::Localizer,
    message::{Level, Message},
    outbox::Outbox,
};
use crate::{
    settings::texts::{Text, Wording},
    sso::MicrosoftSso,
    util::{
        cookies::{self, Transport},
        crypto::Sealer,
    },
};

const COOKIE: &str = "microsoft_sso_messages";

/// Longest value of the cookie, in bytes.
const MAX_LEN: usize = 2048;

/// How long messages wait to be shown.
const MAX_AGE: Duration = Duration::minutes(5);

/// Extractor for the messages of the last sign-in. Whoever extracts them shows them: they are gone
/// with the next page. It never fails because of the browser's cookie.
///
/// ```
/// use microsoft_sso::Messages;
///
/// async fn home(messages: Messages) -> String {
///     messages.iter().map(|message| message.text()).collect::<Vec<_>>().join("\n")
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Messages(Vec<Message>);

impl Messages {
    /// The messages, oldest first.
    pub fn iter(&self) -> std::slice::Iter<'_, Message> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Messages {
    type Item = &'a Message;
    type IntoIter = std::slice::Iter<'a, Message>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromRequest for Messages {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match shared(req) {
            Ok(sso) => Ok(Self(MessageCookie::new(sso).read(req))),
            Err(error) => Err(error.into()),
        })
    }
}

/// Reads and writes the cookie.
#[derive(Clone)]
pub(super) struct MessageCookie {
    sealer: Arc<Sealer>,
    transport: Transport,
}

impl MessageCookie {
    pub(super) fn new(sso: &MicrosoftSso) -> Self {
        Self {
            sealer: Arc::clone(&sso.sealer),
            transport: if sso.sites.are_https() {
                Transport::Https
            } else {
                Transport::Http
            },
        }
    }

    fn name(&self) -> String {
        self.transport.cookie_name(COOKIE)
    }

    fn read(&self, req: &HttpRequest) -> Vec<Message> {
        let Some(sealed) = cookies::value(req.headers(), &self.name()) else {
            return Vec::new();
        };
        Outbox::change(req, |outbox| outbox.messages_read = true);
        let plain = self.sealer.open(COOKIE, sealed);
        // What can't be opened isn't ours: drop it, and show the page.
        let messages = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
        messages.unwrap_or_default()
    }

    /// The cookie for the next page; `None` if it can't be made.
    pub(super) fn write(&self, messages: &[Message]) -> Option<Cookie<'static>> {
        let plain = serde_json::to_vec(messages).ok()?;
        let value = self.sealer.seal(COOKIE, &plain).ok()?;
        let fits = value.len() <= MAX_LEN;
        fits.then(|| cookies::build(self.name(), value, self.transport, MAX_AGE))
    }

    pub(super) fn removal(&self) -> Cookie<'static> {
        cookies::removal(self.name(), self.transport)
    }
}

/// Whether the browser holds messages that no page has shown.
pub(crate) fn are_pending(req: &HttpRequest) -> bool {
    let is_held = |transport: Transport| {
        let name = transport.cookie_name(COOKIE);
        cookies::value(req.headers(), &name).is_some()
    };
    is_held(Transport::Http) || is_held(Transport::Https)
}

/// Leaves for the next page why a sign-in failed. That the person cancelled it is no error.
pub(crate) fn leave_error(req: &HttpRequest, sso: &Sso, wording: Wording<'_>) {
    let wording = if sso.site.config.show_failed_login_message {
        wording
    } else {
        Wording::Known(Text::Failed)
    };
    let level = if wording == Wording::Known(Text::Cancelled) {
        Level::Info
    } else {
        Level::Error
    };
    leave(req, sso, level, wording);
}

/// Leaves a warning for the next page.
pub(crate) fn leave_warning(req: &HttpRequest, sso: &Sso, text: Text) {
    leave(req, sso, Level::Warning, Wording::Known(text));
}

fn leave(req: &HttpRequest, sso: &Sso, level: Level, wording: Wording<'_>) {
    let config = &sso.site.config;
    if !config.enable_messages {
        return;
    }
    let text = Localizer::for_request(req, config)
        .message(wording)
        .to_owned();
    let message = Message::new(level, text);
    Outbox::change(req, |outbox| outbox.messages.push(message));
}
