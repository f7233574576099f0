//! `simulate`: what would come of a sign-in.

use microsoft_sso::testing::CONTOSO;
use serde_json::{Value, json};

use crate::{database::TestDatabase, setup::Setup};

const OBJECT: &str = "87d349ed-44d7-43e1-9a83-5f2406dee5bd";

fn ada() -> Value {
    json!({
        "claims": { "tid": CONTOSO, "oid": OBJECT, "sub": "subject", "roles": ["Admin"] },
        "graph": {
            "id": OBJECT,
            "mail": "Ada@contoso.example",
            "userPrincipalName": "ada@contoso.example",
        },
    })
}

fn simulate(setup: &Setup, answers: &Value, more: &[&str]) -> (String, i32) {
    let file = setup.dir.path().join("account.json");
    std::fs::write(&file, answers.to_string()).unwrap();
    setup.run(&[&["simulate", file.to_str().unwrap()], more].concat())
}

fn outcome(setup: &Setup, answers: &Value) -> Value {
    let (said, _) = simulate(setup, answers, &["--json"]);
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
}

#[test]
fn who_would_get_in_is_told_with_rights_and_with_what_was_decided_by() {
    let mut setup = Setup::new();
    setup.set("STAFF_ROLES", "Admin");
    let (said, status) = simulate(&setup, &ada(), &[]);
    let expected = "\
verdict    gets in (created)
address    ada@contoso.example (proved)
name       ada@contoso.example
guest      no
rights     staff
roles      none
";
    assert_eq!((said.as_str(), status), (expected, 0));
    setup.set("AUTO_CREATE_FIRST_SUPERUSER", "true");
    let first = outcome(&setup, &ada());
    let depends = first["depends"][0].as_str().unwrap();
    assert!(depends.contains("first user of an empty table"), "{first}");
}

#[test]
fn who_would_be_refused_is_told_by_code_and_rule() {
    let mut setup = Setup::new();
    let mut stranger = ada();
    stranger["graph"]["userPrincipalName"] = json!("ada@fabrikam.example");
    stranger["graph"]["mail"] = json!("ada@fabrikam.example");
    let (said, status) = simulate(&setup, &stranger, &[]);
    assert!(
        said.starts_with("verdict    is refused (domain_not_allowed)\n"),
        "{said}"
    );
    assert!(said.contains("is not in `allowable_domains`"), "{said}");
    assert_eq!(status, 1);

    let mut guest = ada();
    guest["claims"]["acct"] = json!(1);
    setup.set("GUESTS", "refused");
    assert_eq!(outcome(&setup, &guest)["outcome"], "guest_refused");

    let mut without_graph = ada();
    without_graph.as_object_mut().unwrap().remove("graph");
    assert_eq!(
        outcome(&setup, &without_graph)["outcome"],
        "graph_unavailable"
    );

    let authority = setup.entra.authority("common");
    setup.set("AUTHORITY", &authority);
    setup.set("TENANTS", "11112222-bbbb-3333-cccc-4444dddd5555");
    assert_eq!(outcome(&setup, &ada())["outcome"], "id_token_refused");
}

#[test]
fn somebody_known_is_judged_as_they_are_stored() {
    let database = TestDatabase::fresh();
    let setup = Setup::with_database(&database.url());
    database.execute(
        "INSERT INTO users (id, username, email, first_name, last_name, password, is_superuser) \
         VALUES (7, 'ada', 'ada@contoso.example', 'Ada', '', '!', TRUE)",
    );
    database.execute(&format!(
        "INSERT INTO microsoft_sso_identities (tenant_id, object_id, subject, user_id, user_principal_name) \
         VALUES ('{CONTOSO}', '{OBJECT}', '', 7, 'ada@contoso.example')"
    ));
    let known = outcome(&setup, &ada());
    assert_eq!(
        (&known["outcome"], &known["is_superuser"]),
        (&json!("existing"), &json!(true))
    );
    // Without Graph, by what Graph said last.
    let mut without_graph = ada();
    without_graph.as_object_mut().unwrap().remove("graph");
    assert_eq!(outcome(&setup, &without_graph)["admitted"], true);
    database.execute("UPDATE users SET is_active = FALSE, last_login = '2026-01-01 00:00:00'");
    assert_eq!(outcome(&setup, &ada())["outcome"], "user_inactive");
    assert_eq!(database.count("users WHERE last_login > '2026-01-02'"), 0);
}

#[test]
fn a_file_that_says_something_else_is_refused_with_what_is_wrong() {
    let setup = Setup::new();
    let mut other = ada();
    other["graph"]["id"] = json!("00000000-0000-0000-0000-000000000001");
    for (answers, words) in [
        (json!({ "graph": {} }), "the file is not"),
        (
            json!({ "claims": {}, "group": [] }),
            "unknown field `group`",
        ),
        (json!({ "claims": { "sub": "x", "oid": "y" } }), "no `tid`"),
        (
            json!({ "claims": { "tid": CONTOSO, "sub": "x" } }),
            "missing field `oid`",
        ),
        (other, "another account"),
    ] {
        let (said, status) = simulate(&setup, &answers, &[]);
        assert!(said.contains(words) && status == 1, "{said}");
    }
    let (said, status) = simulate(&setup, &ada(), &["--site", "nowhere.example"]);
    assert!(said.contains("no such site") && status == 1, "{said}");
}
