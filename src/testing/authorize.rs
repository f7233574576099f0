//! The authorization request, with the checks that Entra makes, and the response to it.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use url::Url;
use uuid::Uuid;

use super::{
    entra_error_page::EntraErrorPage, issued::CodeGrant, person::Person,
    registration::APPLICATION_ID, state::State, tenant_path::TenantPath,
};

/// An authorization request that passed Entra's checks.
pub(super) struct AuthorizationRequest {
    tenant: TenantPath,
    tenant_path: String,
    redirect_uri: Url,
    form_post: bool,
    pub(super) prompt: Option<String>,
    pub(super) login_hint: Option<String>,
    state: Option<String>,
    nonce: String,
    scope: String,
    code_challenge: String,
    /// The authentication context that is asked for the ID token.
    auth_context: Option<String>,
}

/// What the browser brings back to the application.
pub(super) struct AuthorizationResponse {
    pub(super) redirect_uri: Url,
    pub(super) form_post: bool,
    pub(super) parameters: Vec<(&'static str, String)>,
}

impl AuthorizationResponse {
    /// The redirect URI with the parameters in its query.
    pub(super) fn url(&self) -> Url {
        let mut url = self.redirect_uri.clone();
        url.query_pairs_mut().extend_pairs(&self.parameters);
        url
    }
}

impl AuthorizationRequest {
    /// Checks what Entra checks. Entra shows an error to the person: it must not redirect to an
    /// unverified URI (RFC 6749, section 4.1.2.1).
    pub(super) fn parse(
        tenant_path: &str,
        query: &HashMap<String, String>,
    ) -> Result<Self, EntraErrorPage> {
        let get = |name: &str| {
            query
                .get(name)
                .map(String::as_str)
                .filter(|value| !value.is_empty())
        };
        let require = |name: &str| {
            get(name).ok_or_else(|| {
                EntraErrorPage::new(format!(
                    "AADSTS900144: The request must contain the following parameter: '{name}'."
                ))
            })
        };
        let tenant = TenantPath::parse(tenant_path)
            .ok_or_else(|| EntraErrorPage::new("AADSTS90002: The tenant was not found."))?;
        if require("client_id")? != APPLICATION_ID {
            return Err(EntraErrorPage::new(
                "AADSTS700016: The application was not found in the directory.",
            ));
        }
        let redirect_uri = Url::parse(require("redirect_uri")?)
            .map_err(|_| EntraErrorPage::new("AADSTS50011: The redirect URI is not a URL."))?;
        if require("response_type")? != "code" {
            return Err(EntraErrorPage::new(
                "AADSTS700054: only response_type 'code' is enabled.",
            ));
        }
        let scope = require("scope")?;
        if !scope.split(' ').any(|scope| scope == "openid") {
            return Err(EntraErrorPage::new(
                "AADSTS70011: The scope 'openid' is missing.",
            ));
        }
        if get("code_challenge").is_some() && get("code_challenge_method") != Some("S256") {
            return Err(EntraErrorPage::new(
                "AADSTS501491: Only the code_challenge_method S256 is taken here.",
            ));
        }
        let form_post = match get("response_mode") {
            None | Some("query") => false,
            Some("form_post") => true,
            Some(_) => {
                return Err(EntraErrorPage::new(
                    "AADSTS70007: The response_mode is not supported.",
                ));
            }
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
            code_challenge: require("code_challenge")?.to_owned(),
            auth_context: auth_context(get("claims"))?,
        })
    }

    /// Parses the URL that a browser would open.
    pub(super) fn from_url(authorize_url: &str) -> Result<Self, EntraErrorPage> {
        let url =
            Url::parse(authorize_url).map_err(|error| EntraErrorPage::new(error.to_string()))?;
        let tenant = url
            .path()
            .trim_start_matches('/')
            .split('/')
            .next()
            .unwrap_or_default();
        Self::parse(tenant, &url.query_pairs().into_owned().collect())
    }

    /// Whether an account of this person can sign in here.
    pub(super) fn admits(&self, person: &Person) -> bool {
        self.tenant.admits(person)
    }

    /// Signs a person in: issues a code.
    pub(super) fn sign_in(
        &self,
        state: &mut State,
        username: &str,
    ) -> Result<AuthorizationResponse, EntraErrorPage> {
        let person = state.person(username).filter(|person| self.admits(person));
        let person = person.cloned().ok_or_else(|| {
            EntraErrorPage::new(format!(
                "AADSTS50034: The account {username} does not exist in the tenant."
            ))
        })?;
        if !person.is_enabled {
            return Err(EntraErrorPage::new(
                "AADSTS50057: The user account is disabled.",
            ));
        }
        state.accounts.consent(&person, &self.scope);
        let is_asked = self.prompt.as_deref() == Some("login");
        let now = state.now();
        state.accounts.authenticate(&person, now, is_asked);
        // As long as Entra's codes. UUIDs take their bytes from the system's random source.
        let random: Vec<u8> = (0..24).flat_map(|_| Uuid::new_v4().into_bytes()).collect();
        let code = format!("1.AXQA{}", URL_SAFE_NO_PAD.encode(random));
        let grant = CodeGrant {
            person,
            tenant_path: self.tenant_path.clone(),
            redirect_uri: self.redirect_uri.to_string(),
            nonce: self.nonce.clone(),
            scope: self.scope.clone(),
            code_challenge: self.code_challenge.clone(),
            auth_context: self.auth_context.clone(),
            issued_at: state.now(),
            redeemed: false,
        };
        state.codes.insert(&code, grant);
        Ok(self.response(vec![
            ("code", code),
            ("session_state", Uuid::new_v4().to_string()),
        ]))
    }

    /// Refuses the sign-in with an error for the application.
    pub(super) fn refuse(&self, error: &str, description: &str) -> AuthorizationResponse {
        self.response(vec![
            ("error", error.to_owned()),
            ("error_description", description.to_owned()),
        ])
    }

    fn response(&self, mut parameters: Vec<(&'static str, String)>) -> AuthorizationResponse {
        if let Some(state) = &self.state {
            parameters.insert(1, ("state", state.clone()));
        }
        AuthorizationResponse {
            redirect_uri: self.redirect_uri.clone(),
            form_post: self.form_post,
            parameters,
        }
    }
}

/// The authentication context in the parameter `claims`.
fn auth_context(claims: Option<&str>) -> Result<Option<String>, EntraErrorPage> {
    let Some(claims) = claims else {
        return Ok(None);
    };
    let claims: Map<String, Value> = serde_json::from_str(claims).map_err(|_| {
        EntraErrorPage::new("AADSTS9002350: The 'claims' parameter is no JSON object.")
    })?;
    let acrs = claims.get("id_token").and_then(|claims| claims.get("acrs"));
    let value = acrs.and_then(|acrs| acrs.get("value")?.as_str());
    Ok(value.map(str::to_owned))
}
