//! What start says that would surprise later.

use super::{
    builder::ConfigBuilder,
    config::Config,
    problem::{ConfigError, ConfigProblem},
};

const ID: &str = "00001111-aaaa-2222-bbbb-3333cccc4444";

fn file(text: &str) -> ConfigBuilder {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("sso.toml");
    std::fs::write(&path, text).unwrap();
    Config::builder().file(&path)
}

fn refused(text: &str) -> ConfigError {
    file(text).build().unwrap_err()
}

fn problem(error: &ConfigError, setting: &str) -> ConfigProblem {
    let found = error.problems().iter().find(|p| p.setting == setting);
    found
        .unwrap_or_else(|| panic!("{setting}: {error}"))
        .clone()
}

fn warned(builder: ConfigBuilder, setting: &str) -> bool {
    let Config(settings) = builder.secret_key(super::tests::KEY).build().unwrap();
    settings.warnings.iter().any(|w| w.setting == setting)
}

#[test]
fn no_domain_and_users_to_be_created_is_a_warning() {
    let base = || Config::builder().application_id(ID).client_secret("s");
    assert!(warned(base(), "allowable_domains"));
    assert!(!warned(
        base().auto_create_users(false),
        "allowable_domains"
    ));
    assert!(!warned(
        base().allowable_domains(["*"]),
        "allowable_domains"
    ));
    assert!(!warned(
        base().allowable_domains(["a.example"]),
        "allowable_domains"
    ));
    assert!(!warned(
        Config::builder().enabled(false),
        "allowable_domains"
    ));
    // Of two sites the one without domains is named, and not the settings around them.
    let sites = Config::builder()
        .site("a.example", |s| {
            let s = s.application_id(ID).client_secret("s");
            s.allowable_domains(["a.example"])
        })
        .site("b.example", |s| s.application_id(ID).client_secret("s"));
    let Config(settings) = sites.secret_key(super::tests::KEY).build().unwrap();
    let names = settings.warnings.iter().map(|w| w.setting.as_str());
    let names: Vec<_> = names
        .filter(|name| name.ends_with("allowable_domains"))
        .collect();
    assert_eq!(names, ["sites.\"b.example\".allowable_domains"]);
}

#[test]
fn a_misspelt_name_is_answered_with_the_one_that_was_meant() {
    for (wrong, meant) in [
        ("aplication_id", "application_id"),
        ("applicationid", "application_id"),
        ("client_secert", "client_secret"),
        ("allowed_domains", "allowable_domains"),
        ("session_ages", "session_age"),
        ("Authority", "authority"),
        ("client_id", "application_id"),
        ("tenant_id", "authority"),
    ] {
        let found = problem(&refused(&format!("{wrong} = 'x'")), wrong);
        assert_eq!(found.help, format!("did you mean `{meant}`?"), "{wrong}");
    }
    let unlike = problem(&refused("colour = 'x'"), "colour");
    assert!(
        unlike.help.starts_with("the settings are: "),
        "{}",
        unlike.help
    );
    let text = problem(&refused("[texts.de]\nbuttn = 'x'"), "texts");
    assert_eq!(text.help, "did you mean `button`?");
}

#[test]
fn a_misspelt_variable_is_named_where_the_missing_setting_is() {
    let builder = Config::builder().variables([
        ("aplication_id", ID),
        ("client_secret", "s"),
        ("deployment_colour", "blue"),
    ]);
    let error = builder.clone().build().unwrap_err();
    assert_eq!(error.problems().len(), 1, "{error}");
    let text = error.to_string();
    for part in [
        "`application_id` (MICROSOFT_SSO_APPLICATION_ID): it is missing",
        "(MICROSOFT_SSO_APLICATION_ID): there is no setting of this name; did you mean `application_id`?",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // A deployment may have variables of its own under the prefix.
    assert!(!text.contains("DEPLOYMENT_COLOUR"), "{text}");
    assert!(warned(builder.application_id(ID), "aplication_id"));
}

#[test]
fn a_file_that_is_no_toml_is_named_with_line_and_column_and_not_quoted() {
    for (text, at) in [
        ("a = 1\nclient_secret = hunter2\n", "line 2, column"),
        ("client_secret = 'hunter2", "line 1, column"),
        ("hunter2", "line 1, column"),
        (
            "client_secret = 'hunter2'\nclient_secret = 'hunter2'",
            "line 2, column",
        ),
    ] {
        let error = refused(text);
        let found = problem(&error, "config");
        assert!(found.problem.contains(at), "{text}: {}", found.problem);
        assert!(found.problem.contains("sso.toml"), "{}", found.problem);
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    let error = Config::builder()
        .file("/nowhere/sso.toml")
        .build()
        .unwrap_err();
    let found = problem(&error, "config");
    assert!(
        found.problem.contains("/nowhere/sso.toml"),
        "{}",
        found.problem
    );
    assert!(found.problem.contains("No such file"), "{}", found.problem);
}

#[test]
fn a_number_without_its_unit_is_answered_with_one() {
    for (text, meant) in [("3600", "3600s"), ("'3600'", "3600s"), ("'0'", "0s")] {
        let found = problem(&refused(&format!("session_age = {text}")), "session_age");
        assert!(
            found.problem.contains(&format!("`{meant}`")),
            "{}",
            found.problem
        );
    }
    // What is no duration may be a secret in the wrong place.
    for text in ["'hunter2'", "'12345678901234567890'", "'3600x'"] {
        let error = refused(&format!("session_age = {text}"));
        assert!(
            !error.to_string().contains(text.trim_matches('\'')),
            "{error}"
        );
    }
}
