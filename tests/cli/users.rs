//! `users`, on SQLite or the server that `TEST_DATABASE_URL` names.

use serde_json::Value;

use crate::{database::TestDatabase, setup::Setup};

const TENANT: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
const OBJECT: &str = "87d349ed-44d7-43e1-9a83-5f2406dee5bd";

/// An application with users 1 to 4: ada is at Microsoft; the others aren't. The address of 3 is proved by
/// nobody, that of 4 is the user name of 2.
fn setup() -> (Setup, TestDatabase) {
    let database = TestDatabase::fresh();
    let setup = Setup::with_database(&database.url());
    for (id, username, email, is_proved) in [
        (1, "ada", "ada@contoso.example", true),
        (2, "grace", "grace@contoso.example", true),
        (3, "eve", "boss@contoso.example", false),
        (4, "5%_!", "GRACE", true),
    ] {
        database.execute(&format!(
            "INSERT INTO users (id, username, email, first_name, last_name, password, email_verified) \
             VALUES ({id}, '{username}', '{email}', 'Local', 'User', '!', {is_proved})"
        ));
    }
    link(&database, 1, OBJECT);
    (setup, database)
}

fn link(database: &TestDatabase, user: i64, object: &str) {
    database.execute(&format!(
        "INSERT INTO microsoft_sso_identities (tenant_id, object_id, subject, user_id) \
         VALUES ('{TENANT}', '{object}', '', {user})"
    ));
}

fn add_session(database: &TestDatabase, user: i64, id: &str, expires_at: i64) {
    let state = match database {
        TestDatabase::Server { url, .. } if url.starts_with("postgres") => "'\\x00'",
        _ => "x'00'",
    };
    database.execute(&format!(
        "INSERT INTO microsoft_sso_sessions (id, state, user_id, expires_at) \
         VALUES ('{id}', {state}, '{user}', {expires_at})"
    ));
}

fn json(setup: &Setup, arguments: &[&str]) -> Value {
    let arguments = [&["users"], arguments, &["--json"]].concat();
    let (said, status) = setup.run(&arguments);
    assert_eq!(status, 0, "{said}");
    serde_json::from_str(&said).unwrap()
}

fn text(setup: &Setup, arguments: &[&str]) -> (String, i32) {
    setup.run(&[&["users"], arguments].concat())
}

fn ids(users: &Value) -> Vec<&str> {
    let users = users.as_array().unwrap().iter();
    users.map(|user| user["id"].as_str().unwrap()).collect()
}

#[test]
fn people_are_listed_by_id_and_found_by_any_part_of_their_names() {
    let (setup, _database) = setup();
    assert_eq!(ids(&json(&setup, &["list"])), ["1", "2", "3", "4"]);
    let page = json(&setup, &["list", "--after", "1", "--limit", "2"]);
    assert_eq!(ids(&page), ["2", "3"]);
    assert_eq!(ids(&json(&setup, &["list", "GRACE"])), ["2", "4"]);
    assert_eq!(ids(&json(&setup, &["list", "%_!"])), ["4"]);
    assert_eq!(ids(&json(&setup, &["list", "user"])).len(), 4);
    assert!(ids(&json(&setup, &["list", "nobody"])).is_empty());

    let (said, _) = text(&setup, &["list", "--limit", "3"]);
    let lines: Vec<_> = said.lines().collect();
    assert!(lines[0].starts_with("id  user name"), "{said}");
    assert!(
        lines[3].contains("boss@contoso.example (unproved)"),
        "{said}"
    );
    assert_eq!(lines[5], "There are more: --after 3");
}

#[test]
fn a_name_from_outside_cannot_write_to_the_terminal() {
    let (setup, database) = setup();
    let escape = match &database {
        TestDatabase::Server { url, .. } if url.starts_with("postgres") => "chr(27) || '[2J'",
        TestDatabase::Server { .. } => "concat(char(27), '[2J')",
        TestDatabase::Sqlite(_) => "char(27) || '[2J'",
    };
    database.execute(&format!(
        "UPDATE users SET first_name = {escape}, email = {escape}"
    ));
    for arguments in [&["list"][..], &["show", "ada"], &["promote", "ada"]] {
        let (said, status) = text(&setup, arguments);
        assert_eq!(status, 0, "{said}");
        assert!(said.contains("[2J") && !said.contains('\u{1b}'), "{said:?}");
    }
}

#[test]
fn what_json_has_from_outside_cannot_write_to_the_terminal_either() {
    let (setup, database) = setup();
    database.execute("UPDATE users SET first_name = 'a\u{9b}b\u{202e}c'");
    let (said, _) = text(&setup, &["list", "--json"]);
    assert!(
        !said.contains('\u{9b}') && !said.contains('\u{202e}'),
        "{said:?}"
    );
    assert_eq!(
        json(&setup, &["list"])[0]["first_name"],
        "a\u{9b}b\u{202e}c"
    );
}

