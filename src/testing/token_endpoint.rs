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
    pkce::s256_challenge,
    registration::APPLICATION_ID,
    state::{SharedState, State},
};

/// In seconds.
const CODE_LIFETIME: i64 = 600;

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
    match redeem(&req, &mut state, &path, &form) {
        Ok(grant) => issue_tokens(&mut state, &grant),
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

/// Redeems the code for what it was issued for.
fn redeem(
    req: &HttpRequest,
    state: &mut State,
    tenant_path: &str,
    form: &HashMap<String, String>,
) -> Result<CodeGrant, TokenError> {
    check_client(req, state, tenant_path, form)?;
    let get = |name: &str| form.get(name).map_or("", String::as_str);
    if get("grant_type") != "authorization_code" {
        let text = "The app requested an unsupported grant type.";
        return Err(TokenError::bad_request(
            "unsupported_grant_type",
            70003,
            text,
        ));
    }
    let now = state.now();
    let invalid_grant = |(aadsts, text)| TokenError::bad_request("invalid_grant", aadsts, text);
    let malformed = (9002313, "Invalid request. Request is malformed or invalid.");
    let grant = state
        .codes
        .get_mut(get("code"))
        .ok_or_else(|| invalid_grant(malformed))?;
    check_code(grant, tenant_path, form, now).map_err(invalid_grant)?;
    grant.redeemed = true;
    Ok(grant.clone())
}

/// A random string that looks like an access token. Only Graph may read its content.
fn access_token(length: usize) -> String {
    let mut random = Vec::with_capacity(length);
    while random.len() < length * 3 / 4 {
        random.extend(Uuid::new_v4().into_bytes());
    }
    let mut token = format!("eyJ0eXAiOiJKV1QifQ.{}", URL_SAFE_NO_PAD.encode(random));
    token.truncate(length.max(64));
    token
}

fn issue_tokens(state: &mut State, grant: &CodeGrant) -> HttpResponse {
    let base_url = state.base_url.clone();
    let scopes: Vec<&str> = grant.scope.split(' ').collect();
    let context = TokenContext {
        base_url: &base_url,
        issuer: &state.issuer(&grant.person.tenant),
        nonce: &grant.nonce,
        has_email_scope: scopes.contains(&"email"),
        now: state.now(),
    };
    let mut parts = TokenParts::new(&grant.person, &state.keys, &context);
    if let Some(tamper) = &state.tamper {
        tamper(&mut parts);
    }
    let id_token = parts.sign(&state.keys);
    let access_token = access_token(state.access_token_length);
    state
        .access_tokens
        .insert(&access_token, AccessToken::new(&grant.person, &grant.scope));
    let mut response = json!({
        "token_type": "Bearer",
        "scope": grant.scope,
        "expires_in": 4367,
        "ext_expires_in": 4367,
        "access_token": access_token,
        "id_token": id_token,
    });
    if scopes.contains(&"offline_access") {
        response["refresh_token"] = json!(format!("1.AXQA{}", Uuid::new_v4().simple()));
    }
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store, no-cache"))
        .json(response)
}
