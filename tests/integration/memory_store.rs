//! `MemoryStore`, as the tests of an application use it.

use actix_web::{
    App,
    http::StatusCode,
    test::{TestRequest, call_service, init_service, read_body},
    web::{self, Data},
};
use chrono::DateTime;
use microsoft_sso::{
    Config, ConfigBuilder, CurrentUser, Denied, HookContext, Hooks, MicrosoftSso, NewUser, Profile,
    SignIn, SignInOutcome, SignedInUser, UserId, UserStore,
    actix_session::storage::CookieSessionStore,
    testing::{FakeEntra, MemoryStore},
};
use uuid::Uuid;

const ADA: &str = "ada@contoso.example";
const GRACE: &str = "grace@contoso.example";

fn settings(entra: &FakeEntra) -> ConfigBuilder {
    Config::builder()
        .authority(entra.authority("common"))
        .graph_url(entra.graph_url())
        .application_id(entra.application_id())
        .client_secret(entra.client_secret())
        .allowable_domains(["contoso.example"])
}

async fn hello(user: CurrentUser) -> String {
    format!("Hello {}", user.first_name)
}

/// An application in this process on these users, with sessions in cookies.
macro_rules! app {
    ($sso:expr) => {{
        let sso = Data::new($sso.build().unwrap());
        let app = App::new()
            .app_data(sso.clone())
            .configure(microsoft_sso::config)
            .route("/", web::get().to(hello))
            .wrap(sso.sessions_in(CookieSessionStore::default()));
        init_service(app).await
    }};
}

#[actix_web::test]
async fn a_whole_sign_in_works_without_a_database() {
    let entra = FakeEntra::start().unwrap();
    let store = MemoryStore::new();
    let config = settings(&entra).build().unwrap();
    let app = app!(MicrosoftSso::builder(config).store(store.clone()));
    let cookies = entra.sign_in_to(&app, ADA).await.unwrap();
    let request = || {
        let cookies = cookies.iter().cloned();
        cookies
            .fold(TestRequest::get(), TestRequest::cookie)
            .to_request()
    };
    let reply = call_service(&app, request()).await;
    assert_eq!(read_body(reply).await, "Hello Ada");

    let users = store.users();
    let [ada] = users.as_slice() else {
        panic!("{users:?}")
    };
    assert_eq!((ada.username.as_str(), ada.email.as_str()), (ADA, ADA));
    let microsoft = store.microsoft_user(&ada.id).await.unwrap().unwrap();
    assert!(microsoft.picture.is_some());

    entra.sign_in_to(&app, ADA).await.unwrap();
    assert_eq!(store.users().len(), 1);

    assert!(store.set_active(&ada.id, false).await.unwrap().is_some());
    let reply = call_service(&app, request()).await;
    assert_eq!(reply.status(), StatusCode::UNAUTHORIZED);
    entra.sign_in_to(&app, ADA).await.unwrap_err();
    assert!(store.set_active(&ada.id, true).await.unwrap().is_some());
    entra.sign_in_to(&app, ADA).await.unwrap();
    let nobody = UserId::new("nobody");
    assert!(store.set_active(&nobody, true).await.unwrap().is_none());
}

/// Links each new account to this user.
struct Link(UserId);

impl Hooks for Link {
    async fn before_creation(&self, _: HookContext<'_>, user: &mut NewUser) -> Result<(), Denied> {
        user.existing = Some(self.0.clone());
        Ok(())
    }
}

#[actix_web::test]
async fn a_hook_links_an_account_to_an_existing_active_user() {
    let entra = FakeEntra::start().unwrap();
    let store = MemoryStore::new();
    let config = settings(&entra).build().unwrap();
    let app = app!(MicrosoftSso::builder(config.clone()).store(store.clone()));
    entra.sign_in_to(&app, ADA).await.unwrap();
    let ada = store.users().remove(0);

    let linking = |id: &UserId| {
        let sso = MicrosoftSso::builder(config.clone()).store(store.clone());
        sso.hooks(Link(id.clone()))
    };
    store.set_active(&ada.id, false).await.unwrap();
    let app = app!(linking(&ada.id));
    entra.sign_in_to(&app, GRACE).await.unwrap_err();
    store.set_active(&ada.id, true).await.unwrap();
    let ada = store.users().remove(0);
    let nobody = app!(linking(&UserId::from(4711)));
    entra.sign_in_to(&nobody, GRACE).await.unwrap_err();

    entra.sign_in_to(&app, GRACE).await.unwrap();
    assert_eq!(store.users(), [ada], "nothing but the link is written");
    // The link stays without the hook.
    let app = app!(MicrosoftSso::builder(config.clone()).store(store.clone()));
    entra.sign_in_to(&app, GRACE).await.unwrap();
    assert_eq!(store.users().len(), 1);
}

