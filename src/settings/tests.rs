//! What start-up says of settings.

use std::time::Duration;

use super::{
    builder::ConfigBuilder,
    choices::{Guests, Prompt, ResponseMode},
    config::{Config, Domains},
};
use crate::util::next_path::NextPath;

const ID: &str = "00001111-aaaa-2222-bbbb-3333cccc4444";

fn good() -> ConfigBuilder {
    Config::builder()
        .application_id(ID)
        .client_secret("the-secret")
}

fn problems(builder: ConfigBuilder) -> Vec<String> {
    let error = builder.build().unwrap_err();
    error
        .problems()
        .iter()
        .map(|problem| problem.setting.clone())
        .collect()
}

/// A key that may be random.
pub(super) const KEY: &str = "tests-9fQ2xLr7Vb0kWz4JmYcT8uHsNdGe1PoAi6RtKqXw3MvBy5ZlEhUjCpSgDn";

fn file(text: &str) -> ConfigBuilder {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "microsoft_sso_{}_{}.toml",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    );
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).unwrap();
    let builder = Config::builder().file(&path);
    std::fs::remove_file(&path).unwrap();
    builder
}

#[test]
fn the_defaults_are_safe() {
    let Config(settings) = good().build().unwrap();
    assert_eq!(
        settings.domains,
        Domains::Only(Default::default()),
        "nobody is created"
    );
    assert!(settings.authority.is_multi_tenant());
    assert_eq!(
        settings.graph_url.as_str(),
        "https://graph.microsoft.com/v1.0"
    );
    assert!(
        !settings.save_access_token
            && settings.save_basic_info
            && !settings.always_update_user_data
    );
    assert_eq!(settings.timeout, Duration::from_secs(600));
    assert_eq!(settings.session_age, Duration::from_secs(3600));
    assert_eq!(settings.scopes.iter().collect::<Vec<_>>(), ["User.Read"]);
}

#[test]
fn all_problems_are_reported_at_once_with_name_and_help() {
    let builder = file(
        r#"
        enabled = "perhaps"
        authority = "http://login.example/common"
        timeout = "10"
        session_age = "0s"
        allowable_domains = ["@contoso.example"]
        tenants = "contoso.example"
        next_url = "https://evil.example/"
        base_url = "http://app.example"
        secret_key = "short"
        colour = "red"
        "#,
    );
    let error = builder.build().unwrap_err();
    let mut names: Vec<_> = error
        .problems()
        .iter()
        .map(|m| m.setting.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "allowable_domains",
            "application_id",
            "authority",
            "base_url",
            "client_secret",
            "colour",
            "enabled",
            "next_url",
            "secret_key",
            "session_age",
            "tenants",
            "timeout"
        ]
    );
    let text = error.to_string();
    assert!(
        text.starts_with("the settings of microsoft_sso have 12 problems:"),
        "{text}"
    );
    assert!(
        text.contains(
            "`timeout` (MICROSOFT_SSO_TIMEOUT): it is a number without a unit; write `10s`"
        ),
        "{text}"
    );
    for problem in error.problems() {
        assert!(
            !problem.problem.is_empty() && !problem.help.is_empty(),
            "{problem:?}"
        );
    }
}

#[test]
fn a_file_sets_every_kind_of_setting() {
    let builder = file(&format!(
        "[microsoft_sso]\napplication_id = '{ID}'\nclient_secret = 's'\nsave_access_token = true\n\
         session_age = '8h'\nscopes = 'User.Read, Mail.Read'\nallowable_domains = ['Contoso.example']\n"
    ));
    let Config(settings) = builder.build().unwrap();
    assert!(settings.save_access_token);
    assert_eq!(settings.session_age, Duration::from_secs(8 * 3600));
    assert_eq!(
        settings.scopes.iter().collect::<Vec<_>>(),
        ["User.Read", "Mail.Read"]
    );
    assert_eq!(
        settings.domains,
        Domains::Only(["contoso.example".to_owned()].into())
    );
}

