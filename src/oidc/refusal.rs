//! Entra's error responses: the error, its numbers, and the ids of the request.

use std::fmt;
#[cfg(feature = "_diesel")]
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::aadsts::{self, Remedy};

/// Most numbers that are kept of one response.
const MAX_CODES: usize = 8;

/// An error response, parsed for the log. The description itself is never kept: it may come through
/// the browser, so anybody can write it.
#[derive(Clone, Debug)]
pub(crate) struct EntraRefusal {
    /// The OAuth error (RFC 6749, sections 4.1.2.1 and 5.2).
    pub(crate) error: String,
    /// Entra's own numbers, each once.
    codes: Vec<u32>,
    correlation_id: Option<Uuid>,
    trace_id: Option<Uuid>,
    /// What the token endpoint asks for beside (Microsoft identity platform, "Claims challenges").
    #[cfg(feature = "_diesel")]
    pub(crate) claims: Option<Arc<str>>,
}

impl EntraRefusal {
    /// Of an authorization response.
    pub(crate) fn new(error: &str, description: &str) -> Self {
        let known = !error.is_empty()
            && error.len() <= 64
            && error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let error = if known { error } else { "unknown_error" };
        let mut refusal = Self {
            error: error.to_owned(),
            codes: Vec::new(),
            correlation_id: labelled_id(description, "Correlation ID:"),
            trace_id: labelled_id(description, "Trace ID:"),
            #[cfg(feature = "_diesel")]
            claims: None,
        };
        for part in description.split("AADSTS").skip(1) {
            let end = part.find(|c: char| !c.is_ascii_digit());
            refusal.add_code(part[..end.unwrap_or(part.len())].parse().ok());
        }
        refusal
    }

    /// Of an error document (Microsoft identity platform, "Handling error codes in your
    /// application"); `None` if the body is none. `error` alone is needed.
    pub(crate) fn from_document(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Document {
            error: String,
            #[serde(default)]
            error_description: Value,
            #[serde(default)]
            error_codes: Value,
            #[serde(default)]
            correlation_id: Value,
            #[serde(default)]
            trace_id: Value,
            #[cfg(feature = "_diesel")]
            #[serde(default)]
            claims: Value,
        }
        let document: Document = serde_json::from_slice(body).ok()?;
        let description = document.error_description.as_str().unwrap_or_default();
        let mut refusal = Self::new(&document.error, description);
        for code in document.error_codes.as_array().into_iter().flatten() {
            let number = code.as_u64().and_then(|number| number.try_into().ok());
            refusal.add_code(number.or_else(|| code.as_str()?.parse().ok()));
        }
        let id = |value: &Value| Uuid::try_parse(value.as_str()?).ok();
        refusal.correlation_id = id(&document.correlation_id).or(refusal.correlation_id);
        refusal.trace_id = id(&document.trace_id).or(refusal.trace_id);
        #[cfg(feature = "_diesel")]
        {
            refusal.claims = document.claims.as_str().map(Arc::from);
        }
        Some(refusal)
    }

    fn add_code(&mut self, code: Option<u32>) {
        if let Some(code) = code
            && self.codes.len() < MAX_CODES
            && !self.codes.contains(&code)
        {
            self.codes.push(code);
        }
    }

    /// Who can do something about it. `error` comes first, as Microsoft asks; the numbers tell where
    /// it is unspecific.
    pub(crate) fn remedy(&self) -> Remedy {
        let by_error = match self.error.as_str() {
            "temporarily_unavailable" | "server_error" => Some(Remedy::Wait),
            "invalid_client"
            | "unauthorized_client"
            | "invalid_scope"
            | "invalid_resource"
            | "invalid_tenant"
            | "unsupported_response_type"
            | "unsupported_grant_type" => Some(Remedy::FixSetup),
            _ => None,
        };
        let remedies = || self.meanings().map(|(remedy, _)| remedy);
        let by_code = || {
            let order = [Remedy::Wait, Remedy::FixSetup, Remedy::AdmitAccount];
            let first = |wanted: &Remedy| remedies().any(|remedy| remedy == *wanted);
            order.into_iter().find(first)
        };
        let is_account = || (self.error == "access_denied").then_some(Remedy::AdmitAccount);
        let remedy = by_error.or_else(by_code).or_else(is_account);
        remedy.unwrap_or(Remedy::SignInAgain)
    }

    fn meanings(&self) -> impl Iterator<Item = (Remedy, &'static str)> {
        self.codes.iter().filter_map(|code| aadsts::meaning(*code))
    }

    /// Whether Entra needs to ask the person something (OpenID Connect Core 1.0, section 3.1.2.6).
    pub(crate) fn needs_interaction(&self) -> bool {
        matches!(
            self.error.as_str(),
            "login_required"
                | "interaction_required"
                | "consent_required"
                | "account_selection_required"
        )
    }

