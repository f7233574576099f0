//! The page that a sign-in leads to: the settings can refuse sign-ins for the administration, or for
//! all other pages.

use percent_encoding::percent_decode_str;

use super::error::SignInError;
use crate::{settings::config::Settings, util::next_path::NextPath};

/// Refuses a sign-in for a destination whose setting is off. It doesn't restrict what a signed-in user
/// may open.
pub(crate) fn check(config: &Settings, next: &NextPath) -> Result<(), SignInError> {
    if is_admin(config, next) {
        if !config.admin_enabled {
            return Err(SignInError::AdminDisabled);
        }
    } else if !config.pages_enabled {
        return Err(SignInError::PagesDisabled);
    }
    Ok(())
}

/// Whether a path is `admin_route` or below it, however it is percent-encoded.
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
    use crate::settings::config::Config;

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