#[test]
fn a_mistyped_path_makes_no_file_and_a_password_is_not_repeated() {
    let (setup, _database) = setup();
    let url = "sqlite://mistyped.sqlite3";
    for command in [
        &["users", "show", "1"][..],
        &["check"],
        &["simulate", "/dev/null"],
    ] {
        let (said, status) = setup.run(&[command, &["--database", url]].concat());
        assert_eq!(status, 1, "{said}");
    }
    assert!(!setup.dir.path().join("mistyped.sqlite3").exists());
    for url in [
        "postgres://u:1%zzPASS@h/x",
        "mysql://u:dbPASS",
        "mysql://u:dbPASS/x",
    ] {
        let (said, status) = setup.run(&["users", "list", "--database", url]);
        assert!(!said.contains("PASS") && status == 1, "{said}");
    }
}

#[test]
fn a_user_is_named_by_id_user_name_or_proved_address_and_by_nothing_else() {
    let (setup, database) = setup();
    for name in ["1", "id:1", "ada", "ADA", "Ada@Contoso.example"] {
        assert_eq!(json(&setup, &["show", name])["id"], "1", "{name}");
    }
    // Whoever wrote the address of somebody else into their account isn't given that one's rights.
    let (said, status) = text(&setup, &["promote", "boss@contoso.example"]);
    assert!(
        said.contains("not proved") && said.contains("id:3"),
        "{said}"
    );
    assert_eq!(status, 1);
    let (said, status) = text(&setup, &["promote", "grace"]);
    assert!(said.contains("several users: id:2, id:4"), "{said}");
    assert_eq!(status, 1);
    // Nor is who has that address as a user name.
    database.execute("UPDATE users SET username = 'chief@contoso.example' WHERE id = 3");
    let (said, status) = text(&setup, &["promote", "chief@contoso.example"]);
    assert!(said.contains("id:3") && status == 1, "{said}");
    let (said, status) = text(&setup, &["show", "nobody"]);
    assert!(said.contains("there is no user `nobody`"), "{said}");
    assert_eq!(status, 1);
    let users = json(&setup, &["list"]);
    let mut users = users.as_array().unwrap().iter();
    assert!(users.all(|user| user["is_staff"] == false));
}

#[test]
fn a_user_is_shown_with_their_accounts_and_live_sessions() {
    let (setup, database) = setup();
    add_session(&database, 1, "live", i64::from(u32::MAX));
    add_session(&database, 1, "expired", 1);
    let shown = json(&setup, &["show", "ada"]);
    assert_eq!(shown["sessions"], 1);
    assert_eq!(shown["accounts"][0]["object_id"], OBJECT);
    assert_eq!(shown.get("password"), None);
    let (said, _) = text(&setup, &["show", "ada"]);
    assert!(
        said.contains(&format!("{OBJECT} of tenant {TENANT}")),
        "{said}"
    );
    assert!(text(&setup, &["show", "2"]).0.contains("none at Microsoft"));
}

#[test]
fn rights_are_given_and_taken_and_a_dry_run_writes_nothing() {
    let (setup, _database) = setup();
    let rights = || {
        let user = json(&setup, &["show", "2"]);
        (user["is_staff"] == true, user["is_superuser"] == true)
    };
    let (said, _) = text(&setup, &["promote", "2", "--superuser", "--dry-run"]);
    assert_eq!(
        said,
        "user 2, grace (grace@contoso.example; proved): would be changed: is a superuser\n"
    );
    assert_eq!(rights(), (false, false));
    let (said, _) = text(&setup, &["promote", "2", "--superuser"]);
    assert_eq!(
        said,
        "user 2, grace (grace@contoso.example; proved): is a superuser\n"
    );
    assert_eq!(rights(), (true, true));
    let (said, _) = text(&setup, &["promote", "2"]);
    assert_eq!(
        said,
        "user 2, grace (grace@contoso.example; proved): is so already\n"
    );
    text(&setup, &["demote", "2", "--superuser"]);
    assert_eq!(rights(), (true, false));
    text(&setup, &["demote", "2"]);
    assert_eq!(rights(), (false, false));
}

#[test]
fn rights_that_the_settings_give_are_said_to_come_back() {
    let (mut setup, _database) = setup();
    assert!(!text(&setup, &["promote", "2"]).0.contains("The settings"));
    setup.set("STAFF_LIST", "ada@contoso.example");
    let (said, status) = text(&setup, &["demote", "2"]);
    assert!(said.contains("they decide again at each sign-in"), "{said}");
    assert_eq!(status, 0);
}

