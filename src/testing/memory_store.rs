//! A store of users in memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::memory_tables::Tables;
use crate::{
    account::{
        decide::SignIn,
        user::{MicrosoftUser, User, UserId},
    },
    store::{
        error::StoreError,
        user_store::{LinkOutcome, SessionSelector, SignInOutcome, UserStore},
    },
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
        let is_it = |row: &&super::memory_tables::Row| {
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
