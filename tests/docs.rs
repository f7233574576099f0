//! The documentation names tests; they must be there.

use std::path::Path;

#[test]
fn each_test_that_the_documentation_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let docs = ["docs/lessons.md", "docs/openid.md", "SECURITY.md"].map(read);
    let named: Vec<_> = docs
        .iter()
        .flat_map(|text| text.split('`'))
        .filter_map(|text| text.split_once("::"))
        .filter(|(module, _)| *module != "module")
        .collect();
    assert!(named.len() > 70, "the tables can't be read");
    for (module, test) in named {
        let file = match module {
            "account" => root.join("src/account/tests.rs"),
            _ => root.join(format!("tests/integration/{module}.rs")),
        };
        let source = std::fs::read_to_string(&file).unwrap();
        assert!(source.contains(&format!("fn {test}(")), "{module}::{test}");
    }
}