#[test]
fn who_may_not_sign_in_has_no_session_left_and_a_sign_out_ends_them_too() {
    let (setup, database) = setup();
    let sessions = || database.count("microsoft_sso_sessions");
    let add = |id| add_session(&database, 1, id, i64::from(u32::MAX));
    add("one");
    add_session(&database, 2, "of another", i64::from(u32::MAX));
    let (said, _) = text(&setup, &["deactivate", "ada", "--dry-run"]);
    assert!(
        said.ends_with("would be changed: may not sign in; 1 session ends\n"),
        "{said}"
    );
    assert_eq!(sessions(), 2);
    text(&setup, &["deactivate", "ada"]);
    assert_eq!(
        (sessions(), &json(&setup, &["show", "1"])["is_active"]),
        (1, &Value::Bool(false))
    );
    // Set inactive by somebody else, who left a session.
    add("left");
    text(&setup, &["deactivate", "ada"]);
    assert_eq!(sessions(), 1);
    text(&setup, &["activate", "ada"]);
    assert_eq!(json(&setup, &["show", "1"])["is_active"], true);
    add("one");
    add("two");
    let (said, _) = text(&setup, &["sign-out", "ada"]);
    assert!(said.ends_with("is signed out; 2 sessions end\n"), "{said}");
    assert_eq!(sessions(), 1);
}

#[test]
fn an_account_is_linked_unlinked_and_never_taken_from_somebody() {
    let (setup, database) = setup();
    let accounts = || database.count("microsoft_sso_identities");
    let (said, status) = text(&setup, &["link", "2", TENANT, OBJECT]);
    assert!(said.contains("another user's") && status == 1, "{said}");
    let other = OBJECT.replace('8', "9");
    let (said, status) = text(&setup, &["link", "1", TENANT, &other]);
    assert!(said.contains("users unlink") && status == 1, "{said}");
    let (said, status) = text(&setup, &["link", "2", TENANT, "%"]);
    assert!(said.contains("no object id") && status == 1, "{said}");
    assert_eq!(text(&setup, &["link", "2", "no tenant", &other]).1, 2);

    text(&setup, &["link", "2", TENANT, &other, "--dry-run"]);
    assert_eq!(accounts(), 1);
    text(&setup, &["link", "2", TENANT, &other]);
    assert_eq!(accounts(), 2);
    assert!(
        text(&setup, &["link", "2", TENANT, &other])
            .0
            .contains("is so already")
    );
    text(&setup, &["unlink", "2"]);
    assert_eq!(accounts(), 1);
}

#[test]
fn nobody_is_deleted_without_a_yes() {
    let (setup, database) = setup();
    let (said, status) = text(&setup, &["delete", "ada"]);
    assert!(said.contains("would be changed: is deleted"), "{said}");
    assert!(said.contains("--yes") && status == 1, "{said}");
    assert_eq!(text(&setup, &["delete", "ada", "--yes", "--dry-run"]).1, 0);
    assert_eq!(database.count("users"), 4);
    assert_eq!(text(&setup, &["delete", "ada", "--yes"]).1, 0);
    assert_eq!(database.count("users"), 3);
    assert_eq!(database.count("microsoft_sso_identities"), 0);
}

#[test]
fn an_import_links_what_it_can_and_names_each_line_it_cannot() {
    let (setup, database) = setup();
    let file = setup.dir.path().join("accounts.csv");
    let other = OBJECT.replace('8', "9");
    let lines = format!(
        "\u{feff}ada, {TENANT}, {OBJECT}\n\ngrace@contoso.example,{TENANT},{other}\n\
         nobody,{TENANT},{other}\n2,no tenant,{other}\n3\n3,{TENANT},{other}\n"
    );
    std::fs::write(&file, [lines.as_bytes(), b"\xff\n"].concat()).unwrap();
    let file = file.to_str().unwrap();
    let expected = "\
line 4: there is no user `nobody`: an id, a user name or a proved address; `users list TEXT` looks for parts
line 5: the tenant is no UUID
line 6: it is not USER,TENANT,OBJECT
line 7: the account is another user's
line 8: it is not UTF-8
";
    let (said, status) = text(&setup, &["import", file, "--dry-run"]);
    assert_eq!(
        said,
        format!("{expected}1 would be linked, 1 linked before, 5 failed\n")
    );
    assert_eq!((status, database.count("microsoft_sso_identities")), (1, 1));
    let (said, _) = text(&setup, &["import", file]);
    assert_eq!(
        said,
        format!("{expected}1 linked, 1 linked before, 5 failed\n")
    );
    let again = setup.run(&["users", "import", file, "--json"]).0;
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(
        (&again["linked"], &again["unchanged"]),
        (&0.into(), &2.into())
    );
    let (said, status) = text(&setup, &["import", "/no/such/file"]);
    assert!(
        said.contains("/no/such/file can't be read") && status == 1,
        "{said}"
    );
}