    /// Whether the token endpoint says that a grant is over (RFC 6749, section 5.2; Microsoft identity
    /// platform, "OAuth 2.0 authorization code flow").
    #[cfg(feature = "_diesel")]
    pub(crate) fn ends_grant(&self) -> bool {
        matches!(
            self.error.as_str(),
            "invalid_grant" | "interaction_required" | "consent_required"
        )
    }

    /// Whether Entra names one of these numbers.
    pub(crate) fn has_number(&self, numbers: &[u32]) -> bool {
        self.codes.iter().any(|code| numbers.contains(code))
    }

    /// Whether Entra refuses the client secret: it is wrong, or has expired.
    pub(crate) fn is_wrong_secret(&self) -> bool {
        self.codes
            .iter()
            .any(|code| [7000215, 7000222].contains(code))
    }

    /// Whether the code was redeemed before (AADSTS54005).
    pub(crate) fn is_used_code(&self) -> bool {
        self.codes.contains(&54005)
    }

    /// Whether the person cancelled.
    pub(crate) fn is_declined(&self) -> bool {
        let is_so = self.codes.is_empty() || self.codes.contains(&65004);
        self.error == "access_denied" && is_so
    }
}

impl fmt::Display for EntraRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)?;
        for code in &self.codes {
            write!(f, ", AADSTS{code}")?;
        }
        if let Some(id) = self.correlation_id {
            write!(f, ", correlation id {id}")?;
        }
        if let Some(id) = self.trace_id {
            write!(f, ", trace id {id}")?;
        }
        let mut hints: Vec<_> = self.meanings().map(|(_, hint)| hint).collect();
        hints.dedup();
        if hints.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", hints.join("; "))
    }
}

fn labelled_id(description: &str, label: &str) -> Option<Uuid> {
    let rest = description.split_once(label)?.1.trim_start();
    Uuid::try_parse(rest.get(..36)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entras_description_is_taken_apart_and_not_repeated() {
        let refusal = EntraRefusal::new(
            "invalid_client",
            "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 0000aaaa-11bb-cccc-dd22-eeeeee333333\r\nCorrelation ID: aaaa0000-bb11-2222-33cc-444444dddddd\r\nTimestamp: 2016-01-09 02:02:12Z",
        );
        assert_eq!(
            refusal.to_string(),
            "invalid_client, AADSTS7000215, correlation id aaaa0000-bb11-2222-33cc-444444dddddd, trace id 0000aaaa-11bb-cccc-dd22-eeeeee333333 (the client secret is wrong: copy its Value, not its id)"
        );
        let forged = EntraRefusal::new("x\nERROR forged", "AADSTS\nCorrelation ID: ü");
        assert_eq!(forged.to_string(), "unknown_error");
    }

    #[test]
    fn all_numbers_are_read_each_once_and_not_without_end() {
        let document = br#"{"error":"invalid_grant","error_codes":[70000,"54005",-1,[],70000],
            "error_description":"AADSTS50173: x AADSTS70000: x AADSTS99999999999: x"}"#;
        let refusal = EntraRefusal::from_document(document).unwrap();
        assert_eq!(refusal.codes, [50173, 70000, 54005]);
        assert!(refusal.is_used_code());
        let many: String = (1..99).map(|n| format!("AADSTS{n} ")).collect();
        assert_eq!(EntraRefusal::new("x", &many).codes.len(), MAX_CODES);
        for body in [&b""[..], b"<html>", b"[]", b"{}", br#"{"error":7}"#] {
            assert!(EntraRefusal::from_document(body).is_none());
        }
    }

    #[test]
    fn each_number_of_the_issue_has_a_hint_and_an_error_goes_before_it() {
        for code in [
            530003, 90072, 16000, 9002313, 7000112, 650053, 70000, 70043, 50146, 700027, 50173,
            50012, 5002741, 7002138, 50058, 700082, 90014, 900144,
        ] {
            assert!(aadsts::meaning(code).is_some(), "{code}");
        }
        let remedy =
            |error: &str, description: &str| EntraRefusal::new(error, description).remedy();
        assert_eq!(remedy("invalid_grant", "AADSTS70008"), Remedy::SignInAgain);
        assert_eq!(
            remedy("invalid_grant", "AADSTS70008 AADSTS90055"),
            Remedy::Wait
        );
        assert_eq!(remedy("invalid_request", "AADSTS90002"), Remedy::FixSetup);
        assert_eq!(remedy("invalid_client", "AADSTS1"), Remedy::FixSetup);
        assert_eq!(remedy("server_error", "AADSTS7000215"), Remedy::Wait);
        assert_eq!(remedy("access_denied", ""), Remedy::AdmitAccount);
        assert_eq!(remedy("x y", "AADSTS1"), Remedy::SignInAgain);
    }
}