#[test]
fn a_problem_never_repeats_a_secret() {
    let error = file("client_secret = [\"hunter2\"]\nsecret_key = 'hunter2'")
        .build()
        .unwrap_err();
    assert!(!error.to_string().contains("hunter2") && !format!("{error:?}").contains("hunter2"));
    let error = file("client_secret = 'hunter2").build().unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
    let config = good()
        .client_secret("hunter2")
        .secret_key("hunter2".repeat(10))
        .build()
        .unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn switched_off_nothing_is_required() {
    assert!(Config::builder().enabled(false).build().is_ok());
    assert_eq!(
        problems(Config::builder()),
        ["application_id", "client_secret"]
    );
}

#[test]
fn the_graph_follows_the_authoritys_cloud() {
    let graph = |authority: &str| {
        let config = good().authority(authority).build();
        config.map(|Config(settings)| settings.graph_url.to_string())
    };
    assert_eq!(
        graph("https://login.microsoftonline.us/common").unwrap(),
        "https://graph.microsoft.us/v1.0"
    );
    assert_eq!(
        graph("https://login.partner.microsoftonline.cn/common").unwrap(),
        "https://microsoftgraph.chinacloudapi.cn/v1.0"
    );
    assert!(graph("https://login.example/common").is_err());
}

#[test]
fn a_public_application_needs_a_key_that_its_nodes_share() {
    assert_eq!(
        problems(good().base_url("https://app.example")),
        ["secret_key"]
    );
    assert!(good().base_url("http://localhost:8000").build().is_ok());
    let public = |key: String| good().base_url("https://app.example").secret_key(key);
    for guessed in [
        "k".repeat(64),
        "change-me-".repeat(7),
        "secret".repeat(20) + "s",
        "abcabcab ".repeat(9),
    ] {
        assert_eq!(
            problems(public(guessed.clone())),
            ["secret_key"],
            "{guessed}"
        );
        let Config(local) = good().secret_key(guessed).build().unwrap();
        assert!(local.warnings.iter().any(|w| w.setting == "secret_key"));
    }
    let hexadecimal = "0d4f8a6e1b7c3952e7a0f1d68c2b9453".repeat(2) + "61";
    assert_eq!(
        problems(public(hexadecimal.replace("61", "0d"))),
        ["secret_key"]
    );
    assert!(public(hexadecimal).build().is_ok());
    let key = KEY;
    assert!(
        good()
            .base_url("https://app.example")
            .secret_key(key)
            .build()
            .is_ok()
    );
    let Config(settings) = good()
        .callback_domain("app.example")
        .secret_key(key)
        .build()
        .unwrap();
    assert_eq!(
        settings.base_url.as_ref().unwrap().as_str(),
        "https://app.example/"
    );
}

#[test]
fn a_base_url_may_have_a_plain_path_and_a_domain_none() {
    let good = || good().secret_key(KEY);
    for (url, path) in [
        ("https://app.example", ""),
        ("https://app.example/shop/", "/shop"),
        ("http://localhost:8000/a/b.c", "/a/b.c"),
        ("https://app.example/x/../shop", "/shop"),
    ] {
        let Config(settings) = good().base_url(url).build().unwrap();
        assert_eq!(settings.base_path(), path);
    }
    for wrong in [
        "https://app.example/a b",
        "https://app.example/%41",
        "https://app.example//evil.example",
        "https://app.example/shop?x",
        "https://app.example/shop#x",
        "https://app.example/{a}",
    ] {
        assert_eq!(problems(good().base_url(wrong)), ["base_url"], "{wrong}");
    }
    assert_eq!(
        problems(good().callback_domain("app.example/shop")),
        ["callback_domain"]
    );
}

#[test]
fn start_up_warns_of_domains_that_any_tenant_could_claim() {
    let warned = |builder: ConfigBuilder| {
        let Config(settings) = builder.secret_key(KEY).build().unwrap();
        settings
            .warnings
            .iter()
            .any(|warning| warning.setting == "tenants")
    };
    let listed = || good().allowable_domains(["contoso.example"]);
    assert!(warned(listed()));
    assert!(!warned(listed().tenants([ID])));
    assert!(!warned(listed().authority("contoso.example")));
    assert!(!warned(good().allowable_domains(["*"])));
}

#[test]
fn every_setting_stands_in_the_table_of_the_documentation() {
    let docs = include_str!("../../docs/settings.md");
    for name in super::builder::Values::NAMES {
        assert!(
            docs.contains(&format!("| `{name}` |")),
            "{name} is missing in docs/settings.md"
        );
    }
}

#[test]
fn a_site_has_the_base_settings_but_for_its_own() {
    let text = r#"
        client_secret = "the-secret"
        allowable_domains = ["contoso.example"]
        secret_key = "tests-9fQ2xLr7Vb0kWz4JmYcT8uHsNdGe1PoAi6RtKqXw3MvBy5ZlEhUjCpSgDn"
        [sites."Contoso.app.example"]
        application_id = "00001111-aaaa-2222-bbbb-3333cccc4444"
        authority = "contoso.com"
        [sites."localhost:8001"]
        application_id = "00001111-aaaa-2222-bbbb-3333cccc5555"
        timeout = "1m"
    "#;
    let Config(settings) = file(text).build().unwrap();
    let Config(contoso) = &settings.sites["contoso.app.example"];
    assert_eq!(
        contoso.base_url.as_ref().unwrap().as_str(),
        "https://contoso.app.example/"
    );
    assert!(!contoso.authority.is_multi_tenant() && settings.authority.is_multi_tenant());
    assert_eq!(contoso.domains, settings.domains);
    let Config(local) = &settings.sites["localhost:8001"];
    assert_eq!(
        local.base_url.as_ref().unwrap().as_str(),
        "http://localhost:8001/"
    );
    assert_eq!(local.timeout, Duration::from_secs(60));
}

#[test]
fn a_sites_problems_name_the_site_and_inherited_ones_are_reported_once() {
    let text = r#"
        client_secret = "the-secret"
        next_url = "https://evil.example/"
        [sites."a.example"]
        authority = "http://login.example/common"
        pool_size = 3
        colour = "red"
        [sites."b.example/path"]
    "#;
    let mut names = problems(file(text));
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "next_url",
            "sites.\"a.example\".application_id",
            "sites.\"a.example\".authority",
            "sites.\"a.example\".colour",
            "sites.\"a.example\".pool_size",
            "sites.\"a.example\".secret_key",
            "sites.\"b.example/path\"",
        ]
    );
    assert_eq!(
        problems(file(
            "sites = 3\napplication_id = \"x\"\nclient_secret = \"y\""
        )),
        ["sites", "application_id"]
    );
    assert_eq!(
        problems(
            good()
                .trusted_proxies(["10.0.0.0/8", "nobody"])
                .secret_key(KEY)
        ),
        ["trusted_proxies"]
    );
    assert_eq!(
        problems(good().trusted_proxies(["10.0.0.0/8"])),
        ["secret_key"]
    );
}

