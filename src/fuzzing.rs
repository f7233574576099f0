//! Input from outside, byte for byte, into the code that reads it. The targets in `fuzz/` call these,
//! and so does a test over their corpus. Each asserts what must always hold.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "fuzzing looks for panics"
)]

use std::sync::LazyLock;

use awc::http::{
    StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use openidconnect::{JsonWebKey, Nonce, core::CoreJwsSigningAlgorithm};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    account::{decide::SignIn, policy::AccountPolicy, profile::Profile},
    graph::{groups, profile::GraphUser, response},
    http_client::response::{Response, Source},
    oidc::{
        claims::VerifiedClaims,
        id_token::{RawIdToken, Unverified},
        metadata::{self, Metadata},
        provider::Snapshot,
        refusal::EntraRefusal,
        verify::Expected,
    },
    settings::{
        choices::Prompt,
        config::{Config, Settings},
        hint::Hint,
    },
    sign_in::{attempt::CookieState, error::SignInError, state::State},
    util::{
        crypto::Sealer,
        log::chain,
        picture::{Picture, PictureUpdate},
        query::parameter,
        secret::Secret,
    },
};

const APPLICATION: &str = "00001111-aaaa-2222-bbbb-3333cccc4444";
const NONCE: &str = "nonce";
const NOW: i64 = 1_800_000_000;

static PAIR: LazyLock<RsaKeyPair> = LazyLock::new(|| {
    RsaKeyPair::from_pkcs8(include_bytes!("testing/keys/signing.pk8")).expect("our own key")
});

static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    let config = Config::builder()
        .application_id(APPLICATION)
        .client_secret("secret")
        .allowable_domains(["contoso.example"])
        .superuser_list(["boss@contoso.example"]);
    config.build().expect("valid settings").0
});

static SNAPSHOT: LazyLock<Snapshot> = LazyLock::new(|| {
    let key = PublicKeyComponents::<Vec<u8>>::from(PAIR.public_key());
    let keys = json!({ "keys": [{
        "kty": "RSA", "kid": "k",
        "n": URL_SAFE_NO_PAD.encode(&key.n), "e": URL_SAFE_NO_PAD.encode(&key.e),
        "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0",
    }] });
    let host = "https://login.microsoftonline.com/common";
    let metadata: Metadata = serde_json::from_value(json!({
        "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0",
        "authorization_endpoint": format!("{host}/authorize"),
        "token_endpoint": format!("{host}/token"),
        "jwks_uri": format!("{host}/keys"),
    }))
    .expect("valid metadata");
    let keys = serde_json::from_value(keys).expect("valid keys");
    Snapshot::new(metadata, keys, now())
});

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).expect("a time")
}

fn fits_one_line(text: &str) {
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

/// The query of a callback, as it is; and as what a sealed value might hold.
pub fn callback(data: &[u8]) {
    static SEALER: LazyLock<Sealer> = LazyLock::new(|| Sealer::new(&[1; 64], &[]).expect("a key"));
    let query = String::from_utf8_lossy(data);
    let of = |name: &str| parameter(&query, name).unwrap_or_default();
    let state = State::open(&SEALER, &of("state"));
    assert!(state.is_none(), "nobody without the key seals a state");
    let refusal = EntraRefusal::new(&of("error"), &of("error_description"));
    let (_, _) = (refusal.remedy(), refusal.needs_interaction());
    fits_one_line(&chain(&SignInError::Refused(refusal)));
    let _ = (Prompt::parse(&of("prompt")), Hint::parse(of("login_hint")));

    let sealed = SEALER.seal("state", data).unwrap();
    if let Some(state) = State::open(&SEALER, &sealed) {
        for rest in [None, Some(query.as_ref())] {
            let next = state.next.join(rest);
            assert!(next.as_str().starts_with('/') && !next.as_str().starts_with("//"));
            fits_one_line(next.as_str());
        }
    }
    let sealed = SEALER.seal("slot", data).unwrap();
    if let Some(state) = CookieState::open(&SEALER, "slot", &sealed) {
        let _ = state.at();
    }
}

/// The claims of an ID token, which is signed as it should be; with a dot first, the token whole.
pub fn id_token(data: &[u8]) {
    let token = match data.split_first() {
        Some((b'.', whole)) => String::from_utf8_lossy(whole).into_owned(),
        _ => signed(data),
    };
    let Ok(unverified) = Unverified::read(&RawIdToken::new(token)) else {
        return;
    };
    match expected().verify(&SNAPSHOT, &unverified, &Secret::new("access")) {
        Ok(claims) => {
            assert!(!claims.subject().is_empty() && !claims.object_id().is_empty());
            signs_in(&claims, None);
        }
        Err(error) => fits_one_line(&chain(&error)),
    }
}

fn expected() -> Expected<'static> {
    static EXPECTED: LazyLock<Nonce> = LazyLock::new(|| Nonce::new(NONCE.to_owned()));
    Expected {
        settings: &SETTINGS,
        nonce: Some(&EXPECTED),
        now: now(),
    }
}

