//! The people of the emulated tenants.

use ring::digest::{SHA256, digest};
use serde_json::{Map, Value};
use uuid::Uuid;

/// The tenant Contoso, of `contoso.example`.
pub const CONTOSO: &str = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490";
/// The tenant Fabrikam, of `fabrikam.example`.
pub const FABRIKAM: &str = "1c57a2ab-64cb-4d73-8a6e-2a5a0b4f1e5d";
/// The tenant of personal Microsoft accounts.
pub const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// The tenants that a domain stands for.
pub(super) const DOMAINS: &[(&str, &str)] = &[
    ("contoso.example", CONTOSO),
    ("contoso.onmicrosoft.example", CONTOSO),
    ("fabrikam.example", FABRIKAM),
];

/// A person, as the emulated Entra and Graph know them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Person {
    /// The tenant signed in to.
    pub tenant: String,
    /// The claim `oid`.
    pub oid: String,
    /// The claim `sub`.
    pub sub: String,
    /// Graph's `userPrincipalName`, and the claim `preferred_username`.
    pub user_principal_name: String,
    /// Graph's `mail`.
    pub mail: Option<String>,
    /// The claim `email`; `mail` where there is none.
    pub email_claim: Option<String>,
    /// The claim `xms_edov`, of any JSON type.
    pub xms_edov: Option<Value>,
    /// Graph's `displayName`, and the claim `name`.
    pub display_name: String,
    /// Graph's `givenName`.
    pub given_name: Option<String>,
    /// Graph's `surname`.
    pub surname: Option<String>,
    /// Graph's `preferredLanguage`.
    pub preferred_language: Option<String>,
    /// The photo's bytes.
    pub photo: Option<Vec<u8>>,
    /// Graph's `id`; by default the `oid`, or its last 16 digits for a personal account.
    pub graph_id: Option<String>,
    /// The claim `sid`.
    pub session_id: Option<String>,
    /// The claim `roles`.
    pub roles: Vec<String>,
    /// The claim `groups`. More than 200 are too many for it: the token points to Graph instead.
    pub groups: Vec<String>,
    /// Graph's `timeZone` of the mailbox, for tokens with the scope `MailboxSettings.Read`.
    pub time_zone: String,
    /// Further claims, which go before the others.
    pub extra_claims: Map<String, Value>,
}

impl Person {
    /// A person with a user name, and with ids made from tenant and name: the same at each start.
    pub fn new(tenant: &str, user_principal_name: &str) -> Self {
        let seed = digest(
            &SHA256,
            format!("{tenant}/{user_principal_name}").as_bytes(),
        );
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&seed.as_ref()[..16]);
        if tenant == PERSONAL {
            bytes[..8].fill(0);
        }
        let local = user_principal_name.split('@').next().unwrap_or_default();
        let mut letters = local.chars();
        let initial: String = letters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .collect();
        let given = initial + letters.as_str();
        Self {
            tenant: tenant.to_owned(),
            oid: Uuid::from_bytes(bytes).to_string(),
            sub: crate::picture::hex(&seed.as_ref()[8..]),
            user_principal_name: user_principal_name.to_owned(),
            mail: Some(user_principal_name.to_owned()),
            email_claim: None,
            xms_edov: None,
            display_name: given.clone(),
            given_name: Some(given),
            surname: None,
            preferred_language: None,
            photo: None,
            graph_id: None,
            session_id: Some(Uuid::from_bytes(bytes).to_string()),
            roles: Vec::new(),
            groups: Vec::new(),
            time_zone: "UTC".to_owned(),
            extra_claims: Map::new(),
        }
    }

    /// With first and last name.
    #[must_use]
    pub fn with_name(mut self, given: &str, surname: &str) -> Self {
        self.display_name = format!("{given} {surname}");
        self.given_name = Some(given.to_owned());
        self.surname = Some(surname.to_owned());
        self
    }

    /// With a mail address.
    #[must_use]
    pub fn with_mail(mut self, mail: &str) -> Self {
        self.mail = Some(mail.to_owned());
        self
    }

    /// Without a mail address.
    #[must_use]
    pub fn without_mail(mut self) -> Self {
        self.mail = None;
        self
    }

    /// With a preferred language.
    #[must_use]
    pub fn with_language(mut self, language: &str) -> Self {
        self.preferred_language = Some(language.to_owned());
        self
    }

    /// With a photo.
    #[must_use]
    pub fn with_photo(mut self, photo: &[u8]) -> Self {
        self.photo = Some(photo.to_vec());
        self
    }

    pub(super) fn is_personal(&self) -> bool {
        self.tenant == PERSONAL
    }

    pub(super) fn graph_id(&self) -> String {
        match &self.graph_id {
            Some(id) => id.clone(),
            None if self.is_personal() => {
                let digits = self.oid.replace('-', "");
                digits.get(16..).unwrap_or_default().to_owned()
            }
            None => self.oid.clone(),
        }
    }
}

/// The people who are there at the start.
pub(super) fn stock() -> Vec<Person> {
    let blue = include_bytes!("photos/blue.png");
    let green = include_bytes!("photos/green.png");
    vec![
        Person::new(CONTOSO, "ada@contoso.example")
            .with_name("Ada", "Lovelace")
            .with_language("en-GB")
            .with_photo(blue),
        Person::new(CONTOSO, "grace@contoso.example")
            .with_name("Grace", "Hopper")
            .with_language("en-US"),
        Person::new(CONTOSO, "li@contoso.example")
            .with_name("丽", "张")
            .with_language("zh-Hans-CN")
            .with_photo(green),
        Person::new(
            CONTOSO,
            "guest_mail.example#EXT#@contoso.onmicrosoft.example",
        )
        .with_name("Gustave", "Guest")
        .with_mail("guest@mail.example"),
        Person::new(CONTOSO, "nomail@contoso.example")
            .with_name("Noel", "Nomail")
            .without_mail(),
        Person::new(FABRIKAM, "frank@fabrikam.example")
            .with_name("Frank", "Fabrikant")
            .with_language("de-DE"),
        Person::new(PERSONAL, "pat@mail.example")
            .with_name("Pat", "Personal")
            .without_mail(),
    ]
}
