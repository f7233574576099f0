//! Entra's error responses: the code, what it means, and what to do about it.

use std::fmt;

use uuid::Uuid;

/// An error response, parsed for the log. The description itself is never kept: it comes through
/// the browser, so anybody can write it.
#[derive(Clone, Debug)]
pub(crate) struct EntraRefusal {
    /// The OAuth error (RFC 6749, sections 4.1.2.1 and 5.2).
    pub(crate) error: String,
    /// Entra's own number, after `AADSTS`.
    pub(crate) aadsts: Option<u32>,
    pub(crate) correlation_id: Option<Uuid>,
    pub(crate) trace_id: Option<Uuid>,
}

impl EntraRefusal {
    pub(crate) fn new(error: &str, description: &str) -> Self {
        let known = !error.is_empty()
            && error.len() <= 64
            && error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let error = if known { error } else { "unknown_error" };
        Self {
            error: error.to_owned(),
            aadsts: aadsts_number(description),
            correlation_id: labelled_id(description, "Correlation ID:"),
            trace_id: labelled_id(description, "Trace ID:"),
        }
    }

    /// What the operator can do about it (Microsoft, "Entra authentication and authorization
    /// error codes").
    pub(crate) fn hint(&self) -> Option<&'static str> {
        Some(match self.aadsts? {
            7000215 => "the client secret is wrong: copy its Value, not its id",
            7000222 => "the client secret has expired: make a new one",
            7000218 => {
                "no client secret was taken: the redirect URI must be of the platform \"Web\""
            }
            700025 => {
                "the app is registered as a public client: register the redirect URI under \"Web\""
            }
            700016 => {
                "the application isn't in this tenant: check application_id, authority and cloud"
            }
            90002 => "the tenant wasn't found: check authority",
            50194 => {
                "the app is single-tenant: set authority to your tenant, or make the app multi-tenant"
            }
            50011 | 500112 => "the redirect URI isn't registered, or changed between start and end",
            65001 => "nobody has consented to the scopes: grant admin consent",
            90094 | 90095 => "the scopes need an administrator's consent",
            65004 => "the person declined the consent",
            50105 => "the person isn't assigned to the app: assign them or their group",
            50020 => {
                "the account is of another tenant or a personal one: invite it, or widen the app's audience"
            }
            50034 | 50014 | 51004 | 16003 => "the account isn't in the tenant: invite it",
            50076 | 50079 | 50074 | 50072 => {
                "multi-factor authentication is needed: the person must sign in again"
            }
            53003 | 53000 | 53001 | 530032 | 50131 => {
                "Conditional Access blocked it: look at Entra's sign-in log with the correlation id"
            }
            54005 => "the code was redeemed already: the callback was opened twice",
            70008 => "the code has expired: the person took too long",
            501481 => "the PKCE verifier doesn't fit the code",
            700005 => "the code is of another tenant's path",
            70011 | 700022 | 28002 | 28003 => {
                "a scope is wrong, or they are of two resources: check scopes"
            }
            500011 | 650057 => {
                "a resource is unknown or not among the app's permissions: check scopes and graph_url"
            }
            50196 => "Entra sees a sign-in loop: does the page at login_failed_url need a sign-in?",
            90055 | 90033 | 90006 | 50033 => {
                "Microsoft is overloaded: it may work again in a moment"
            }
            _ => return None,
        })
    }

    /// Whether trying again may help.
    pub(crate) fn is_temporary(&self) -> bool {
        matches!(
            self.error.as_str(),
            "temporarily_unavailable" | "server_error"
        )
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

    /// Whether the code was redeemed before (AADSTS54005).
    pub(crate) fn is_used_code(&self) -> bool {
        self.aadsts == Some(54005)
    }

    /// Whether the person cancelled.
    pub(crate) fn is_declined(&self) -> bool {
        self.error == "access_denied" && matches!(self.aadsts, None | Some(65004))
    }
}

impl fmt::Display for EntraRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)?;
        if let Some(aadsts) = self.aadsts {
            write!(f, ", AADSTS{aadsts}")?;
        }
        if let Some(id) = self.correlation_id {
            write!(f, ", correlation id {id}")?;
        }
        if let Some(id) = self.trace_id {
            write!(f, ", trace id {id}")?;
        }
        self.hint().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

fn aadsts_number(description: &str) -> Option<u32> {
    let rest = description.split_once("AADSTS")?.1;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
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
}