#[actix_web::test]
async fn a_unique_address_may_be_that_of_the_user_to_link_to() {
    let entra = FakeEntra::start().unwrap();
    let store = MemoryStore::new();
    let config = settings(&entra).unique_email(true).build().unwrap();
    let app = app!(MicrosoftSso::builder(config.clone()).store(store.clone()));
    entra.sign_in_to(&app, ADA).await.unwrap();
    let people = entra.people();
    let grace = people.iter().find(|p| p.user_principal_name == GRACE);
    entra.update_person(&grace.unwrap().oid, |grace| {
        grace.mail = Some(ADA.to_owned())
    });
    entra.sign_in_to(&app, GRACE).await.unwrap_err();

    let link = Link(store.users().remove(0).id);
    let app = app!(
        MicrosoftSso::builder(config)
            .store(store.clone())
            .hooks(link)
    );
    entra.sign_in_to(&app, GRACE).await.unwrap();
    assert_eq!(store.users().len(), 1);
}

#[actix_web::test]
async fn a_taken_user_name_gets_a_number_and_at_last_the_object_id() {
    let store = MemoryStore::new();
    let config = Config::builder()
        .enabled(false)
        .allowable_domains(["*"])
        .build()
        .unwrap();
    for number in 1..=21 {
        let mut profile = Profile::new(Uuid::nil(), format!("oid-{number}"));
        // User names are compared without regard to letter case.
        let name = if number == 2 { "ADA" } else { "ada" };
        profile.user_principal_name = Some(name.to_owned());
        let sign_in = SignIn::new(profile, &config, DateTime::UNIX_EPOCH).unwrap();
        let outcome = store.sign_in(sign_in).await.unwrap();
        assert!(matches!(
            outcome,
            SignInOutcome::SignedIn(SignedInUser { is_new: true, .. })
        ));
    }
    let users = store.users();
    let names: Vec<_> = users.iter().map(|user| user.username.as_str()).collect();
    assert_eq!(names[..3], ["ada", "ADA-2", "ada-3"]);
    assert_eq!(names[18..], ["ada-19", "ada-oid-20", "ada-oid-21"]);
}

#[actix_web::test]
async fn a_deleted_user_is_signed_out_and_comes_back_as_another() {
    let entra = FakeEntra::start().unwrap();
    let store = MemoryStore::new();
    let config = settings(&entra).build().unwrap();
    let sso = MicrosoftSso::builder(config).store(store.clone()).build();
    let sso = Data::new(sso.unwrap());
    let app = App::new()
        .app_data(sso.clone())
        .configure(microsoft_sso::config)
        .route("/", web::get().to(hello))
        .wrap(sso.sessions_in(CookieSessionStore::default()));
    let app = init_service(app).await;
    let ada = entra.sign_in_to(&app, ADA).await.unwrap();
    let grace = entra.sign_in_to(&app, GRACE).await.unwrap();
    let first = store.users()[0].clone();
    assert_eq!(first.email, ADA);
    assert!(sso.delete_user(&first.id).await.unwrap());
    assert!(!sso.delete_user(&first.id).await.unwrap());
    for (cookies, status) in [(ada, StatusCode::UNAUTHORIZED), (grace, StatusCode::OK)] {
        let request = cookies
            .into_iter()
            .fold(TestRequest::get(), TestRequest::cookie);
        assert_eq!(
            call_service(&app, request.to_request()).await.status(),
            status
        );
    }
    for person in [ADA, GRACE] {
        entra.sign_in_to(&app, person).await.unwrap();
    }
    let users = store.users();
    let emails: Vec<_> = users.iter().map(|user| user.email.as_str()).collect();
    assert_eq!(emails, [GRACE, ADA]);
    assert!(users.iter().all(|user| user.id != first.id));
}
