//! The accounts that sign in, and how users are compared.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::subject::{Checked, require};
use crate::account::{profile::Profile, user::User};

pub(super) const CONTOSO: Uuid = Uuid::from_u128(0x8eaef023_2b34_4da1_9baa_8bc8c9d6a490);
pub(super) const FABRIKAM: Uuid = Uuid::from_u128(0x1c57a2ab_64cb_4d73_8a6e_2a5a0b4f1e5d);

pub(super) const ADA: &str = "ada@contoso.example";
pub(super) const GRACE: &str = "grace@contoso.example";

pub(super) fn ada() -> Profile {
    let oid = "a0000000-aaaa-4aaa-8aaa-00000000000a";
    profile(CONTOSO, oid, ADA, ("Ada", "Lovelace"))
}

/// Ada, after a wedding.
pub(super) fn ada_renamed() -> Profile {
    let oid = ada().object_id;
    profile(
        CONTOSO,
        oid,
        "ada.king@contoso.example",
        ("Augusta", "King"),
    )
}

pub(super) fn grace() -> Profile {
    let oid = "b0000000-bbbb-4bbb-8bbb-00000000000b";
    profile(CONTOSO, oid, GRACE, ("Grace", "Hopper"))
}

/// An account of another tenant.
pub(super) fn frank() -> Profile {
    let oid = "c0000000-cccc-4ccc-8ccc-00000000000c";
    profile(FABRIKAM, oid, "frank@fabrikam.example", ("Frank", "Miller"))
}

/// As many accounts as wanted.
pub(super) fn numbered(number: u32) -> Profile {
    let oid = format!("d0000000-dddd-4ddd-8ddd-{number:012}");
    let address = format!("number{number}@contoso.example");
    profile(CONTOSO, oid, &address, ("Number", &number.to_string()))
}

fn profile(
    tenant_id: Uuid,
    object_id: impl Into<String>,
    address: &str,
    (first_name, last_name): (&str, &str),
) -> Profile {
    let mut profile = Profile::new(tenant_id, object_id);
    profile.email = Some(address.to_owned());
    profile.user_principal_name = Some(address.to_owned());
    profile.first_name = first_name.to_owned();
    profile.last_name = last_name.to_owned();
    profile
}

/// The user must have the address and the name of the account. The name is compared as a whole: a
/// table may have one column for it.
pub(super) fn require_data(user: &User, profile: &Profile) -> Checked {
    let expected = format!("{} {}", profile.first_name, profile.last_name);
    let name = format!("{} {}", user.first_name, user.last_name);
    let name = name.trim();
    require(name == expected, || {
        format!(
            "the user {} is named `{name}` instead of `{expected}`",
            user.id
        )
    })?;
    let email = profile.email.as_deref().unwrap_or_default();
    require(user.email == email, || {
        format!(
            "the user {} has the address `{}` instead of `{email}`",
            user.id, user.email
        )
    })
}

/// Both must be the same user with the same data. Times may differ: a table need not have them.
pub(super) fn require_same(what: &str, before: &User, after: &User) -> Checked {
    let mut timeless = after.clone();
    (timeless.date_joined, timeless.last_login) = (before.date_joined, before.last_login);
    require(timeless == *before, || {
        format!("{what}: {}", differences(before, &timeless))
    })
}

/// The fields that differ, which are easier to find than in two whole users.
pub(super) fn differences(before: &User, after: &User) -> String {
    let fields = |user| match serde_json::to_value(user) {
        Ok(Value::Object(fields)) => fields,
        // Users are objects of texts and booleans.
        _ => Map::new(),
    };
    let after = fields(after);
    let differing =
        fields(before)
            .into_iter()
            .filter_map(|(name, before)| match after.get(&name) {
                Some(after) if *after != before => Some(format!("{name} {before} became {after}")),
                _ => None,
            });
    differing.collect::<Vec<_>>().join(", ")
}
