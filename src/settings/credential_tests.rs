//! Which credential is used, and what is said at start of one that can't be.

use std::fs;

use tempfile::TempDir;

use super::{builder::ConfigBuilder, config::Config, credential::CredentialSettings};
use crate::util::client_certificate::{CertificateProblem, ClientCertificate};

const APPLICATION: &str = "00001111-aaaa-2222-bbbb-3333cccc4444";
const IDENTITY: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
const TENANT: &str = "11112222-3333-4444-5555-666677778888";

/// A key and its certificate, and a certificate of another key.
const GOOD: &str = include_str!("../../tests/support/client.pem");
const OTHER_KEY: &str = include_str!("../../tests/support/other_key.pem");
const ELLIPTIC: &str = include_str!("../../tests/support/elliptic.pem");

fn builder() -> ConfigBuilder {
    Config::builder().application_id(APPLICATION)
}

/// The problems of the settings, each with the name of the setting.
fn problems(builder: ConfigBuilder) -> Vec<String> {
    let Err(error) = builder.build() else {
        return Vec::new();
    };
    let problems = error.problems().iter();
    problems
        .map(|problem| format!("{}: {}", problem.setting, problem.problem))
        .collect()
}

fn used(builder: ConfigBuilder) -> &'static str {
    match builder.build().unwrap().0.credential.unwrap() {
        CredentialSettings::Certificate(_) => "certificate",
        CredentialSettings::FederatedToken(_) => "federated",
        CredentialSettings::ManagedIdentity(_) => "managed",
        CredentialSettings::Secret { .. } => "secret",
    }
}

#[test]
fn one_credential_is_needed_and_of_several_the_strongest_is_used() {
    let missing = problems(builder());
    assert_eq!(missing, ["client_secret: it is missing"]);
    let dir = TempDir::new().unwrap();
    let pem = dir.path().join("client.pem");
    fs::write(&pem, GOOD).unwrap();
    let all = builder().client_secret("value");
    assert_eq!(used(all.clone()), "secret");
    let all = all.managed_identity(IDENTITY);
    assert_eq!(used(all.clone()), "managed");
    let all = all.federated_token_file("/var/run/token");
    assert_eq!(used(all.clone()), "federated");
    assert_eq!(
        used(all.client_certificate(pem.to_str().unwrap())),
        "certificate"
    );
}

#[test]
fn a_secret_and_its_file_at_once_are_a_mistake_and_so_is_a_file_without_one() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("secret");
    fs::write(&file, "\n").unwrap();
    let path = file.to_str().unwrap();
    let both = builder().client_secret("value").client_secret_file(path);
    assert_eq!(
        problems(both),
        ["client_secret_file: `client_secret` is set as well"]
    );
    let empty = problems(builder().client_secret_file(path));
    assert_eq!(
        empty,
        [format!("client_secret_file: the file {path} is empty")]
    );
    let missing = problems(builder().client_secret_file("/nowhere/secret"));
    assert!(
        missing.len() == 1 && missing[0].contains("the file /nowhere/secret can't be read"),
        "{missing:?}"
    );
    fs::write(&file, "value\r\n").unwrap();
    assert_eq!(
        used(builder().variables([("client_secret_file", path)])),
        "secret"
    );
    // The other secrets have files, too, and are told like them.
    let key = "k3y-9fQ2xLr7Vb0kWz4JmYcT8uHsNdGe1PoAi6RtKqXw3MvBy5ZlEhUjCpSgDn-x";
    fs::write(&file, format!("{key}\n")).unwrap();
    let config = builder().client_secret("value").secret_key_file(path);
    let config = config.secret_key_previous_file(path).build().unwrap();
    assert_eq!(config.0.secret_key.expose(), key);
    assert_eq!(config.0.secret_key_previous.len(), 1);
    let shown = format!("{config:?}");
    assert!(!shown.contains(key), "{shown}");
    // A key that can be guessed would open sessions.
    for weak in ["old", "a-key-of-two", &"x".repeat(64)] {
        let weak = builder().client_secret("value").secret_key_previous([weak]);
        assert!(problems(weak)[0].starts_with("secret_key_previous: "));
    }
    fs::write(&file, format!("{}\n{}\n", &key[..40], &key[40..])).unwrap();
    let broken = builder()
        .client_secret("value")
        .secret_key_previous_file(path);
    assert_eq!(
        problems(broken).len(),
        2,
        "a key on two lines is no two keys"
    );
    let listed = builder().client_secret("value").secret_key_previous([key]);
    assert!(!format!("{listed:?}").contains(key));
}

