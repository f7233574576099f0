//! The two areas that a sign-in may lead to, each with a switch of its own: the administration and
//! the other pages.

use percent_encoding::percent_decode_str;

use crate::{error::SignInError, next_path::NextPath, settings::Settings};

/// Refuses a sign-in for an area where it is switched off.
///
/// It says where a sign-in may lead, and not what somebody who is signed in may open.
pub(crate) fn check(config: &Settings, next: &NextPath) -> Result<(), SignInError> {
    match is_admin(config, next) {
        true if !config.admin_enabled => Err(SignInError::AdminOff),
        false if !config.pages_enabled => Err(SignInError::PagesOff),
        _ => Ok(()),
    }
}

/// Whether a page is the one at `admin_route` or below it, however it is spelt.
fn is_admin(config: &Settings, next: &NextPath) -> bool {
    let path = |path: &str| {
        let path = path.split('?').next().unwrap_or_default();
        percent_decode_str(path).decode_utf8_lossy().into_owned()
    };
    let admin = path(config.admin_route.as_str());
    let admin = admin.trim_end_matches('/');
    let next = path(next.as_str());
    next.strip_prefix(admin)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    #[test]
    fn the_administration_is_a_whole_path_however_spelt() {
        let admin = |route: &str, next: &str| {
            let settings = Config::builder().enabled(false).admin_route(route);
            let Config(settings) = settings.build().unwrap();
            is_admin(&settings, &NextPath::parse(next).unwrap())
        };
        for next in [
            "/admin",
            "/admin/",
            "/admin/users?x=/",
            "/%61dmin/x",
            "/a/../admin",
            "/admin?x",
        ] {
            assert!(admin("/admin", next) && admin("/admin/", next), "{next}");
        }
        for next in ["/", "/administrator", "/x/admin", "/?next=/admin"] {
            assert!(!admin("/admin/", next), "{next}");
        }
        assert!(admin("/", "/anything"));
    }
}
