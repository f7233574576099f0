//! The token endpoint: Entra's checks of client and code, and the tokens it issues.

use std::collections::HashMap;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Form, Path},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    client_assertion,
    error_document::error_document,
    id_token::{TokenContext, TokenParts},
    issued::{AccessToken, CodeGrant},
    person::Person,
    pkce::s256_challenge,
    refresh_grant::RefreshGrant,
    registration::APPLICATION_ID,
    state::{SharedState, State},
};

/// In seconds.
const CODE_LIFETIME: i64 = 600;

/// In seconds. Entra's own is random, between 60 and 90 minutes.
const ACCESS_TOKEN_LIFETIME: i64 = 4367;

/// An error response: status, `error`, AADSTS number, text.
struct TokenError(StatusCode, &'static str, u32, &'static str);

impl TokenError {
    fn bad_request(error: &'static str, aadsts: u32, text: &'static str) -> Self {
        Self(StatusCode::BAD_REQUEST, error, aadsts, text)
    }
}

pub(super) async fn token(
    req: HttpRequest,
    state: Data<SharedState>,
    path: Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> HttpResponse {
    let mut state = state.lock();
    if form
        .get("grant_type")
        .is_some_and(|grant| grant == "client_credentials")
    {
        return client_credentials(&req, &mut state, &path, &form);
    }
    match redeem(&req, &mut state, &path, &form) {
        Ok(granted) => issue_tokens(&mut state, &granted),
        Err(TokenError(status, error, aadsts, text)) => error_document(status, error, aadsts, text),
    }
}

/// Client id and secret, from the body or from HTTP Basic (RFC 6749, section 2.3.1).
fn credentials(req: &HttpRequest, form: &HashMap<String, String>) -> (String, Option<String>) {
    let basic = || {
        let header = req.headers().get("authorization")?.to_str().ok()?;
        let decoded = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        let (id, secret) = text.split_once(':')?;
        let decode = |text: &str| {
            url::form_urlencoded::parse(text.as_bytes())
                .next()
                .map(|(text, _)| text.into_owned())
                .unwrap_or_default()
        };
        Some((decode(id), Some(decode(secret))))
    };
    let posted = || {
        let id = form.get("client_id").cloned().unwrap_or_default();
        (id, form.get("client_secret").cloned())
    };
    basic().unwrap_or_else(posted)
}

/// Authenticates the client.
fn check_client(
    req: &HttpRequest,
    state: &mut State,
    tenant_path: &str,
    form: &HashMap<String, String>,
) -> Result<(), TokenError> {
    if req.headers().contains_key("origin") {
        let text = "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type.";
        return Err(TokenError::bad_request("invalid_request", 9002326, text));
    }
    let (id, secret) = credentials(req, form);
    if id != APPLICATION_ID {
        let text = "Application was not found in the directory.";
        return Err(TokenError::bad_request("unauthorized_client", 700016, text));
    }
    let error = |aadsts, text| TokenError(StatusCode::UNAUTHORIZED, "invalid_client", aadsts, text);
    if let Some(assertion) = form.get("client_assertion") {
        let kind = form.get("client_assertion_type").map(String::as_str);
        if kind != Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            || secret.is_some()
        {
            return Err(error(
                90023,
                "Invalid client_assertion_type, or a secret as well.",
            ));
        }
        let endpoint = format!("{}/{tenant_path}/oauth2/v2.0/token", state.base_url);
        let checked = client_assertion::check(assertion, &endpoint, state);
        return checked.map_err(|(aadsts, text)| error(aadsts, text));
    }
    match secret.as_deref() {
        Some(secret) if secret == state.client_secret => Ok(()),
        None => Err(error(
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )),
        Some(_) => Err(error(
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.",
        )),
    }
}

/// Checks a code; the error is an AADSTS number and its text.
fn check_code(
    grant: &CodeGrant,
    tenant_path: &str,
    form: &HashMap<String, String>,
    now: i64,
) -> Result<(), (u32, &'static str)> {
    let get = |name: &str| form.get(name).map_or("", String::as_str);
    if grant.redeemed {
        Err((
            54005,
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code.",
        ))
    } else if now - grant.issued_at > CODE_LIFETIME {
        Err((70008, "The provided authorization code has expired."))
    } else if !grant.tenant_path.eq_ignore_ascii_case(tenant_path) {
        Err((
            700005,
            "Provided Authorization Code is intended to use against other tenant.",
        ))
    } else if grant.redirect_uri != get("redirect_uri") {
        Err((
            500112,
            "The reply address does not match the reply address provided when requesting Authorization code.",
        ))
    } else if grant.code_challenge != s256_challenge(get("code_verifier")) {
        Err((
            501481,
            "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        ))
    } else {
        Ok(())
    }
}

/// A token of the application's own. Entra gives it for one tenant.
fn client_credentials(
    req: &HttpRequest,
    state: &mut State,
    tenant_path: &str,
    form: &HashMap<String, String>,
) -> HttpResponse {
    if let Err(TokenError(status, error, aadsts, text)) =
        check_client(req, state, tenant_path, form)
    {
        return error_document(status, error, aadsts, text);
    }
    let is_default = form
        .get("scope")
        .is_some_and(|scope| scope.ends_with("/.default"));
    if !is_default || ["common", "organizations", "consumers"].contains(&tenant_path) {
        let text = "The scope, or the tenant, isn't that of a client credentials request.";
        return error_document(StatusCode::BAD_REQUEST, "invalid_request", 1_002_012, text);
    }
    HttpResponse::Ok().json(json!({
        "token_type": "Bearer",
        "expires_in": ACCESS_TOKEN_LIFETIME,
        "access_token": access_token(state.access_token_length),
    }))
}

/// What tokens are issued for.
struct Granted {
    person: Person,
    scope: String,
    nonce: Option<String>,
    auth_context: Option<String>,
}

/// Redeems a code or a refresh token.
fn redeem(
    req: &HttpRequest,
    state: &mut State,
    tenant_path: &str,
    form: &HashMap<String, String>,
) -> Result<Granted, TokenError> {
    check_client(req, state, tenant_path, form)?;
    let invalid_grant = |(aadsts, text)| TokenError::bad_request("invalid_grant", aadsts, text);
    match form.get("grant_type").map(String::as_str) {
        Some("authorization_code") => redeem_code(state, tenant_path, form).map_err(invalid_grant),
        Some("refresh_token") => refresh(state, form).map_err(invalid_grant),
        _ => Err(TokenError::bad_request(
            "unsupported_grant_type",
            70003,
            "The app requested an unsupported grant type.",
        )),
    }
}

const MALFORMED: (u32, &str) = (9002313, "Invalid request. Request is malformed or invalid.");

fn redeem_code(
    state: &mut State,
    tenant_path: &str,
    form: &HashMap<String, String>,
) -> Result<Granted, (u32, &'static str)> {
    let now = state.now();
    let code = form.get("code").map_or("", String::as_str);
    let grant = state.codes.get_mut(code).ok_or(MALFORMED)?;
    check_code(grant, tenant_path, form, now)?;
    grant.redeemed = true;
    Ok(Granted {
        person: grant.person.clone(),
        scope: grant.scope.clone(),
        nonce: Some(grant.nonce.clone()),
        auth_context: grant.auth_context.clone(),
    })
}

/// The refresh token stays valid when it is used.
fn refresh(state: &State, form: &HashMap<String, String>) -> Result<Granted, (u32, &'static str)> {
    let token = form.get("refresh_token").map_or("", String::as_str);
    let grant = state.refresh_tokens.get(token).ok_or(MALFORMED)?;
    let missing = (
        900_144,
        "The request body must contain the following parameter: 'scope'.",
    );
    let scope = form
        .get("scope")
        .filter(|scope| !scope.is_empty())
        .ok_or(missing)?;
    Ok(Granted {
        person: grant.person(&state.people, &state.accounts, state.now(), scope)?,
        scope: scope.clone(),
        nonce: None,
        auth_context: None,
    })
}

/// A random string that looks like an access token. Only Graph may read its content.
fn access_token(length: usize) -> String {
    let mut token = format!("eyJ0eXAiOiJKV1QifQ.{}", random_text(length));
    token.truncate(length.max(64));
    token
}

/// Of this length at least.
fn random_text(length: usize) -> String {
    let uuids = (0..=length / 21).flat_map(|_| Uuid::new_v4().into_bytes());
    URL_SAFE_NO_PAD.encode(uuids.collect::<Vec<_>>())
}

fn issue_tokens(state: &mut State, grant: &Granted) -> HttpResponse {
    let base_url = state.base_url.clone();
    let scopes: Vec<&str> = grant.scope.split(' ').collect();
    let context = TokenContext {
        base_url: &base_url,
        issuer: &state.issuer(&grant.person.tenant),
        nonce: grant.nonce.as_deref(),
        has_email_scope: scopes.contains(&"email"),
        now: state.now(),
    };
    let mut parts = TokenParts::new(&grant.person, &state.keys, &context);
    let optional = |name: &str| state.optional_claims.iter().any(|claim| claim == name);
    if let Some(at) = state.accounts.authenticated_at(&grant.person.oid)
        && optional("auth_time")
    {
        parts.claims.insert("auth_time".to_owned(), json!(at));
    }
    if let Some(auth_context) = &grant.auth_context
        && optional("acrs")
    {
        parts
            .claims
            .insert("acrs".to_owned(), json!([auth_context]));
    }
    if let Some(tamper) = &state.tamper {
        tamper(&mut parts);
    }
    let id_token = parts.sign(&state.keys);
    let access_token = access_token(state.access_token_length);
    let expires_at = state.now() + ACCESS_TOKEN_LIFETIME;
    let issued = AccessToken::new(&grant.person, &grant.scope, expires_at);
    state.access_tokens.insert(&access_token, issued);
    let mut response = json!({
        "token_type": "Bearer",
        "scope": grant.scope,
        "expires_in": ACCESS_TOKEN_LIFETIME,
        "ext_expires_in": ACCESS_TOKEN_LIFETIME,
        "access_token": access_token,
        "id_token": id_token,
    });
    if scopes.contains(&"offline_access") {
        let token = format!("1.AXQA{}", random_text(900));
        let issued = RefreshGrant::new(&grant.person, &state.accounts, state.now());
        state.refresh_tokens.insert(&token, issued);
        response["refresh_token"] = json!(token);
    }
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store, no-cache"))
        .json(response)
}
