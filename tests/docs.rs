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
    let mut folders = vec![root.join("tests"), root.join("tests/integration")];
    let src = std::fs::read_dir(root.join("src")).unwrap();
    folders.extend(src.map(|entry| entry.unwrap().path()));
    folders.push(root.join("src"));
    for (module, test) in named {
        let files = folders
            .iter()
            .map(|folder| folder.join(format!("{module}.rs")));
        let source: String = files
            .chain([root.join("src").join(module).join("tests.rs")])
            .filter_map(|file| std::fs::read_to_string(file).ok())
            .collect();
        assert!(source.contains(&format!("fn {test}(")), "{module}::{test}");
    }
}
