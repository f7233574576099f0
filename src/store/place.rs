//! Where a database is, for errors: path or host, never user or password.

use std::fmt;

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    #[cfg(feature = "sqlite")]
    File(String),
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    Server {
        database: &'static str,
        host: String,
        name: String,
    },
    /// A pool that the application brought along.
    OwnPool(&'static str),
}

impl Place {
    /// Of an SQLite URL, after its scheme.
    #[cfg(feature = "sqlite")]
    pub(super) fn file(path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let absolute = std::path::absolute(path);
        Self::File(match absolute {
            Ok(absolute) if !path.starts_with(':') && !path.starts_with("file:") => {
                absolute.display().to_string()
            }
            _ => path.to_owned(),
        })
    }

    /// Of a server's URL, after its scheme.
    ///
    /// # Errors
    /// A password holds characters that end it: the drivers would take its rest for a host or a port,
    /// and repeat that in their errors.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) fn server(database: &'static str, rest: &str) -> Result<Self, &'static str> {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let path = tail.split(['?', '#']).next().unwrap_or_default();
        let has_user = authority.contains('@');
        let port = |host: &str| match host.rsplit_once(':') {
            // An IPv6 address has colons of its own.
            Some((_, port)) => port.ends_with(']') || port.bytes().all(|b| b.is_ascii_digit()),
            None => true,
        };
        let cut_short = path.contains('@')
            || tail.starts_with('#')
            || (!has_user && !authority.split(',').all(port))
            || !is_percent_encoded(authority);
        if cut_short || authority.matches('@').count() > 1 {
            return Err(
                "the database URL can't be read: percent-encode the characters `@` (%40), `/` (%2F), `?` (%3F), `#` (%23) and `%` (%25) in user and password",
            );
        }
        let host = authority.rsplit('@').next().unwrap_or_default();
        Ok(Self::Server {
            database,
            host: if host.is_empty() {
                "a local socket"
            } else {
                host
            }
            .to_owned(),
            name: path.trim_start_matches('/').to_owned(),
        })
    }

    /// What to look at when there is no connection.
    pub(super) fn connect_hint(&self) -> &'static str {
        match self {
            #[cfg(feature = "sqlite")]
            Self::File(_) => "is its folder there, and may this process read and write both?",
            _ => "is the server running and reachable, and are user and password right?",
        }
    }
}

/// Whether each `%` is followed by two hexadecimal digits (RFC 3986, section 2.1).
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn is_percent_encoded(text: &str) -> bool {
    let mut parts = text.split('%');
    parts.next();
    parts.all(|after| {
        let digits = after.bytes().take(2).filter(u8::is_ascii_hexdigit);
        digits.count() == 2
    })
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "sqlite")]
            Self::File(path) => write!(f, "SQLite file `{path}`"),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Self::Server {
                database,
                host,
                name,
            } => write!(f, "{database} at `{host}`, database `{name}`"),
            Self::OwnPool(database) => write!(f, "the application's own pool ({database})"),
        }
    }
}
