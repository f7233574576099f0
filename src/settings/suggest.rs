//! The name that was meant.

/// How [`help`] begins where it has a suggestion.
pub(super) const DID_YOU_MEAN: &str = "did you mean ";

/// What other software calls a setting.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("client_id", "application_id"),
    ("app_id", "application_id"),
    ("tenant_id", "authority"),
    ("tenant", "authority"),
    ("redirect_uri", "base_url"),
    ("allowed_domains", "allowable_domains"),
];

/// The name that was most likely meant: what other software calls it, or one that is few letters
/// away.
pub(super) fn suggest<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    let name = name.to_lowercase();
    let other = OTHER_NAMES.iter().find(|(other, _)| *other == name);
    let other = other.and_then(|(_, ours)| names.iter().find(|name| *name == ours));
    if let Some(ours) = other {
        return Some(ours);
    }
    let with_distance = names
        .iter()
        .map(|candidate| (strsim::osa_distance(&name, candidate), *candidate));
    let (distance, candidate) = with_distance.min()?;
    // In a short name, two other letters make another word.
    (distance <= (candidate.len() / 4).min(3)).then_some(candidate)
}

/// What to do about a name that there isn't.
pub(super) fn help(name: &str, kind: &str, names: &[&str]) -> String {
    match suggest(name, names) {
        Some(meant) => format!("{DID_YOU_MEAN}`{meant}`?"),
        None => format!("the {kind} are: {}", names.join(", ")),
    }
}
