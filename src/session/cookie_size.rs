//! The size of a session that is kept in a cookie.

use std::collections::HashMap;

use actix_web::cookie::{Cookie, CookieJar, Key};

/// What browsers keep of a cookie, in bytes: RFC 6265bis, section 5.6 allows 4,096 for name and value;
/// some count the attributes, too.
const MAX_COOKIE: usize = 4096;

/// Longest state that actix-session puts into a cookie, in bytes.
const MAX_STATE: usize = 4064;

/// For the prefix of the name and the attributes, and for what percent-encoding adds by chance.
const RESERVE: usize = 200;

/// Whether a browser keeps the cookie of a session with these values.
pub(super) fn fits(values: &HashMap<String, String>, key: &Key) -> bool {
    const NAME: &str = "microsoft_sso_session";
    let Ok(state) = serde_json::to_string(values) else {
        return false;
    };
    if state.len() > MAX_STATE {
        return false;
    }
    let mut jar = CookieJar::new();
    jar.private_mut(key).add(Cookie::new(NAME, state));
    let sealed = jar.get(NAME).map(|cookie| cookie.encoded().to_string());
    sealed.is_some_and(|sealed| sealed.len() + RESERVE <= MAX_COOKIE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_measured_on_the_sealed_value() {
        let key = Key::from(&[7; 64]);
        let values = |len: usize| HashMap::from([("k".to_owned(), "x".repeat(len))]);
        assert!(fits(&values(2500), &key));
        assert!(!fits(&values(2900), &key));
        assert!(!fits(&values(5000), &key));
    }
}