fn signed(claims: &[u8]) -> String {
    let header = URL_SAFE_NO_PAD.encode(br#"{"alg":"RS256","kid":"k","typ":"JWT"}"#);
    let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
    let mut signature = vec![0; PAIR.public().modulus_len()];
    PAIR.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        message.as_bytes(),
        &mut signature,
    )
    .expect("a signature");
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A response whose headers hold its body, too.
fn response(status: StatusCode, body: &[u8]) -> Response {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(body) {
        headers.insert(HeaderName::from_static("request-id"), value);
    }
    Response {
        source: Source::new("https://a.example/b?c", status, &headers),
        body: body.to_vec(),
    }
}

/// An error document; or the discovery document and, after a NUL, the key document.
pub fn metadata(data: &[u8]) {
    if let Some(refusal) = EntraRefusal::from_document(data) {
        fits_one_line(&refusal.to_string());
    }
    let mut documents = data.splitn(2, |byte| *byte == 0);
    let mut next = || documents.next().unwrap_or_default();
    match metadata::metadata(&response(StatusCode::OK, next()), &SETTINGS.authority) {
        Ok(metadata) => {
            for url in [&metadata.token_endpoint, &metadata.jwks_uri] {
                assert_eq!(url.scheme(), "https");
            }
        }
        Err(error) => fits_one_line(&chain(&error)),
    }
    let Ok(keys) = metadata::keys(&response(StatusCode::OK, next())) else {
        return;
    };
    for key in keys.keys() {
        let rs256 = CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
        let forged = key.verify_signature(&rs256, b"message", b"signature");
        assert!(forged.is_err());
        let _ = (key.has_id("k"), key.may_sign_for("https://h/t/v2.0", "t"));
    }
}

/// What Graph answers, by its first byte: a profile, groups, or a photo.
pub fn graph(data: &[u8]) {
    let Some((kind, body)) = data.split_first() else {
        return;
    };
    let status = match kind & 0x80 {
        0 => StatusCode::OK,
        _ => StatusCode::FORBIDDEN,
    };
    let response = response(status, body);
    let error = match kind % 3 {
        0 => response::json::<GraphUser>(&response, "")
            .map(|user| signs_in(&VerifiedClaims::bare(Uuid::from_u128(1)), Some(user)))
            .err(),
        1 => groups::parse(&response).err(),
        _ => {
            if let Some(picture) = Picture::sniff(response.body) {
                assert!(picture.data_url().starts_with("data:image/"));
            }
            None
        }
    };
    if let Some(error) = error {
        fits_one_line(&chain(&error));
    }
}

/// What comes of a person, as far as the database's columns go.
fn signs_in(claims: &VerifiedClaims, user: Option<GraphUser>) {
    let policy = AccountPolicy::new(&SETTINGS);
    let profile = Profile::from_claims(claims, user, PictureUpdate::Remove, None, &policy);
    fits_one_line(&profile.first_name);
    fits_one_line(&profile.last_name);
    let email = profile.email.as_deref().unwrap_or_default();
    assert!(email.len() <= 254);
    fits_one_line(email);
    let sign_in = SignIn::by_policy(profile.into(), policy.into(), now());
    let _ = sign_in.expect("random bytes").decide(None);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    type Target = fn(&[u8]);

    #[test]
    fn whatever_was_found_by_fuzzing_is_read_without_harm() {
        let targets: [(&str, Target); 4] = [
            ("callback", super::callback),
            ("id_token", super::id_token),
            ("metadata", super::metadata),
            ("graph", super::graph),
        ];
        for (name, target) in targets {
            let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
            let mut inputs = 0;
            for entry in std::fs::read_dir(corpus.join(name)).unwrap() {
                target(&std::fs::read(entry.unwrap().path()).unwrap());
                inputs += 1;
            }
            assert!(inputs > 5, "{name} has no corpus");
        }
    }

    #[test]
    fn the_corpus_holds_what_is_let_in() {
        // A fuzz target that never gets past its first check finds nothing.
        let corpus = |path: &str| {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
            std::fs::read(root.join(path)).unwrap()
        };
        let token = super::signed(&corpus("id_token/good"));
        let unverified = super::Unverified::read(&super::RawIdToken::new(token)).unwrap();
        let access_token = super::Secret::new("access");
        let expected = super::expected();
        let verified = expected.verify(&super::SNAPSHOT, &unverified, &access_token);
        verified.unwrap();
        let documents = corpus("metadata/good");
        let mut documents = documents.splitn(2, |byte| *byte == 0);
        let authority = &super::SETTINGS.authority;
        let mut next = || super::response(super::StatusCode::OK, documents.next().unwrap());
        super::metadata::metadata(&next(), authority).unwrap();
        super::metadata::keys(&next()).unwrap();
        let user: super::GraphUser = serde_json::from_slice(&corpus("graph/good")[1..]).unwrap();
        assert_eq!(user.id, "oid");
    }
}
