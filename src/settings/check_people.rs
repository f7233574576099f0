//! The checks of settings that say who may sign in, and with which rights.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{
    authority::{Authority, is_domain},
    builder::Values,
    check::Check,
    config::Domains,
    from_value::List,
    grants::{Grants, NamedRoles},
};
use crate::util::address::{ascii_domain, comparable};

impl Check {
    pub(super) fn tenants(&mut self, list: &List) -> BTreeSet<Uuid> {
        let mut tenants = BTreeSet::new();
        for entry in list.iter() {
            match Uuid::try_parse(entry) {
                Ok(id) => drop(tenants.insert(id)),
                Err(_) => self.problem(
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
            let domain = ascii_domain(entry);
            let is_domain = |domain: &String| is_domain(domain) || is_single_label(domain);
            if let Some(domain) = domain.filter(is_domain) {
                domains.insert(domain);
            } else {
                self.problem(
                    "allowable_domains",
                    format!("`{entry}` is not a domain"),
                    "list whole domains such as `contoso.com`, or `*` alone for all",
                );
            }
        }
        let is_all = list.iter().any(|entry| entry == "*");
        if is_all && !domains.is_empty() {
            self.problem(
                "allowable_domains",
                "`*` stands beside other entries, which then have no effect",
                "list the domains, or `*` alone",
            );
        }
        if is_all && domains.is_empty() {
            Domains::All
        } else {
            Domains::Only(domains)
        }
    }

    /// The safe default, which would surprise at the first sign-in.
    pub(super) fn nobody_is_created(&mut self) {
        self.warning(
            "allowable_domains",
            "it is empty, so no account becomes a user, though `auto_create_users` is on",
            "list the domains of your people, or `*` for all; or switch `auto_create_users` off",
        );
    }

    pub(super) fn superusers(&mut self, list: &List) -> BTreeSet<String> {
        let superusers = self.people("superuser_list", list);
        if superusers.contains("*") {
            let help = "list the people; `*` is for `staff_list`";
            self.problem(
                "superuser_list",
                "`*` would make everybody a superuser",
                help,
            );
        }
        superusers
    }

    /// Addresses, as they are compared.
    pub(super) fn people(&mut self, setting: &str, list: &List) -> BTreeSet<String> {
        let people: BTreeSet<_> = list.iter().map(comparable).collect();
        for entry in people
            .iter()
            .filter(|entry| *entry != "*" && !entry.contains('@'))
        {
            self.problem(
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
            let help = "give the Value of an app role, or the Object ID of a group";
            self.problem(
                setting,
                format!("`{entry}` is neither an app role nor a group"),
                help,
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
                _ => self.problem(
                    "roles",
                    format!("`{entry}` has no name"),
                    "write each as `name=role` or `name=group id`",
                ),
            }
        }
        named
    }

    /// The first person of whatever tenant would become superuser.
    pub(super) fn first_superuser(&mut self, given: &Values, authority: &Authority) {
        let is_ignored = given.superuser_list.iter().next().is_some()
            || given.superuser_roles.iter().next().is_some();
        if given.auto_create_first_superuser && authority.is_multi_tenant() && !is_ignored {
            self.warning("auto_create_first_superuser", "accounts of many tenants may sign in, and whoever is the first to do so becomes superuser", "name the superusers in `superuser_list` or `superuser_roles`, or use your tenant as `authority`");
        }
    }

    /// Where any tenant may sign in, a mail address proves nothing: warn, and say what to do.
    pub(super) fn proof_of_domains(
        &mut self,
        authority: &Authority,
        domains: &Domains,
        tenants: &BTreeSet<Uuid>,
    ) {
        let listed = matches!(domains, Domains::Only(listed) if !listed.is_empty());
        if authority.is_multi_tenant() && listed && tenants.is_empty() {
            self.warning("tenants", "`allowable_domains` is set while any tenant may sign in, and any tenant's administrator can write any mail address: an address counts only where the user principal name has its domain, or Entra vouches for it (`xms_edov`)", "list your tenant ids, or use your tenant as `authority`");
        }
    }
}

/// An internal mail domain of one label, such as `localhost`.
fn is_single_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
