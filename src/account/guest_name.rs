//! The user principal names that Entra gives to guests:
//! `ada_fabrikam.com#EXT#@contoso.onmicrosoft.com`.

use crate::settings::authority::is_domain;

const MARK: &str = "#ext#";

/// Whether Entra made the name for a guest.
pub(super) fn is_guest_name(name: &str) -> bool {
    name.to_ascii_lowercase().contains(MARK)
}

/// The guest's own address, from a name in lower case: the last `_` before the mark was the `@`. The
/// last mark counts, because a name at home may hold one, too.
pub(super) fn own_address(name: &str) -> Option<String> {
    let (own, _) = name.rsplit_once("#ext#@")?;
    let (local, domain) = own.rsplit_once('_')?;
    let is_address = !local.is_empty() && is_domain(domain) && !is_guest_name(local);
    is_address.then(|| format!("{local}@{domain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_underscore_before_the_last_mark_was_the_at_sign() {
        let tenant = "@contoso.onmicrosoft.com";
        for (own, expected) in [
            ("ada_fabrikam.com", Some("ada@fabrikam.com")),
            ("ada_b_fabrikam.co.uk", Some("ada_b@fabrikam.co.uk")),
            ("_fabrikam.com", None),
            ("ada_", None),
            ("ada_localhost", None),
            ("ada", None),
            ("", None),
            // A guest whose own name is made to look like another's.
            ("boss_contoso.com#ext#_evil.com", None),
            ("boss_contoso.com#ext#@x_evil.com", None),
        ] {
            let address = own_address(&format!("{own}#ext#{tenant}"));
            assert_eq!(address.as_deref(), expected, "{own}");
        }
        assert_eq!(own_address("ada_fabrikam.com#ext#"), None);
        assert_eq!(own_address("ada@contoso.com"), None);
    }
}
