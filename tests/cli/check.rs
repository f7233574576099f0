//! `check`, `migrate`, `secret` and `settings`, on what is set up well and on what is broken.

use chrono::TimeDelta;
use microsoft_sso::testing::{CONTOSO, Endpoint, Fault};
use serde_json::Value;

use crate::{
    certificate::{KEYS, write_certificate},
    setup::Setup,
};

#[test]
fn a_setup_that_lacks_nothing_is_said_to_be_so_line_by_line() {
    let setup = Setup::new();
    let (said, status) = setup.check();
    let expected = format!(
        "\
ok       settings     they can be used
ok       redirect     register this redirect URI under \"Web\", to the letter: https://app.example/microsoft_sso/callback/
ok       scopes       User.Read: each person may consent, if the tenant lets them
ok       cookies      they are Secure, and named __Host-…
ok       people       accounts of contoso.example
ok       entra        reached without a proxy; issuer https://entra/{CONTOSO}/v2.0, 3 keys
ok       clock        within 30 s of Entra's
ok       credential   Entra takes the client_secret
ok       database     reached, and its tables are up to date

0 failures, 0 warnings.
"
    );
    assert_eq!(said, expected);
    assert_eq!(status, 0);
    let (json, status) = setup.run(&["check", "--json"]);
    let findings: Vec<Value> = serde_json::from_str(&json).unwrap();
    assert_eq!((findings.len(), status), (9, 0));
    assert!(
        findings.iter().all(|finding| finding["verdict"] == "ok"),
        "{json}"
    );
}

/// What is broken, and words of the line that says so and of its mend.
type Broken = (fn(&mut Setup), &'static [&'static str]);

const BROKEN: [Broken; 14] = [
    (
        |it| it.set("APPLICATION_ID", ""),
        &["FAILURE", "`application_id`"],
    ),
    (
        |it| it.set("SECRET_KEY", "short"),
        &["FAILURE", "`secret_key`"],
    ),
    (
        |it| it.set("CLIENT_SECRET", "wrong"),
        &["FAILURE", "credential", "7000215", "its Value"],
    ),
    (
        |it| {
            let expired = "AADSTS7000222: The provided client secret keys are expired.";
            let fault = Fault::Entra(
                401,
                "invalid_client".to_owned(),
                7_000_222,
                expired.to_owned(),
            );
            it.entra.fault(Endpoint::Token, fault);
        },
        &["FAILURE", "credential", "7000222", "make a new one"],
    ),
    (
        |it| it.set("APPLICATION_ID", "00001111-aaaa-2222-bbbb-3333cccc9999"),
        &[
            "FAILURE",
            "credential",
            "700016",
            "check application_id, authority and cloud",
        ],
    ),
    (
        |it| {
            let authority = it.entra.authority("no-such-tenant.example");
            it.set("AUTHORITY", &authority);
        },
        &["FAILURE", "entra", "is `authority` right"],
    ),
    (|it| it.entra.stop(), &["FAILURE", "entra", "no connection"]),
    (
        |it| it.set("CLIENT_CERTIFICATE", "/no/such/file.pem"),
        &["FAILURE", "`client_certificate`", "/no/such/file.pem"],
    ),
    (
        |it| it.set("ALLOWABLE_DOMAINS", ""),
        &["WARNING", "people", "nobody new gets in"],
    ),
    (
        |it| {
            let authority = it.entra.authority("common");
            it.set("AUTHORITY", &authority);
            it.set("ALLOWABLE_DOMAINS", "*");
        },
        &["WARNING", "people", "any Microsoft account of any tenant"],
    ),
    (
        |it| it.set("BASE_URL", "http://app.example"),
        &["FAILURE", "`base_url`", "not an https origin"],
    ),
    (
        |it| it.set("BASE_URL", ""),
        &["WARNING", "redirect", "set `base_url`"],
    ),
    (
        |it| it.set("SCOPES", "User.Read,GroupMember.Read.All"),
        &[
            "WARNING",
            "scopes",
            "GroupMember.Read.All",
            "grant admin consent",
        ],
    ),
    (
        |it| std::fs::remove_file(it.dir.path().join("app.sqlite3")).unwrap(),
        &["FAILURE", "database", "microsoft-sso migrate"],
    ),
];

#[test]
fn each_broken_setup_is_named_with_its_mend() {
    for (number, (break_it, words)) in BROKEN.into_iter().enumerate() {
        let mut setup = Setup::new();
        break_it(&mut setup);
        let (said, status) = setup.check();
        for word in words {
            assert!(said.contains(word), "{number}: `{word}` is not in\n{said}");
        }
        assert_eq!(status, i32::from(words[0] == "FAILURE"), "{number}\n{said}");
    }
}

