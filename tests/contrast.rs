//! Text is readable in the light and in the dark: WCAG 2.2, success criterion 1.4.3, asks for a
//! contrast of 4.5:1.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{collections::BTreeMap, fs, path::Path};

/// A rule of a stylesheet, and whether it is for the dark alone.
struct Rule {
    selector: String,
    is_dark: bool,
    declarations: BTreeMap<String, String>,
}

fn rules(css: &str) -> Vec<Rule> {
    let mut plain = String::new();
    for part in css.split("/*") {
        plain.push_str(part.split_once("*/").map_or(part, |(_, rest)| rest));
    }
    let (mut rules, mut is_dark, mut rest) = (Vec::new(), false, plain.as_str());
    while let Some(at) = rest.find(['{', '}']) {
        let (before, after) = (rest[..at].trim(), &rest[at + 1..]);
        if rest[at..].starts_with('}') {
            (is_dark, rest) = (false, after);
        } else if before.starts_with("@media") {
            assert!(before.contains("prefers-color-scheme: dark"), "{before}");
            (is_dark, rest) = (true, after);
        } else {
            let (body, after) = after.split_once('}').unwrap();
            let pairs = body.split(';').filter_map(|pair| pair.split_once(':'));
            rules.push(Rule {
                selector: before.to_owned(),
                is_dark,
                declarations: pairs
                    .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                    .collect(),
            });
            rest = after;
        }
    }
    rules
}

/// Relative luminance of `#rgb` or `#rrggbb`, as WCAG defines it.
fn luminance(colour: &str) -> f64 {
    let digits = colour.strip_prefix('#').unwrap();
    let wide: String = if digits.len() == 3 {
        digits.chars().flat_map(|digit| [digit, digit]).collect()
    } else {
        digits.to_owned()
    };
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&wide[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn text_stands_out_in_the_light_and_in_the_dark() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["templates/style.css", "examples/demo/templates/demo.css"] {
        let rules = rules(&fs::read_to_string(root.join(file)).unwrap());
        let variables = |dark: bool| {
            let rules = rules.iter().filter(move |rule| dark || !rule.is_dark);
            let all = rules.flat_map(|rule| &rule.declarations);
            all.filter(|(name, _)| name.starts_with("--"))
                .collect::<BTreeMap<_, _>>()
        };
        let mut checked = 0;
        for (dark, variables) in [(false, variables(false)), (true, variables(true))] {
            let colour = |text: &str| {
                let name = text
                    .strip_prefix("var(")
                    .map(|name| name.trim_end_matches(')'));
                name.map_or(text.to_owned(), |name| variables[&name.to_owned()].clone())
            };
            for rule in rules.iter().filter(|rule| dark || !rule.is_dark) {
                let Some(text) = rule.declarations.get("color") else {
                    continue;
                };
                let ground = rule.declarations.get("background");
                let ground = ground.unwrap_or_else(|| {
                    unreachable!("{file}: {} has a colour on nothing", rule.selector)
                });
                let contrast = contrast(&colour(text), &colour(ground));
                assert!(contrast >= 4.5, "{file}: {} {contrast:.1}", rule.selector);
                checked += 1;
            }
        }
        assert!(checked > 8, "{file} can't be read");
    }
}
