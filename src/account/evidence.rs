//! What an account's names prove, and what is known of them without Graph.

use std::collections::BTreeSet;

use super::{
    guest_name::{is_guest_name, own_address},
    known::KnownAccount,
    policy::AccountPolicy,
    profile::Profile,
    user::User,
};
use crate::{
    settings::authority::PERSONAL_TENANT,
    util::address::{ascii_domain, comparable, domain},
};

impl Profile {
    /// Whether an address is the account's. Where several tenants may sign in, an address alone
    /// proves nothing: any tenant's administrator can write any.
    pub(super) fn proves(&self, email: &str, policy: &AccountPolicy) -> bool {
        // Another tenant manages a guest, and a personal account's name is any address that its owner
        // once had: nothing that Entra says of either is of the domain's owner.
        let is_of_own_tenant = !self.is_guest && self.tenant_id != PERSONAL_TENANT;
        let vouched = self.vouched_email.as_deref();
        let is_vouched = vouched.is_some_and(|it| it.eq_ignore_ascii_case(email));
        let ascii = |address| domain(address).and_then(ascii_domain);
        let upn = self.user_principal_name.as_deref();
        let same_domain = upn
            .and_then(ascii)
            .is_some_and(|of| Some(of) == ascii(email));
        policy.trusts(self.tenant_id) || (is_of_own_tenant && (is_vouched || same_domain))
    }

    /// The user principal name, where it proves who the account is: Entra restricts a tenant to
    /// domains that it has verified.
    pub(super) fn verified_upn(&self, policy: &AccountPolicy) -> Option<&str> {
        let is_personal = self.tenant_id == PERSONAL_TENANT;
        let name = self.user_principal_name.as_deref();
        name.filter(|_| !is_personal || policy.trusts(PERSONAL_TENANT))
    }

    /// The user name of a new user: the e-mail address, where it is proved; otherwise the user
    /// principal name, of a guest the one at home.
    pub(super) fn username(&self) -> String {
        let proved = self.email.as_ref().filter(|_| self.email_verified);
        let upn = self.user_principal_name.as_deref();
        let (marked, plain) = match upn {
            Some(name) if is_guest_name(name) => (Some(name), own_address(name)),
            upn => (None, upn.map(str::to_owned)),
        };
        let preferred = self.preferred_username.as_deref();
        let preferred = preferred.filter(|name| !is_guest_name(name));
        proved
            .cloned()
            .or(plain)
            .or_else(|| preferred.map(str::to_owned))
            .or_else(|| self.email.clone())
            .or_else(|| marked.map(str::to_owned))
            .unwrap_or_else(|| self.object_id.clone())
    }

    /// What to keep for sign-ins without Graph; `None` if this is one.
    #[cfg(feature = "_diesel")]
    pub(crate) fn known(&self) -> Option<KnownAccount> {
        self.from_graph.then(|| KnownAccount {
            email: self.email.clone(),
            user_principal_name: self.user_principal_name.clone(),
            is_guest: Some(self.is_guest),
        })
    }

    /// The account as far as it can be known without Graph: by the token, and by what Graph said
    /// last. Where that isn't kept, the user's proved address stands in for it.
    pub(super) fn recalled(
        &self,
        user: &User,
        known: &KnownAccount,
        policy: &AccountPolicy,
    ) -> Self {
        let mut account = self.clone();
        account.user_principal_name = known.user_principal_name.clone();
        account.is_guest |= known.is_guest == Some(true) || is_guest_name(&user.username);
        account.is_guest_known |= account.is_guest || known.is_guest.is_some();
        // A guest's claim may be their own tenant's word.
        let from_token = self.email.clone().filter(|_| !account.is_guest);
        let stored = known.is_guest.is_none() && user.email_verified && !user.email.is_empty();
        let candidates = [from_token, known.email.clone()].into_iter().flatten();
        let proved = candidates
            .clone()
            .find(|email| account.proves(email, policy));
        account.email_verified = proved.is_some() || stored;
        account.email = proved
            .or_else(|| stored.then(|| user.email.clone()))
            .or_else(|| known.email.clone());
        account
    }

    /// Whether one of the account's proved names is listed.
    pub(super) fn is_listed(&self, list: &BTreeSet<String>, policy: &AccountPolicy) -> bool {
        let email = self.email.as_deref().filter(|_| self.email_verified);
        let mut names = [self.verified_upn(policy), email].into_iter().flatten();
        names.any(|name| list.contains(&comparable(name)))
    }
}
