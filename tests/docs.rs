//! The documentation names tests; they must be there.

use std::path::Path;

#[test]
fn each_test_that_the_documentation_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_to_string(root.join("docs/lessons.md")).unwrap();
    let named: Vec<_> = docs
        .split('`')
        .filter_map(|text| text.split_once("::"))
        .collect();
    assert!(named.len() > 20, "the table can't be read");
    for (module, test) in named {
        let file = match module {
            "account" => root.join("src/account/tests.rs"),
            _ => root.join(format!("tests/integration/{module}.rs")),
        };
        let source = std::fs::read_to_string(&file).unwrap();
        assert!(source.contains(&format!("fn {test}(")), "{module}::{test}");
    }
}
