//! Guests: an account of elsewhere has a domain of elsewhere.

use super::{
    decide::Decision,
    denied::Denied,
    tests::{Account, CONTOSO, account, claims, decide, graph, settings},
};
use crate::settings::{builder::ConfigBuilder, choices::Guests};

const GUEST: &str = "guest_fabrikam.example#EXT#@contoso.onmicrosoft.example";

fn allowing(domain: &str) -> ConfigBuilder {
    settings().allowable_domains([domain])
}

fn denied(settings: ConfigBuilder, account: Account) -> Option<Denied> {
    match decide(settings, account, None) {
        Decision::Deny(denied) => Some(denied),
        Decision::Create(user) => {
            assert!(!user.email.contains("#ext#"), "{}", user.email);
            None
        }
        Decision::SignIn(_) => panic!("nobody is stored"),
    }
}

#[test]
fn a_guests_domain_is_the_guests() {
    for mail in [None, Some(GUEST)] {
        let guest = || account(Some(GUEST), mail);
        let inviting = allowing("contoso.onmicrosoft.example");
        assert_eq!(denied(inviting, guest()), Some(Denied::Domain));
        assert_eq!(denied(allowing("fabrikam.example"), guest()), None);
        let stranger = allowing("fabrikam.example").authority("common");
        assert_eq!(
            denied(stranger, guest()),
            Some(Denied::DomainUnproved(CONTOSO))
        );
        let invited = allowing("other.example").guests(Guests::Allowed);
        assert_eq!(denied(invited, guest()), None);
        let refused = allowing("*").guests(Guests::Refused);
        assert_eq!(denied(refused, guest()), Some(Denied::Guest));
    }
    let mail = Some("guest@mail.example");
    assert_eq!(
        denied(allowing("mail.example"), account(Some(GUEST), mail)),
        None
    );
    let by_name = denied(allowing("fabrikam.example"), account(Some(GUEST), mail));
    assert_eq!(by_name, Some(Denied::Domain), "the mail goes before");
}

#[test]
fn the_tenant_of_a_guest_proves_no_address_of_its_own_domain() {
    let domain = "contoso.onmicrosoft.example";
    let mail = "boss@contoso.onmicrosoft.example";
    let stranger = account(Some(GUEST), Some(mail));
    let answer = denied(allowing(domain).authority("common"), stranger);
    assert_eq!(answer, Some(Denied::DomainUnproved(CONTOSO)));
}

#[test]
fn a_name_in_which_no_address_can_be_found_has_none() {
    for name in [
        "guest#EXT#@contoso.onmicrosoft.example",
        "boss_contoso.example#EXT#_evil.example#EXT#@contoso.onmicrosoft.example",
    ] {
        let profile = account(Some(name), None).profile(settings());
        assert!(profile.is_guest);
        assert_eq!(profile.email, None, "{name}");
        let listed = denied(allowing("contoso.example"), account(Some(name), None));
        assert_eq!(listed, Some(Denied::Domain));
    }
    let token = claims()
        .with_email(GUEST, true)
        .with_preferred_username(GUEST);
    let profile = Account(token, None).profile(settings());
    assert_eq!((profile.email, profile.is_guest), (None, true));
    let claims = claims().with_guest(Some(true));
    let profile = Account(claims, Some(graph(Some("a@contoso.example"), None))).profile(settings());
    assert!(profile.is_guest, "the token says so");
}
