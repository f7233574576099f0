//! Which user is meant.

use crate::{
    account::user::{User, UserId},
    store::{diesel::DieselStore, user_store::UserStore},
    util::log::{chain, printable},
};

/// The user of an id, a user name or a proved address.
///
/// An address that isn't proved names nobody: whoever has an account somewhere may have written it, and
/// would be given somebody else's rights.
pub(super) async fn find(store: &DieselStore, name: &str) -> Result<User, String> {
    let id = name.strip_prefix("id:").unwrap_or(name);
    let id = UserId::new(id);
    let mut found = Vec::new();
    if id.as_i64().is_some() {
        let user = store.find(&id).await.map_err(|error| chain(&error))?;
        found.extend(user);
    }
    let mut unproved = Vec::new();
    if !name.starts_with("id:") {
        let named = store.people_named(name).await;
        for user in named.map_err(|error| chain(&error))? {
            // The database may compare without regard to accents, too.
            let has_address = user.email.eq_ignore_ascii_case(name);
            // A user name that looks like an address may be what Microsoft said of somebody else's account.
            let has_name =
                !name.contains('@') && user.username.to_lowercase() == name.to_lowercase();
            if has_name || (has_address && user.email_verified) {
                found.push(user);
            } else if has_address || user.username.eq_ignore_ascii_case(name) {
                unproved.push(user);
            }
        }
    }
    found.dedup_by(|one, other| one.id == other.id);
    match (found.pop(), found.is_empty(), unproved.first()) {
        (Some(user), true, _) => Ok(user),
        (Some(user), false, _) => {
            found.push(user);
            let ids: Vec<_> = found.iter().map(|user| format!("id:{}", user.id)).collect();
            Err(format!(
                "`{}` is several users: {}; name one of them by its id",
                printable(name),
                ids.join(", ")
            ))
        }
        (None, _, Some(user)) => Err(format!(
            "the address `{}` is not proved to be that of user {}, so it names nobody; if you mean that user, say id:{}",
            printable(name),
            user.id,
            user.id
        )),
        (None, ..) => Err(format!(
            "there is no user `{}`: an id, a user name or a proved address; `users list TEXT` looks for parts",
            printable(name)
        )),
    }
}

/// How a user is named in what is printed.
pub(super) fn label(user: &User) -> String {
    let proof = match (user.email.is_empty(), user.email_verified) {
        (true, _) => "no address",
        (_, true) => "proved",
        (_, false) => "not proved",
    };
    let (name, email) = (printable(&user.username), printable(&user.email));
    format!("user {}, {name} ({email}; {proof})", user.id).replace("(; ", "(")
}

/// The id: in a [`DieselStore`] it is a number.
pub(super) fn number(user: &User) -> Result<i64, String> {
    let number = user.id.as_i64();
    number.ok_or_else(|| format!("the id {} is no number", user.id))
}
