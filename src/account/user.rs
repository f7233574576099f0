//! Users, as the application knows them.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Visitor};

use crate::util::picture::Picture;

/// The id of a user in the store: a number for [`DieselStore`](crate::DieselStore), any text for a
/// store of the application's own.
///
/// It is serialised as text, because session stores and JavaScript don't keep large numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserId(Id);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Id {
    Number(i64),
    Text(Arc<str>),
}

impl UserId {
    /// An id that is text. The decimal digits of a number are that number.
    pub fn new(id: impl fmt::Display) -> Self {
        Self::parse(&id.to_string())
    }

    /// The number, if the id is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Id::Number(number) => Some(number),
            Id::Text(_) => None,
        }
    }

    /// Only the form that [`fmt::Display`] writes is a number: `+7` and `07` are not user 7.
    fn parse(text: &str) -> Self {
        match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => Self(Id::Number(number)),
            _ => Self(Id::Text(text.into())),
        }
    }
}

impl From<i64> for UserId {
    fn from(number: i64) -> Self {
        Self(Id::Number(number))
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Id::Number(number) => number.fmt(f),
            Id::Text(text) => text.fmt(f),
        }
    }
}

impl Serialize for UserId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UserId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = UserId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the id of a user as text")
            }

            fn visit_str<E>(self, text: &str) -> Result<UserId, E> {
                Ok(UserId::parse(text))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A user, as stored. With a database feature it can be selected in the application's own queries
/// (see [`schema`](crate::schema)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct User {
    /// The id in the store.
    pub id: UserId,
    /// User name.
    pub username: String,
    /// E-mail address; empty if there is none. Check `email_verified`.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Whether the user may sign in.
    pub is_active: bool,
    /// Whether the user may use the application's administration.
    pub is_staff: bool,
    /// Whether the user may do everything.
    pub is_superuser: bool,
    /// When the user was created, in UTC.
    pub date_joined: DateTime<Utc>,
    /// When the user last signed in, in UTC.
    pub last_login: Option<DateTime<Utc>>,
    /// Sessions of an older generation are ended.
    #[serde(skip)]
    pub(crate) session_generation: i64,
    /// Whether the e-mail address is proved to be the user's. One that is not is what somebody else
    /// may have written: show it, and decide nothing by it.
    pub email_verified: bool,
}

impl User {
    /// An active user without names or rights; set the fields for the rest.
    pub fn new(id: UserId, username: impl Into<String>, date_joined: DateTime<Utc>) -> Self {
        Self {
            id,
            username: username.into(),
            email: String::new(),
            first_name: String::new(),
            last_name: String::new(),
            is_active: true,
            is_staff: false,
            is_superuser: false,
            date_joined,
            last_login: None,
            session_generation: 0,
            email_verified: false,
        }
    }
}

/// What `microsoft_sso_users` holds of a user. As JSON, the picture is a `data:` URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MicrosoftUser {
    /// Graph's id of the account.
    pub microsoft_id: String,
    /// The preferred language, such as `en-GB`.
    pub locale: Option<String>,
    /// The photo.
    pub picture: Option<Picture>,
}

impl MicrosoftUser {
    /// Without language and picture; set the fields for them.
    pub fn new(microsoft_id: impl Into<String>) -> Self {
        Self {
            microsoft_id: microsoft_id.into(),
            locale: None,
            picture: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_digits_are_a_number() {
        for (text, number) in [
            ("7", Some(7)),
            ("-7", Some(-7)),
            ("0", Some(0)),
            ("+7", None),
            ("07", None),
            (" 7", None),
            ("7x", None),
            ("", None),
            ("99999999999999999999", None),
        ] {
            let id = UserId::new(text);
            assert_eq!(id.as_i64(), number, "{text:?}");
            assert_eq!(id.to_string(), text);
            let json = serde_json::to_string(&id).unwrap();
            assert_eq!(serde_json::from_str::<UserId>(&json).unwrap(), id);
        }
        assert_eq!(UserId::from(7), UserId::new("7"));
    }
}
