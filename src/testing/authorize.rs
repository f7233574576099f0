//! The authorization endpoint's checks, and the redirect back to the application.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use url::Url;
use uuid::Uuid;

use super::{
    entra::APPLICATION_ID,
    metadata::TenantPath,
    state::{Grant, State},
};

/// An authorization request that passed Entra's checks.
pub(super) struct AuthorizeRequest {
    pub(super) tenant: TenantPath,
    tenant_path: String,
    redirect_uri: Url,
    pub(super) form_post: bool,
    pub(super) prompt: Option<String>,
    pub(super) login_hint: Option<String>,
    state: Option<String>,
    nonce: String,
    scope: String,
    challenge: String,
}

/// The answer to the application: where, and which parameters.
pub(super) struct Answer {
    pub(super) redirect_uri: Url,
    pub(super) parameters: Vec<(&'static str, String)>,
}

impl Answer {
    /// As a redirect, with the parameters in the query.
    pub(super) fn url(&self) -> String {
        let mut url = self.redirect_uri.clone();
        url.query_pairs_mut().extend_pairs(&self.parameters);
        url.to_string()
    }
}

impl AuthorizeRequest {
    /// Checks what Entra checks. What is wrong with client or redirect URI is shown to the
    /// person, never sent back (RFC 6749, section 4.1.2.1).
    pub(super) fn parse(
        tenant_path: &str,
        query: &HashMap<String, String>,
    ) -> Result<Self, String> {
        let get = |name: &str| {
            query
                .get(name)
                .map(String::as_str)
                .filter(|value| !value.is_empty())
        };
        let need = |name: &str| {
            get(name).ok_or_else(|| {
                format!("AADSTS900144: The request must contain the following parameter: '{name}'.")
            })
        };
        let tenant = TenantPath::parse(tenant_path)
            .ok_or("AADSTS90002: The tenant was not found.".to_owned())?;
        if need("client_id")? != APPLICATION_ID {
            return Err("AADSTS700016: The application was not found in the directory.".to_owned());
        }
        let redirect_uri = Url::parse(need("redirect_uri")?)
            .map_err(|_| "AADSTS50011: The redirect URI is not a URL.".to_owned())?;
        if need("response_type")? != "code" {
            return Err("AADSTS700054: only response_type 'code' is enabled.".to_owned());
        }
        let scope = need("scope")?;
        if !scope.split(' ').any(|scope| scope == "openid") {
            return Err("AADSTS70011: The scope 'openid' is missing.".to_owned());
        }
        if get("code_challenge").is_some() && get("code_challenge_method") != Some("S256") {
            return Err(
                "AADSTS501491: Only the code_challenge_method S256 is taken here.".to_owned(),
            );
        }
        let form_post = match get("response_mode") {
            None | Some("query") => false,
            Some("form_post") => true,
            Some(_) => return Err("AADSTS70007: The response_mode is not supported.".to_owned()),
        };
        Ok(Self {
            tenant,
            tenant_path: tenant_path.to_owned(),
            redirect_uri,
            form_post,
            prompt: get("prompt").map(str::to_owned),
            login_hint: get("login_hint").map(str::to_owned),
            state: get("state").map(str::to_owned),
            nonce: get("nonce").unwrap_or_default().to_owned(),
            scope: scope.to_owned(),
            challenge: need("code_challenge")?.to_owned(),
        })
    }

    /// As [`Self::parse`], for the URL that a browser would open.
    pub(super) fn of_url(authorize_url: &str) -> Result<Self, String> {
        let url = Url::parse(authorize_url).map_err(|error| error.to_string())?;
        let tenant = url
            .path()
            .trim_start_matches('/')
            .split('/')
            .next()
            .unwrap_or_default();
        Self::parse(tenant, &url.query_pairs().into_owned().collect())
    }

    /// What picking a person does.
    pub(super) fn sign_in(&self, state: &mut State, username: &str) -> Result<Answer, String> {
        let person = state
            .person(username)
            .filter(|person| self.tenant.lets_in(person));
        let person = person.cloned().ok_or_else(|| {
            format!("AADSTS50034: The account {username} does not exist in the tenant.")
        })?;
        // As long as Entra's, and from the system's random bytes.
        let random: Vec<u8> = (0..24).flat_map(|_| Uuid::new_v4().into_bytes()).collect();
        let code = format!("1.AXQA{}", URL_SAFE_NO_PAD.encode(random));
        let grant = Grant {
            person,
            tenant_path: self.tenant_path.clone(),
            redirect_uri: self.redirect_uri.to_string(),
            nonce: self.nonce.clone(),
            scope: self.scope.clone(),
            challenge: self.challenge.clone(),
            issued_at: state.now(),
            redeemed: false,
        };
        state.remember_code(&code, grant);
        Ok(self.answer(vec![
            ("code", code),
            ("session_state", Uuid::new_v4().to_string()),
        ]))
    }

    /// What a refusal sends back.
    pub(super) fn refuse(&self, error: &str, description: &str) -> Answer {
        self.answer(vec![
            ("error", error.to_owned()),
            ("error_description", description.to_owned()),
        ])
    }

    fn answer(&self, mut parameters: Vec<(&'static str, String)>) -> Answer {
        if let Some(state) = &self.state {
            parameters.insert(1, ("state", state.clone()));
        }
        Answer {
            redirect_uri: self.redirect_uri.clone(),
            parameters,
        }
    }
}

/// The description of an error, as Entra words the rest of it.
pub(super) fn description(aadsts: u32, text: &str) -> String {
    let (trace, correlation) = (Uuid::new_v4(), Uuid::new_v4());
    format!(
        "AADSTS{aadsts}: {text}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: 2026-11-23 12:00:00Z"
    )
}

/// The S256 challenge of a verifier (RFC 7636, section 4.2).
pub(super) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}