#[test]
fn what_is_wrong_with_a_certificate_is_said_at_start() {
    for (pem, problem) in [
        ("", CertificateProblem::NoKey),
        (ELLIPTIC, CertificateProblem::KeyKind),
        (OTHER_KEY, CertificateProblem::OtherKey),
        (
            GOOD.split("-----BEGIN CERTIFICATE").next().unwrap(),
            CertificateProblem::NoCertificate,
        ),
    ] {
        let found = ClientCertificate::from_pem(pem.as_bytes()).err();
        assert_eq!(found, Some(problem));
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("client.pem");
        fs::write(&file, pem).unwrap();
        let problems = problems(builder().client_certificate(file.to_str().unwrap()));
        assert!(
            problems.len() == 1 && problems[0].starts_with("client_certificate: the file "),
            "{problems:?}"
        );
    }
    // As `openssl x509 -outform DER | openssl dgst -sha256 -binary | basenc --base64url` has it.
    let certificate = ClientCertificate::from_pem(GOOD.as_bytes()).unwrap();
    let thumbprint = include_str!("../../tests/support/client.thumbprint").trim();
    assert_eq!(certificate.thumbprint, thumbprint);
    let missing = problems(builder().client_certificate("/nowhere/client.pem"));
    assert!(missing[0].contains("can't be read"), "{missing:?}");
}

#[test]
fn azures_variables_stand_in_for_what_is_not_set() {
    let azure = [
        ("AZURE_FEDERATED_TOKEN_FILE", "/var/run/token"),
        ("AZURE_CLIENT_ID", APPLICATION),
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/"),
    ];
    let config = Config::builder().azure(azure).build().unwrap().0;
    assert_eq!(config.application_id, APPLICATION);
    assert_eq!(
        config.authority.to_string(),
        format!("https://login.microsoftonline.us/{TENANT}")
    );
    let file = config.credential.unwrap();
    assert!(matches!(file, CredentialSettings::FederatedToken(path) if path.ends_with("token")));
    // A credential of our own is of another application than the pod's.
    let own = Config::builder().azure(azure).client_secret("value");
    assert_eq!(problems(own), ["application_id: it is missing"]);
    // What is set stays.
    let own = Config::builder().azure(azure).authority("organizations");
    let own = own.application_id(IDENTITY).build().unwrap().0;
    assert_eq!(own.application_id, IDENTITY);
    assert!(own.authority.to_string().ends_with("/organizations"));
    // That holds for sites, each by itself, and not for their authority alone.
    let sites = Config::builder()
        .azure(azure)
        .secret_key("k3y-9fQ2xLr7Vb0kWz4JmYcT8uHsNdGe1PoAi6RtKqXw3MvBy5ZlEhUjCpSgDn-x")
        .site("pod.example", |site| site)
        .site("own.example", |site| {
            site.application_id(IDENTITY).client_secret("value")
        });
    let sites = sites.build().unwrap().0.sites;
    let of = |host: &str| sites[host].0.clone();
    assert_eq!(of("pod.example").application_id, APPLICATION);
    let own = of("own.example");
    assert!(own.authority.to_string().ends_with("/common"));
    assert!(matches!(
        own.credential,
        Some(CredentialSettings::Secret { .. })
    ));
    let written = Config::builder().azure(azure);
    let written = written.authority("https://login.microsoftonline.com/common");
    let written = written.build().unwrap().0.authority.to_string();
    assert_eq!(written, "https://login.microsoftonline.com/common");
    // Without the file, the others mean nothing.
    let without = Config::builder().azure([azure[1], azure[2], azure[3]]);
    assert_eq!(problems(without).len(), 2);
}

#[test]
fn a_site_with_a_credential_of_its_own_inherits_no_other() {
    let dir = TempDir::new().unwrap();
    let pem = dir.path().join("client.pem");
    fs::write(&pem, GOOD).unwrap();
    let config = builder()
        .client_certificate(pem.to_str().unwrap())
        .secret_key("k3y-9fQ2xLr7Vb0kWz4JmYcT8uHsNdGe1PoAi6RtKqXw3MvBy5ZlEhUjCpSgDn-x")
        .site("own.example", |site| site.client_secret("value"))
        .site("same.example", |site| site)
        .build()
        .unwrap()
        .0;
    let of = |host: &str| config.sites[host].0.credential.clone().unwrap();
    assert!(matches!(
        of("own.example"),
        CredentialSettings::Secret { .. }
    ));
    // Of another application, that secret is refused.
    let inherited = builder()
        .client_secret("value")
        .secret_key("k3y-9fQ2xLr7Vb0kWz4JmYcT8uHsNdGe1PoAi6RtKqXw3MvBy5ZlEhUjCpSgDn-x")
        .site("other.example", |site| site.application_id(IDENTITY));
    let warnings = inherited.build().unwrap().0.warnings;
    let warned = |setting: &str| warnings.iter().any(|warning| warning.setting == setting);
    assert!(warned("sites.\"other.example\".client_secret"));
    assert!(matches!(
        of("same.example"),
        CredentialSettings::Certificate(_)
    ));
}