#[test]
fn texts_are_a_table_by_language_with_known_names() {
    let Config(settings) = file("enabled = false\n[texts.pt-BR]\nbutton = \"Entrar\"")
        .build()
        .unwrap();
    assert_eq!(settings.texts.0["pt-BR"]["button"], "Entrar");
    for wrong in ["[texts.de]\nbuton = \"x\"", "texts = 3", "[texts]\nde = 3"] {
        assert_eq!(
            problems(file(&format!("enabled = false\n{wrong}"))),
            ["texts"],
            "{wrong}"
        );
    }
}

#[test]
fn a_choice_is_an_enum_in_code_and_a_name_in_a_file() {
    let text = "enabled = false\nguests = 'refused'\nprompt = 'select_account'\nresponse_mode = 'form_post'";
    let Config(settings) = file(text).build().unwrap();
    assert_eq!(settings.guests, Guests::Refused);
    assert_eq!(settings.prompt, Some(Prompt::SelectAccount));
    assert_eq!(settings.response_mode, ResponseMode::FormPost);
    let Config(settings) = good()
        .guests(Guests::Allowed)
        .prompt(Prompt::Login)
        .build()
        .unwrap();
    assert_eq!(
        (settings.guests, settings.prompt),
        (Guests::Allowed, Some(Prompt::Login))
    );
    let Config(settings) = file("enabled = false\nprompt = ''").build().unwrap();
    assert_eq!(settings.prompt, None);
    // `none` for everybody would refuse all whom Entra has to ask something.
    for wrong in [
        "guests = 'maybe'",
        "prompt = 'none'",
        "response_mode = 'fragment'",
    ] {
        let setting = wrong.split(' ').next().unwrap();
        let wrong = file(&format!("enabled = false\n{wrong}"));
        let error = wrong.build().unwrap_err();
        assert_eq!(error.problems()[0].setting, setting);
        assert!(error.to_string().contains("it is none of `"), "{error}");
    }
}

proptest::proptest! {
    #[test]
    fn the_settings_for_failed_and_logout_take_what_login_takes(
        path in "[/\\\\.:@?#%a-c\t\r\n ]{0,12}"
    ) {
        let is_ok = |config: ConfigBuilder| config.enabled(false).build().is_ok();
        let is_taken = NextPath::parse(&path).is_some();
        let failed = Config::builder().login_failed_url(path.as_str());
        proptest::prop_assert_eq!(is_ok(failed), is_taken);
        let logout = Config::builder().logout_redirect_path(path.as_str());
        proptest::prop_assert_eq!(is_ok(logout), is_taken);
    }
}

#[test]
fn the_first_superuser_of_many_tenants_is_a_warning() {
    let warns = |builder: ConfigBuilder| {
        let Config(settings) = builder.auto_create_first_superuser(true).build().unwrap();
        let mut warnings = settings.warnings.iter();
        warnings.any(|warning| warning.setting == "auto_create_first_superuser")
    };
    assert!(warns(good().authority("common")));
    assert!(warns(
        good()
            .authority("organizations")
            .tenants([uuid::Uuid::from_u128(1).to_string()])
    ));
    assert!(!warns(good().authority("contoso.example")));
    assert!(!warns(
        good()
            .authority("common")
            .superuser_list(["ada@contoso.example"])
    ));
}

#[cfg(unix)]
#[test]
fn a_settings_file_that_each_user_of_the_machine_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let path = std::env::temp_dir().join(format!("microsoft_sso_{}_mode.toml", std::process::id()));
    let warned = |text: &str, mode| {
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let Config(settings) = good().secret_key(KEY).file(&path).build().unwrap();
        settings.warnings.iter().any(|w| w.setting == "config")
    };
    assert!(warned("client_secret = \"s\"", 0o644));
    assert!(!warned("client_secret = \"s\"", 0o640));
    assert!(!warned("secret_key = \"\"", 0o644));
    assert!(!warned("page_title = \"s\"", 0o644));
    assert!(warned(
        "[sites.\"a.example\"]\nclient_secret = \"s\"",
        0o644
    ));
    std::fs::remove_file(&path).unwrap();
}
