//! Links of users with Microsoft accounts, for the application's own administration.

use uuid::Uuid;

use super::MicrosoftSso;
use crate::{
    account::user::UserId,
    settings::authority::PERSONAL_TENANT,
    sign_in::audit,
    store::{error::StoreError, user_store::LinkOutcome},
};

/// A line of an import: which account is whose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountToImport {
    /// The user in the store.
    pub user: UserId,
    /// The tenant of the account.
    pub tenant_id: Uuid,
    /// The object id of the account; or the 16 hexadecimal digits that Graph has of a personal account,
    /// with its tenant `9188040d-6c67-4c5b-b112-36a304b66dad`.
    pub microsoft_id: String,
}

impl AccountToImport {
    /// A line of an import.
    pub fn new(user: UserId, tenant_id: Uuid, microsoft_id: impl Into<String>) -> Self {
        Self {
            user,
            tenant_id,
            microsoft_id: microsoft_id.into(),
        }
    }

    /// The claim `oid`, as Entra writes it; `None` if the Microsoft id is none.
    pub(crate) fn object_id(&self) -> Option<String> {
        let id = self.microsoft_id.trim();
        let is_short = id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit());
        let id = if is_short && self.tenant_id == PERSONAL_TENANT {
            format!("0000000000000000{id}")
        } else {
            id.to_owned()
        };
        Uuid::try_parse(&id).ok().map(|id| id.to_string())
    }
}

/// What came of one line of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportOutcome {
    /// The account is the user's from now on.
    Linked,
    /// It was before.
    Unchanged,
    /// There is no such user.
    NoUser,
    /// The account is another user's.
    AccountTaken,
    /// The user has another account: [`MicrosoftSso::unlink`] takes it away.
    UserTaken,
    /// The Microsoft id is neither an object id nor that of a personal account.
    NoMicrosoftId,
}

impl MicrosoftSso {
    /// Gives users their Microsoft accounts, for those who come from another library: they sign in as
    /// themselves from then on. It never takes an account from one user to give it to another. The outcomes
    /// are in the order of the accounts; each link is an audit event.
    ///
    /// django-microsoft-sso keeps the object ids in `microsoft_sso_microsoftssouser.microsoft_id`, and the
    /// tenant nowhere: it is that of its `MICROSOFT_SSO_AUTHORITY`.
    ///
    /// # Errors
    /// The store is unavailable or fails, or can't do it. What was linked before stays: the import can be
    /// repeated.
    pub async fn import_accounts(
        &self,
        accounts: impl IntoIterator<Item = AccountToImport>,
    ) -> Result<Vec<ImportOutcome>, StoreError> {
        let mut outcomes = Vec::new();
        for account in accounts {
            let Some(object_id) = account.object_id() else {
                outcomes.push(ImportOutcome::NoMicrosoftId);
                continue;
            };
            let AccountToImport {
                user, tenant_id, ..
            } = &account;
            let outcome = self.store.link(user, *tenant_id, &object_id).await?;
            outcomes.push(match outcome {
                LinkOutcome::Linked => {
                    audit::imported(user, *tenant_id, &object_id);
                    ImportOutcome::Linked
                }
                LinkOutcome::Unchanged => ImportOutcome::Unchanged,
                LinkOutcome::NoUser => ImportOutcome::NoUser,
                LinkOutcome::AccountTaken => ImportOutcome::AccountTaken,
                LinkOutcome::UserTaken => ImportOutcome::UserTaken,
            });
        }
        Ok(outcomes)
    }

    /// Takes a user's Microsoft accounts away, with what is stored of Microsoft's, and ends their sessions.
    /// Returns how many accounts there were. Be certain that the user can sign in by other means.
    ///
    /// # Errors
    /// The store is unavailable or fails, or can't do it.
    pub async fn unlink(&self, user: &UserId) -> Result<usize, StoreError> {
        let accounts = self.store.unlink(user).await?;
        if accounts > 0 {
            #[cfg(feature = "_diesel")]
            self.end_checked_sessions(user).await?;
            audit::unlinked(user, accounts);
        }
        Ok(accounts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_id_is_a_guid_and_that_of_a_personal_account_is_completed() {
        let object_id = |tenant, id: &str| AccountToImport::new(1.into(), tenant, id).object_id();
        let work = Uuid::from_u128(1);
        let oid = "87d349ed-44d7-43e1-9a83-5f2406dee5bd";
        assert_eq!(object_id(work, oid).as_deref(), Some(oid));
        assert_eq!(object_id(work, &oid.to_uppercase()).as_deref(), Some(oid));
        assert_eq!(object_id(work, "ded4daa1bad8ae4f"), None);
        assert_eq!(
            object_id(PERSONAL_TENANT, "DED4DAA1BAD8AE4F").as_deref(),
            Some("00000000-0000-0000-ded4-daa1bad8ae4f")
        );
        for id in ["", "ada@contoso.example", "%", "ded4daa1bad8ae4g"] {
            assert_eq!(object_id(PERSONAL_TENANT, id), None, "{id}");
        }
    }
}
