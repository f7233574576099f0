//! The order of the folders in `src`: each file imports only what stands below it, and no imports
//! form a circle.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// From the top down. Folders of one line don't import each other.
const ORDER: &[&[&str]] = &[
    &["lib", "testing", "fuzzing", "bin"],
    &["cli"],
    &["routes"],
    &["web"],
    &["sso"],
    &["tokens"],
    &["sign_in"],
    &["session"],
    &["store", "site"],
    &["account"],
    &["graph"],
    &["oidc"],
    &["settings", "http_client"],
    &["util"],
];

/// The sources by module path: `oidc::verify`, or `site` for `site/mod.rs`.
type Sources = BTreeMap<String, String>;

fn read(folder: &Path, module: &str, sources: &mut Sources) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let inner = match (module, name.as_str()) {
            (_, "mod") => module.to_owned(),
            ("", _) => name.clone(),
            _ => format!("{module}::{name}"),
        };
        if path.is_dir() {
            read(&path, &inner, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.insert(inner, fs::read_to_string(&path).unwrap());
        }
    }
}

/// The code without comments and without its tests.
fn code(source: &str) -> String {
    let end = source.find("\nmod tests {");
    let lines = source[..end.unwrap_or(source.len())].lines();
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The paths of a `use` tree: `a::{b, c::{d, e as f}}` is `a::b`, `a::c::d` and `a::c::e`.
fn expand(tree: &str, paths: &mut Vec<String>) {
    let Some((prefix, group)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap().trim();
        return paths.push(path.trim_end_matches("::self").to_owned());
    };
    let (mut depth, mut start) = (0, 0);
    let group = group.trim_end().strip_suffix('}').unwrap();
    for (at, letter) in group.char_indices().chain([(group.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = group[start..at].trim();
                if !part.is_empty() {
                    expand(&format!("{}{part}", prefix.trim()), paths);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// All paths into the crate that a file names, absolute: `oidc::verify::verify`.
fn paths(module: &str, code: &str) -> BTreeSet<String> {
    let mut named = Vec::new();
    for item in code.split(';') {
        let tree = item
            .split_once("use ")
            .map(|(_, tree)| tree.replace('\n', " "));
        if let Some(tree) = tree.filter(|tree| {
            let tree = tree.trim_start();
            ["crate", "super", "self"]
                .iter()
                .any(|root| tree.starts_with(root))
        }) {
            expand(&tree, &mut named);
        }
    }
    // And the paths in expressions and types.
    for root in ["crate::", "super::"] {
        for (at, _) in code.match_indices(root) {
            let is_path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
            let rest = &code[at..];
            let end = rest.find(|letter| !is_path(letter)).unwrap_or(rest.len());
            named.push(rest[..end].trim_end_matches(':').to_owned());
        }
    }
    let absolute = named.into_iter().map(|path| absolute(module, &path));
    absolute.filter(|path| !path.is_empty()).collect()
}

fn absolute(module: &str, path: &str) -> String {
    let mut base: Vec<&str> = module.split("::").collect();
    let mut rest = path;
    if let Some(from_root) = path.strip_prefix("crate::") {
        return from_root.to_owned();
    }
    if let Some(own) = rest.strip_prefix("self::") {
        rest = own;
    }
    while let Some(above) = rest.strip_prefix("super::") {
        base.pop();
        rest = above;
    }
    base.push(rest);
    base.join("::")
}

/// The file that a path leads to: the longest prefix that is a module.
fn target<'a>(sources: &'a Sources, path: &str) -> Option<&'a str> {
    let mut path = path;
    loop {
        if let Some((module, _)) = sources.get_key_value(path) {
            return Some(module);
        }
        path = path.rsplit_once("::")?.0;
    }
}

fn rank(module: &str) -> usize {
    let folder = module.split("::").next().unwrap();
    let rank = ORDER.iter().position(|line| line.contains(&folder));
    rank.unwrap_or_else(|| panic!("`{folder}` has no place in the order"))
}

/// What breaks the rules, each naming file and import.
fn violations(sources: &Sources) -> Vec<String> {
    let mut found = Vec::new();
    let mut imports: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let is_test = |module: &str| module.ends_with("tests");
    for (module, source) in sources.iter().filter(|(module, _)| !is_test(module)) {
        for path in paths(module, &code(source)) {
            let Some(target) = target(sources, &path).filter(|target| target != module) else {
                continue;
            };
            imports.entry(module).or_default().insert(target);
            let folder = |module: &str| module.split("::").next().unwrap().to_owned();
            if folder(module) != folder(target) && rank(module) >= rank(target) {
                found.push(format!(
                    "{module} imports {path}, which doesn't stand below it"
                ));
            }
        }
    }
    for start in imports.keys() {
        if let Some(circle) = circle(&imports, &mut vec![start]) {
            found.push(format!("a circle of imports: {}", circle.join(" → ")));
        }
    }
    found
}

/// A path of imports from the first module back to it.
fn circle<'a>(
    imports: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    path: &mut Vec<&'a str>,
) -> Option<Vec<&'a str>> {
    fn search<'a>(
        imports: &BTreeMap<&'a str, BTreeSet<&'a str>>,
        path: &mut Vec<&'a str>,
        seen: &mut BTreeSet<&'a str>,
    ) -> bool {
        let (first, last) = (path[0], path[path.len() - 1]);
        for next in imports.get(last).into_iter().flatten() {
            path.push(next);
            if *next == first || (seen.insert(next) && search(imports, path, seen)) {
                return true;
            }
            path.pop();
        }
        false
    }
    search(imports, path, &mut BTreeSet::new()).then(|| path.clone())
}

fn crate_sources() -> Sources {
    let mut sources = Sources::new();
    read(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        "",
        &mut sources,
    );
    sources.remove("lib");
    sources
}

#[test]
fn each_file_imports_only_what_stands_below_it() {
    let found = violations(&crate_sources());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_root_of_src_holds_four_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = entries.filter(|entry| entry.path().is_file());
    let files: BTreeSet<_> = files
        .map(|file| file.file_name().into_string().unwrap())
        .collect();
    let expected = ["fuzzing.rs", "http_client.rs", "lib.rs", "sso.rs"];
    assert_eq!(files, expected.map(str::to_owned).into());
}

#[test]
fn an_import_that_runs_up_and_a_circle_are_found() {
    let sources = |files: &[(&str, &str)]| -> Sources {
        let files = files.iter();
        files
            .map(|(module, source)| ((*module).to_owned(), (*source).to_owned()))
            .collect()
    };
    let up = sources(&[
        (
            "util::log",
            "use crate::{oidc::verify::{verify, Expected}, settings::config};",
        ),
        ("oidc::verify", ""),
        ("settings::config", "// use crate::routes::login;"),
        ("routes::login", "use super::super::oidc::verify;"),
    ]);
    let found = violations(&up);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found[0].starts_with("util::log imports oidc::verify::Expected"),
        "{found:?}"
    );

    let beside = sources(&[
        ("store::a", "fn f() { crate::site::b::g() }"),
        ("site::b", ""),
    ]);
    assert_eq!(violations(&beside).len(), 1);

    let circle = sources(&[
        ("oidc", "pub(crate) use self::verify::verify;"),
        ("oidc::verify", "use super::keys::Key;"),
        ("oidc::keys", "use super::Client;"),
    ]);
    let found = violations(&circle);
    assert!(
        found[0].contains("oidc → oidc::verify → oidc::keys → oidc"),
        "{found:?}"
    );
}

/// The errors that an application gets. `Denied` is a rule's answer, which code compares.
#[test]
fn no_public_error_shows_the_debug_of_its_fields() {
    let mut sources = Sources::new();
    read(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        "",
        &mut sources,
    );
    let mut found = 0;
    for (module, source) in &sources {
        let lines: Vec<_> = source.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            if !(line.starts_with("#[derive(") && line.contains("thiserror::Error")) {
                continue;
            }
            let item = lines[at..]
                .iter()
                .find(|line| line.contains("enum ") || line.contains("struct "));
            let item = item.unwrap();
            let is_public = item.starts_with("pub ") && !item.contains(" Denied ");
            found += usize::from(is_public);
            let shows_fields = is_public && line.contains("Debug");
            assert!(!shows_fields, "{module}: {item}: use `readable_debug!`");
        }
    }
    assert!(found > 5, "{found} errors");
}
