//! The checks of settings that say whose people may come in, and as what.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{
    Domains, Guests,
    authority::{Authority, is_domain},
    check::Check,
    value::List,
};
use crate::account::{Grants, NamedRoles};

impl Check {
    pub(super) fn tenants(&mut self, list: &List) -> BTreeSet<Uuid> {
        let mut tenants = BTreeSet::new();
        for entry in list.iter() {
            match Uuid::try_parse(entry) {
                Ok(id) => drop(tenants.insert(id)),
                Err(_) => self.mistake(
                    "tenants",
                    format!("`{entry}` is not a GUID"),
                    "list tenant ids; a domain belongs into `authority`",
                ),
            }
        }
        tenants
    }

    pub(super) fn domains(&mut self, list: &List) -> Domains {
        let mut domains = BTreeSet::new();
        for entry in list.iter().filter(|entry| *entry != "*") {
            let entry = entry.to_lowercase();
            if is_domain(&entry) || is_single_label(&entry) {
                domains.insert(entry);
            } else {
                self.mistake(
                    "allowable_domains",
                    format!("`{entry}` is not a domain"),
                    "list whole domains such as `contoso.com`, or `*` alone for all",
                );
            }
        }
        match list.iter().any(|entry| entry == "*") {
            true if !domains.is_empty() => {
                self.mistake(
                    "allowable_domains",
                    "`*` stands beside other entries, which then mean nothing",
                    "list the domains, or `*` alone",
                );
                Domains::Only(domains)
            }
            true => Domains::All,
            false => Domains::Only(domains),
        }
    }

    pub(super) fn superusers(&mut self, list: &List) -> BTreeSet<String> {
        let superusers = self.people("superuser_list", list);
        if superusers.contains("*") {
            let remedy = "list the people; `*` is for `staff_list`";
            self.mistake(
                "superuser_list",
                "`*` would make everybody a superuser",
                remedy,
            );
        }
        superusers
    }

    /// Addresses in lower case.
    pub(super) fn people(&mut self, setting: &str, list: &List) -> BTreeSet<String> {
        let people: BTreeSet<_> = list.iter().map(str::to_lowercase).collect();
        for entry in people
            .iter()
            .filter(|entry| *entry != "*" && !entry.contains('@'))
        {
            self.mistake(
                setting,
                format!("`{entry}` is neither an e-mail address nor a user principal name"),
                "list whole addresses such as `ada@contoso.com`",
            );
        }
        people
    }

    pub(super) fn grants(&mut self, setting: &str, list: &List) -> Grants {
        let mut grants = Grants::default();
        for entry in list.iter() {
            self.grant(setting, &mut grants, entry);
        }
        grants
    }

    fn grant(&mut self, setting: &str, grants: &mut Grants, entry: &str) {
        if entry.is_empty() || entry.contains(char::is_whitespace) || entry == "*" {
            let remedy = "give the Value of an app role, or the Object ID of a group";
            self.mistake(
                setting,
                format!("`{entry}` is neither an app role nor a group"),
                remedy,
            );
        } else {
            grants.add(entry);
        }
    }

    pub(super) fn named_roles(&mut self, list: &List) -> NamedRoles {
        let mut named = NamedRoles::new();
        for entry in list.iter() {
            match entry.split_once('=') {
                Some((name, granted_by)) if !name.trim().is_empty() => {
                    let grants = named.entry(name.trim().to_owned()).or_default();
                    self.grant("roles", grants, granted_by.trim());
                }
                _ => self.mistake(
                    "roles",
                    format!("`{entry}` has no name"),
                    "write each as `name=role` or `name=group id`",
                ),
            }
        }
        named
    }

    pub(super) fn guests(&mut self, text: &str) -> Option<Guests> {
        match text {
            "by_domain" => Some(Guests::ByDomain),
            "allowed" => Some(Guests::Allowed),
            "refused" => Some(Guests::Refused),
            _ => {
                let remedy = "use `by_domain`, `allowed` or `refused`";
                self.mistake("guests", "there is no such rule", remedy);
                None
            }
        }
    }

    /// A mail proves nothing where any tenant may come in: say so, and what is done about it.
    pub(super) fn proof_of_domains(
        &mut self,
        authority: &Authority,
        domains: &Domains,
        tenants: &BTreeSet<Uuid>,
    ) {
        let listed = matches!(domains, Domains::Only(listed) if !listed.is_empty());
        if authority.is_shared() && listed && tenants.is_empty() {
            self.warning("tenants", "`allowable_domains` is set while any tenant may sign in, and any tenant's administrator can write any mail address: a mail counts only where the user principal name has its domain, or Entra vouches for it (`xms_edov`)", "list your tenant ids, or use your tenant as `authority`");
        }
    }
}

/// An internal mail domain of one label, such as `localhost`.
fn is_single_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