#[test]
fn a_tenant_of_many_cannot_tell_and_says_so() {
    let mut setup = Setup::new();
    let authority = setup.entra.authority("organizations");
    setup.set("AUTHORITY", &authority);
    let (said, status) = setup.check();
    assert!(said.contains("unknown  credential"), "{said}");
    assert!(said.contains("`authority` names many"), "{said}");
    assert_eq!(status, 0);
    // The credential is looked at first, so a wrong one is told all the same.
    setup.set("CLIENT_SECRET", "wrong");
    let (said, status) = setup.check();
    assert!(said.contains("7000215") && status == 1, "{said}");
}

#[test]
fn a_clock_that_is_off_is_told_with_its_seconds() {
    let setup = Setup::new();
    for (offset, verdict) in [(-100, "WARNING"), (4000, "FAILURE")] {
        setup.entra.set_clock_offset(TimeDelta::seconds(offset));
        let (said, status) = setup.check();
        let line = said.lines().find(|line| line.contains("clock")).unwrap();
        assert!(
            line.starts_with(verdict) && line.contains("s ahead of Entra"),
            "{said}"
        );
        assert_eq!(status, i32::from(verdict == "FAILURE"));
    }
}

#[test]
fn settings_are_shown_with_their_origin_and_without_secrets() {
    let mut setup = Setup::new();
    let file = setup.dir.path().join("sso.toml");
    std::fs::write(
        &file,
        "session_age = \"8h\"\nclient_secret = \"of the file\"\n",
    )
    .unwrap();
    setup.set("CONFIG", file.to_str().unwrap());
    let (said, status) = setup.run(&["settings"]);
    assert_eq!(status, 0, "{said}");
    let line = |name: &str| {
        let line = said
            .lines()
            .find(|line| line.starts_with(&format!("{name} ")));
        line.unwrap_or_else(|| panic!("{name} is not in\n{said}"))
            .to_owned()
    };
    assert!(line("session_age").ends_with("sso.toml"), "{said}");
    assert!(line("authority").ends_with("environment"));
    assert!(line("graph_timeout").ends_with("default"));
    assert!(line("client_secret").contains("[redacted]"));
    assert!(line("secret_key").contains("[redacted]"));
    let secret = setup.entra.client_secret();
    assert!(
        !said.contains(secret) && !said.contains("of the file"),
        "{said}"
    );
}

#[test]
fn a_secret_is_new_and_long_and_a_wrong_argument_is_the_callers() {
    let setup = Setup::new();
    let [one, two] = [(), ()].map(|()| setup.run(&["secret"]).0);
    assert_ne!(one, two);
    assert!(one.trim().len() >= 64 && one.lines().count() == 1);
    assert_eq!(setup.run(&["no-such-command"]).1, 2);
    let (said, status) = setup.run(&["migrate", "--database", "sqlite:///no/such/dir/x"]);
    assert!(said.contains("/no/such/dir") && status == 1, "{said}");
}

#[test]
fn the_days_until_a_certificate_ends_are_told() {
    let mut setup = Setup::new();
    let file = setup.dir.path().join("client.pem");
    setup.set("CLIENT_SECRET", "");
    setup.set("CLIENT_CERTIFICATE", file.to_str().unwrap());
    for (days, verdict, words) in [
        (100, "ok ", "it ends in 1"),
        (20, "WARNING", "it ends in "),
        (-40, "FAILURE", "days ago"),
    ] {
        let der = write_certificate(&file, KEYS[0], days);
        setup.entra.register_certificate(&der).unwrap();
        let (said, status) = setup.check();
        let line = said.lines().find(|line| line.contains(" certificate "));
        let line = line.unwrap_or_else(|| panic!("no line in\n{said}"));
        assert!(line.starts_with(verdict) && line.contains(words), "{said}");
        assert_eq!(status, i32::from(verdict == "FAILURE"), "{said}");
    }
}

#[test]
fn what_cannot_be_looked_at_is_said_and_the_rest_is_looked_at_all_the_same() {
    let mut setup = Setup::new();
    setup.entra.stop();
    let (said, _) = setup.check();
    assert!(
        said.contains("unknown  credential") && said.contains("ok       database"),
        "{said}"
    );
    setup.set("SECRET_KEY", "short");
    let (said, _) = setup.check();
    assert!(said.contains("ok       database"), "{said}");
    let mut setup = Setup::new();
    setup.set("ENABLED", "false");
    let (said, _) = setup.check();
    assert!(said.contains("WARNING  enabled"), "{said}");
}
