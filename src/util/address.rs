//! E-mail addresses and domains, as they are compared.

/// What follows the last `@`.
pub(crate) fn domain(address: &str) -> Option<&str> {
    address.rsplit_once('@').map(|(_, domain)| domain)
}

/// A domain as it is compared: ASCII after IDNA, in lower case. `None` where IDNA would have to map
/// letters to others first: U+212A (KELVIN SIGN) is no `k`.
pub(crate) fn ascii_domain(domain: &str) -> Option<String> {
    let lower = domain.to_ascii_lowercase();
    if lower.is_ascii() {
        return Some(lower);
    }
    let ascii = idna::domain_to_ascii(&lower).ok()?;
    let (unicode, valid) = idna::domain_to_unicode(&ascii);
    (valid.is_ok() && unicode == lower).then_some(ascii)
}

/// An address as it is compared: without regard to ASCII case, its domain by [`ascii_domain`].
pub(crate) fn comparable(address: &str) -> String {
    let lower = address.to_ascii_lowercase();
    match lower.rsplit_once('@') {
        Some((local, domain)) => match ascii_domain(domain) {
            Some(domain) => format!("{local}@{domain}"),
            None => lower,
        },
        None => lower,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_ascii_after_idna_and_look_alikes_are_others() {
        for (domain, expected) in [
            ("Kelvin.Example", Some("kelvin.example")),
            ("\u{212a}elvin.example", None),
            ("münchen.example", Some("xn--mnchen-3ya.example")),
            ("XN--mnchen-3ya.example", Some("xn--mnchen-3ya.example")),
            ("MÜNCHEN.example", None),
            ("contoso\u{3002}example", None),
            ("\u{ff43}ontoso.example", None),
            ("contoso.\u{212f}xample", None),
            ("con\u{ad}toso.example", None),
            ("", Some("")),
        ] {
            assert_eq!(ascii_domain(domain).as_deref(), expected, "{domain}");
        }
    }

    #[test]
    fn addresses_are_compared_without_regard_to_ascii_case_alone() {
        let same = |a: &str, b: &str| comparable(a) == comparable(b);
        assert!(same("ADA@Contoso.example", "ada@contoso.EXAMPLE"));
        assert!(same("ada@münchen.example", "ada@xn--mnchen-3ya.example"));
        assert!(!same("jörg@contoso.example", "jorg@contoso.example"));
        assert!(!same("JÖRG@contoso.example", "jörg@contoso.example"));
        assert!(!same("\u{212a}ay@contoso.example", "kay@contoso.example"));
        assert!(!same("ada@\u{212a}elvin.example", "ada@kelvin.example"));
    }
}
