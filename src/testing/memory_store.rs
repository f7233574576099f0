//! A store of users in memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use crate::{
    account::{
        decide::{Decision, SignIn},
        denied::Denied,
        new_user::NewUser,
        profile::BasicInfo,
        user::{MicrosoftUser, User, UserId},
    },
    store::{
        error::StoreError,
        user_store::{LinkOutcome, SessionSelector, SignInOutcome, SignedInUser, UserStore},
    },
    util::picture::PictureUpdate,
};

/// A [`UserStore`] in memory, for the tests of an application. Clones share the users: give one to
/// the builder and keep the other.
///
/// It follows the rules of [`DieselStore`](crate::DieselStore), with numbers as ids. It keeps
/// neither passwords nor sessions: wrap the application in
/// [`sessions_in`](crate::MicrosoftSso::sessions_in).
///
/// ```
/// use actix_web::{App, test, web};
/// use microsoft_sso::{Config, CurrentUser, MicrosoftSso};
/// use microsoft_sso::actix_session::storage::CookieSessionStore;
/// use microsoft_sso::testing::{FakeEntra, MemoryStore};
///
/// async fn hello(user: CurrentUser) -> String {
///     format!("Hello {}", user.first_name)
/// }
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let entra = FakeEntra::start()?;
/// let config = Config::builder()
///     .authority(entra.authority("common"))
///     .graph_url(entra.graph_url())
///     .application_id(entra.application_id())
///     .client_secret(entra.client_secret())
///     .allowable_domains(["contoso.example"])
///     .build()?;
/// let store = MemoryStore::new();
/// let sso = web::Data::new(MicrosoftSso::builder(config).store(store.clone()).build()?);
/// let app = App::new()
///     .app_data(sso.clone())
///     .configure(microsoft_sso::config)
///     .route("/", web::get().to(hello))
///     .wrap(sso.sessions_in(CookieSessionStore::default()));
/// let app = test::init_service(app).await;
///
/// let mut request = test::TestRequest::get();
/// for cookie in entra.sign_in_to(&app, "ada@contoso.example").await? {
///     request = request.cookie(cookie);
/// }
/// let body = test::call_and_read_body(&app, request.to_request()).await;
/// assert_eq!(body, "Hello Ada");
/// assert_eq!(store.users()[0].email, "ada@contoso.example");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    tables: Arc<Mutex<Tables>>,
}

