//! Claims whose JSON type varies.

use serde_json::{Value, json};
use uuid::Uuid;

/// The strings of a list, or one string in its place; none of anything else.
pub(super) fn strings(list: Option<&Value>) -> Vec<String> {
    let entries = match list {
        Some(Value::Array(entries)) => entries.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let strings = entries.iter().filter_map(Value::as_str);
    strings.map(str::to_owned).collect()
}

/// `acct` (0: member, 1: guest), else `idp`, which names the home of an account of elsewhere.
pub(super) fn is_guest(acct: Option<&Value>, idp: Option<&Value>, tenant_id: Uuid) -> Option<bool> {
    match acct {
        Some(acct) if is_true(acct) => Some(true),
        Some(acct) if *acct == json!(0) || *acct == json!("0") => Some(false),
        _ => {
            let idp = idp.and_then(Value::as_str)?.to_ascii_lowercase();
            (!idp.contains(&tenant_id.to_string())).then_some(true)
        }
    }
}

pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::Number(value) => value.as_i64() == Some(1),
        Value::String(value) => value == "1" || value.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_says_who_is_a_guest_by_acct_or_else_by_idp() {
        let tenant = Uuid::from_u128(1);
        let own = format!("https://sts.windows.net/{tenant}/");
        for (claims, expected) in [
            (json!({}), None),
            (json!({ "acct": 0 }), Some(false)),
            (json!({ "acct": "1" }), Some(true)),
            (json!({ "acct": [] }), None),
            (json!({ "idp": "live.com" }), Some(true)),
            (json!({ "acct": 0, "idp": "live.com" }), Some(false)),
            (json!({ "idp": own }), None),
        ] {
            let said = is_guest(claims.get("acct"), claims.get("idp"), tenant);
            assert_eq!(said, expected, "{claims}");
        }
    }
}
