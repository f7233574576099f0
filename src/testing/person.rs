//! A person, as the emulated Entra and Graph know them.

use ring::digest::{SHA256, digest};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::tenants::PERSONAL;

/// A person with an account in an emulated tenant.
///
/// ```
/// use microsoft_sso::testing::{CONTOSO, FakeEntra, Person};
///
/// let entra = FakeEntra::start()?;
/// let mut person = Person::new(CONTOSO, "alan@contoso.example").with_name("Alan", "Turing");
/// person.roles = vec!["Admin".to_owned()];
/// entra.add_person(person);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use]
pub struct Person {
    /// The tenant signed in to.
    pub tenant: String,
    /// The claim `oid`.
    pub oid: String,
    /// The claim `sub`.
    pub sub: String,
    /// Whether the account may sign in.
    pub is_enabled: bool,
    /// Graph's `userPrincipalName`, and the claim `preferred_username`.
    pub user_principal_name: String,
    /// Graph's `mail`.
    pub mail: Option<String>,
    /// The claim `email`; `None` means that it is `mail`.
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
    /// Graph's `id`; `None` means the `oid`, or its last 16 digits for a personal account.
    pub graph_id: Option<String>,
    /// The claim `sid`.
    pub session_id: Option<String>,
    /// The claim `roles`.
    pub roles: Vec<String>,
    /// The claim `groups`. With more than 200, the token refers to Graph instead.
    pub groups: Vec<String>,
    /// Graph's `timeZone` of the mailbox, for tokens with the scope `MailboxSettings.Read`.
    pub time_zone: String,
    /// More claims; they replace others of the same name.
    pub extra_claims: Map<String, Value>,
}

fn capitalize(word: &str) -> String {
    let mut letters = word.chars();
    let initial: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    initial + letters.as_str()
}

impl Person {
    /// A person with a user principal name. The ids are derived from it and the tenant, so they are
    /// the same in every run.
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
        let given_name = capitalize(local);
        Self {
            tenant: tenant.to_owned(),
            oid: Uuid::from_bytes(bytes).to_string(),
            sub: crate::util::crypto::hex(&seed.as_ref()[8..]),
            is_enabled: true,
            user_principal_name: user_principal_name.to_owned(),
            mail: Some(user_principal_name.to_owned()),
            email_claim: None,
            xms_edov: None,
            display_name: given_name.clone(),
            given_name: Some(given_name),
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

    /// Sets the first, last and display name.
    pub fn with_name(mut self, given: &str, surname: &str) -> Self {
        self.display_name = format!("{given} {surname}");
        self.given_name = Some(given.to_owned());
        self.surname = Some(surname.to_owned());
        self
    }

    /// Sets the mail address.
    pub fn with_mail(mut self, mail: &str) -> Self {
        self.mail = Some(mail.to_owned());
        self
    }

    /// Removes the mail address.
    pub fn without_mail(mut self) -> Self {
        self.mail = None;
        self
    }

    /// Sets the preferred language.
    pub fn with_language(mut self, language: &str) -> Self {
        self.preferred_language = Some(language.to_owned());
        self
    }

    /// Sets the photo.
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
