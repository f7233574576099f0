//! What the session's cookie is sealed with.

use actix_web::cookie::{Cookie, CookieJar, Key};

use crate::util::crypto::{CryptoError, derive_key, hex};

/// The key of a `secret_key`, and the name by which the process knows the cookie.
pub(crate) struct SessionKey {
    pub(crate) key: Key,
    /// A secret.
    pub(crate) inner_name: String,
}

impl SessionKey {
    pub(crate) fn new(secret: &[u8]) -> Result<Self, CryptoError> {
        Ok(Self {
            key: Key::from(&derive_key::<64>(secret, "session")?),
            inner_name: hex(&derive_key::<16>(secret, "session cookie")?),
        })
    }

    /// The content of a cookie's value, if this key sealed it.
    fn open(&self, value: &str) -> Option<String> {
        let mut jar = CookieJar::new();
        let name = self.inner_name.clone();
        jar.add_original(Cookie::new(name, value.to_owned()));
        let cookie = jar.private(&self.key).get(&self.inner_name)?;
        Some(cookie.value().to_owned())
    }

    /// A cookie's value that one of `previous` sealed, sealed by this key; `None` for any other.
    pub(crate) fn reseal(&self, value: &str, previous: &[Self]) -> Option<String> {
        if previous.is_empty() || self.open(value).is_some() {
            return None;
        }
        let content = previous.iter().find_map(|key| key.open(value))?;
        let mut jar = CookieJar::new();
        let name = self.inner_name.clone();
        jar.private_mut(&self.key).add(Cookie::new(name, content));
        Some(jar.get(&self.inner_name)?.value().to_owned())
    }
}
