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
    http::Method,
};
use serde::{Deserialize, Serialize};

use super::{
    extract::{Sso, shared},
    localize::Localizer,
    message::{Level, Message},
    origin::transport,
    outbox::Outbox,
};
use crate::{
    settings::texts::{Text, Wording},
    sso::MicrosoftSso,
    util::{
        clock::Clock,
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
            Ok(sso) => Ok(Self(MessageCookie::for_request(req, sso).read(req))),
            Err(error) => Err(error.into()),
        })
    }
}

/// Reads and writes the cookie.
#[derive(Clone)]
pub(super) struct MessageCookie {
    sealer: Arc<Sealer>,
    clock: Arc<dyn Clock>,
    transport: Transport,
    name: String,
    /// Bound to the host: the sites of one process have the same key.
    purpose: String,
}

/// What the cookie holds. A browser may keep a cookie for longer than it is told to.
#[derive(Serialize, Deserialize)]
struct Content<M> {
    /// In seconds since 1970.
    at: i64,
    messages: M,
}

impl MessageCookie {
    pub(super) fn for_request(req: &HttpRequest, sso: &MicrosoftSso) -> Self {
        let host = sso.trusted_proxies.host(req).unwrap_or_default();
        let transport = transport(req, sso);
        Self {
            sealer: Arc::clone(&sso.sealer),
            clock: Arc::clone(&sso.clock),
            transport,
            name: name(transport, sso),
            purpose: format!("messages {host}"),
        }
    }

    fn read(&self, req: &HttpRequest) -> Vec<Message> {
        let Some(sealed) = cookies::value(req.headers(), &self.name) else {
            return Vec::new();
        };
        // Nobody sees the page of a HEAD request.
        if *req.method() != Method::HEAD {
            Outbox::change(req, |outbox| outbox.messages_read = true);
        }
        let plain = self.sealer.open(&self.purpose, sealed);
        // What can't be opened isn't ours: drop it, and show the page.
        let content = plain.and_then(|plain| serde_json::from_slice::<Content<_>>(&plain).ok());
        let age = |at: i64| self.clock.now().timestamp().saturating_sub(at);
        let content =
            content.filter(|content| (0..=MAX_AGE.whole_seconds()).contains(&age(content.at)));
        content.map_or_else(Vec::new, |content| content.messages)
    }

    /// The cookie for the next page; `None` if it can't be made.
    pub(super) fn write(&self, messages: &[Message]) -> Option<Cookie<'static>> {
        let at = self.clock.now().timestamp();
        let plain = serde_json::to_vec(&Content { at, messages }).ok()?;
        let value = self.sealer.seal(&self.purpose, &plain).ok()?;
        let fits = value.len() <= MAX_LEN;
        fits.then(|| cookies::build(self.name.clone(), value, self.transport, MAX_AGE))
    }

    pub(super) fn removal(&self) -> Cookie<'static> {
        cookies::removal(self.name.clone(), self.transport)
    }
}

fn name(transport: Transport, sso: &MicrosoftSso) -> String {
    transport.cookie_name(&format!("{COOKIE}{}", sso.cookie_suffix))
}

/// Whether the browser holds messages that no page has shown.
pub(crate) fn are_pending(req: &HttpRequest, sso: &Sso) -> bool {
    let is_held = |transport| cookies::value(req.headers(), &name(transport, sso)).is_some();
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