impl MemoryStore {
    /// A store without users.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The users, in the order of their creation.
    pub fn users(&self) -> Vec<User> {
        let tables = self.lock();
        tables.users.iter().map(|row| row.user.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UserStore for MemoryStore {
    /// The lock is held throughout, which serialises all sign-ins.
    async fn sign_in(&self, sign_in: SignIn) -> Result<SignInOutcome, StoreError> {
        self.lock().sign_in(&sign_in)
    }

    async fn recheck(&self, sign_in: SignIn) -> Result<SignInOutcome, StoreError> {
        self.lock().recheck(&sign_in)
    }

    async fn find(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        let tables = self.lock();
        Ok(tables.position(id).map(|at| tables.users[at].user.clone()))
    }

    async fn microsoft_user(&self, id: &UserId) -> Result<Option<MicrosoftUser>, StoreError> {
        let tables = self.lock();
        let position = tables.position(id);
        Ok(position.and_then(|at| tables.users[at].microsoft.clone()))
    }

    async fn find_by_account(
        &self,
        tenant_id: Uuid,
        object_id: &str,
    ) -> Result<Option<User>, StoreError> {
        let tables = self.lock();
        let position = tables.identities.get(&(tenant_id, object_id.to_owned()));
        Ok(position.map(|at| tables.users[*at].user.clone()))
    }

    async fn find_by_microsoft_id(&self, microsoft_id: &str) -> Result<Option<User>, StoreError> {
        let tables = self.lock();
        let is_it = |row: &&Row| {
            let microsoft = row.microsoft.as_ref();
            microsoft.is_some_and(|microsoft| microsoft.microsoft_id == microsoft_id)
        };
        Ok(tables.users.iter().find(is_it).map(|row| row.user.clone()))
    }

    async fn link(
        &self,
        user: &UserId,
        tenant_id: Uuid,
        object_id: &str,
    ) -> Result<LinkOutcome, StoreError> {
        let mut tables = self.lock();
        let Some(at) = tables.position(user) else {
            return Ok(LinkOutcome::NoUser);
        };
        let key = (tenant_id, object_id.to_owned());
        Ok(match tables.identities.get(&key) {
            Some(of) if *of == at => LinkOutcome::Unchanged,
            Some(_) => LinkOutcome::AccountTaken,
            None if tables.has_account(at) => LinkOutcome::UserTaken,
            None => {
                tables.identities.insert(key, at);
                LinkOutcome::Linked
            }
        })
    }

    async fn unlink(&self, user: &UserId) -> Result<usize, StoreError> {
        let mut tables = self.lock();
        let Some(at) = tables.position(user) else {
            return Ok(0);
        };
        let before = tables.identities.len();
        tables.identities.retain(|_, of| *of != at);
        let accounts = before - tables.identities.len();
        tables.users[at].user.session_generation += i64::from(accounts > 0);
        tables.users[at].microsoft = None;
        Ok(accounts)
    }

    /// It keeps no sessions: [`CurrentUser`](crate::CurrentUser) refuses those of the user.
    async fn set_active(&self, id: &UserId, active: bool) -> Result<Option<usize>, StoreError> {
        let mut tables = self.lock();
        let Some(at) = tables.position(id) else {
            return Ok(None);
        };
        let user = &mut tables.users[at].user;
        user.is_active = active;
        user.session_generation += i64::from(!active);
        Ok(Some(0))
    }

    /// As above: the sessions end at the next [`CurrentUser`](crate::CurrentUser).
    async fn end_sessions(&self, which: SessionSelector) -> Result<usize, StoreError> {
        let mut tables = self.lock();
        if let SessionSelector::User(id) = which
            && let Some(at) = tables.position(&id)
        {
            tables.users[at].user.session_generation += 1;
        }
        Ok(0)
    }

    async fn delete(&self, id: &UserId) -> Result<Option<usize>, StoreError> {
        let mut tables = self.lock();
        let Some(at) = tables.position(id) else {
            return Ok(None);
        };
        tables.users.remove(at);
        tables.identities.retain(|_, position| *position != at);
        for position in tables.identities.values_mut() {
            *position -= usize::from(*position > at);
        }
        Ok(Some(0))
    }
}

#[derive(Debug, Default)]
struct Tables {
    /// How many users there ever were: the last id.
    created: i64,
    users: Vec<Row>,
    /// Positions in `users`, by tenant id and object id.
    identities: HashMap<(Uuid, String), usize>,
}

#[derive(Debug)]
struct Row {
    user: User,
    microsoft: Option<MicrosoftUser>,
}

impl Tables {
    fn sign_in(&mut self, sign_in: &SignIn) -> Result<SignInOutcome, StoreError> {
        let profile = sign_in.profile();
        let key = (profile.tenant_id, profile.object_id.clone());
        let position = self.identities.get(&key).copied();
        let mut row = position.and_then(|at| self.users.get_mut(at));
        match (
            sign_in.decide(row.as_deref().map(|row| &row.user)),
            &mut row,
        ) {
            (Decision::SignIn(changes), Some(row)) => {
                changes.apply_to(&mut row.user, sign_in.at());
                row.update_microsoft(profile.basic_info.as_ref());
                Ok(SignedInUser::existing(row.user.clone()).into())
            }
            (Decision::Create(new), None) => self.create(&new, sign_in, key),
            (Decision::Deny(denied), _) => Ok(denied.into()),
            // `decide` creates no user where one is stored, and signs in only a stored one.
            (Decision::SignIn(_), None) | (Decision::Create(_), Some(_)) => {
                Ok(Denied::NotCreated.into())
            }
        }
    }

    fn recheck(&mut self, sign_in: &SignIn) -> Result<SignInOutcome, StoreError> {
        let profile = sign_in.profile();
        let key = (profile.tenant_id, profile.object_id.clone());
        let Some(at) = self.identities.get(&key).copied() else {
            return Ok(Denied::NotCreated.into());
        };
        let last_login = self.users[at].user.last_login;
        let outcome = self.sign_in(sign_in);
        self.users[at].user.last_login = last_login;
        outcome
    }

    /// Nothing is written before all checks have passed.
    fn create(
        &mut self,
        new: &NewUser,
        sign_in: &SignIn,
        key: (Uuid, String),
    ) -> Result<SignInOutcome, StoreError> {
        let by_address = || self.only_user_of_address(new);
        let existing = new.existing.clone().or_else(by_address);
        if existing.is_none() && new.must_be_linked {
            return Ok(Denied::NotCreated.into());
        }
        if existing.is_none() && new.email_must_be_unique && self.is_email_of_another(new) {
            return Ok(Denied::EmailTaken.into());
        }
        let position = match &existing {
            Some(id) => match self.position(id) {
                None => return Ok(Denied::NotCreated.into()),
                Some(at) if !self.users[at].user.is_active => return Ok(Denied::Inactive.into()),
                Some(at) if new.existing_must_be_unlinked && self.has_account(at) => {
                    return Ok(Denied::AlreadyLinked.into());
                }
                Some(at) => at,
            },
            None => {
                let user = self.new_user(new, sign_in)?;
                self.users.push(Row {
                    user,
                    microsoft: None,
                });
                self.users.len() - 1
            }
        };
        self.identities.insert(key, position);
        let row = &mut self.users[position];
        row.update_microsoft(sign_in.profile().basic_info.as_ref());
        let user = row.user.clone();
        Ok(match existing {
            Some(_) => SignedInUser::linked(user).into(),
            None => SignedInUser::created(user).into(),
        })
    }

    fn new_user(&mut self, new: &NewUser, sign_in: &SignIn) -> Result<User, StoreError> {
        let is_free = |name: &String| !self.any(|user| is_same(&user.username, name));
        let username = new
            .candidate_usernames(&sign_in.profile().object_id)
            .find(is_free)
            .ok_or_else(|| StoreError::new("every user name for the account is taken"))?;
        let is_first = new.is_active && new.superuser_if_first && self.users.is_empty();
        self.created += 1;
        let id = self.created.into();
        let mut user = new.clone().into_user(id, username, sign_in.at());
        user.is_staff |= is_first;
        user.is_superuser |= is_first;
        Ok(user)
    }

    /// Whether the address is that of a user other than the one to link the account to.
    fn is_email_of_another(&self, new: &NewUser) -> bool {
        let is_another = |user: &User| new.existing.as_ref() != Some(&user.id);
        !new.email.is_empty()
            && self.any(|user| {
                user.email_verified
                    && user.email.eq_ignore_ascii_case(&new.email)
                    && is_another(user)
            })
    }

    fn has_account(&self, at: usize) -> bool {
        self.identities.values().any(|of| *of == at)
    }

    /// The user with the address, proved, if there is one alone, who has no account.
    fn only_user_of_address(&self, new: &NewUser) -> Option<UserId> {
        let users = self.users.iter().enumerate();
        let mut same = users.filter(|(_, row)| row.user.email.eq_ignore_ascii_case(&new.email));
        match (same.next(), same.next()) {
            (Some((at, row)), None) if new.link_by_address && !self.has_account(at) => {
                Some(row.user.id.clone()).filter(|_| row.user.email_verified)
            }
            _ => None,
        }
    }

    fn any(&self, condition: impl Fn(&User) -> bool) -> bool {
        self.users.iter().any(|row| condition(&row.user))
    }

    fn position(&self, id: &UserId) -> Option<usize> {
        self.users.iter().position(|row| row.user.id == *id)
    }
}

impl Row {
    fn update_microsoft(&mut self, info: Option<&BasicInfo>) {
        let Some(info) = info else {
            return;
        };
        let stored = self
            .microsoft
            .get_or_insert_with(|| MicrosoftUser::new(&info.microsoft_id));
        stored.microsoft_id.clone_from(&info.microsoft_id);
        stored.locale.clone_from(&info.locale);
        match &info.picture {
            PictureUpdate::Keep => {}
            PictureUpdate::Remove => stored.picture = None,
            PictureUpdate::Replace(picture) => stored.picture = Some(picture.clone()),
        }
    }
}

/// User names and addresses are compared without regard to letter case.
fn is_same(stored: &str, new: &str) -> bool {
    stored.to_lowercase() == new.to_lowercase()
}
