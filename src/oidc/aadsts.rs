//! Entra's error numbers: what each means, and what to do about it.
//!
//! After "Microsoft Entra authentication and authorization error codes" (Microsoft identity
//! platform); a number that the page lacks carries its own source.

/// Who can do something about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Nobody: Microsoft is busy or out of order, and will be back.
    Wait,
    /// The administrator of the application: its settings or its registration are wrong.
    FixSetup,
    /// The administrator of the tenant: the account or its device isn't admitted.
    AdmitAccount,
    /// The person, by another sign-in.
    SignInAgain,
}

/// What a number means for the operator, as an instruction where there is one.
#[expect(clippy::too_many_lines, reason = "a few numbers a line")]
pub(super) fn meaning(number: u32) -> Option<(Remedy, &'static str)> {
    use Remedy::{AdmitAccount, FixSetup, SignInAgain, Wait};
    Some(match number {
        7000215 | 70002 => (
            FixSetup,
            "the client secret is wrong: copy its Value, not its id",
        ),
        7000222 => (FixSetup, "the client secret has expired: make a new one"),
        7000218 => (
            FixSetup,
            "no client secret was taken: the redirect URI must be of the platform \"Web\"",
        ),
        700025 => (
            FixSetup,
            "the app is registered as a public client: register the redirect URI under \"Web\"",
        ),
        700027 | 50012 | 700030 => (
            FixSetup,
            "the client assertion is refused: upload its certificate to the app registration",
        ),
        // "Microsoft identity platform application authentication certificate credentials"
        5002741 | 50048 => (
            FixSetup,
            "the client assertion is wrong: give it one audience, and the application id as issuer and subject",
        ),
        // "Workload identity federation"
        70021 | 700211 | 700212 | 700213 | 7002138 => (
            FixSetup,
            "no federated credential fits: compare its issuer, subject and audience, letter case included",
        ),
        700024 => (
            FixSetup,
            "the client assertion is out of its time: is the token's file renewed, and this machine's clock right?",
        ),
        700016 | 700011 => (
            FixSetup,
            "the application isn't in this tenant: check application_id, authority and cloud",
        ),
        7000112 | 70001 => (
            FixSetup,
            "the application is disabled: enable sign-in under \"Enterprise applications\", \"Properties\"",
        ),
        90002 | 90038 => (
            FixSetup,
            "the tenant wasn't found: check authority and cloud",
        ),
        50194 => (
            FixSetup,
            "the app is single-tenant: set authority to your tenant, or make the app multi-tenant",
        ),
        9002332 => (
            FixSetup,
            "the app takes no personal accounts: set authority to your tenant or `organizations`",
        ),
        50011 | 500112 => (
            FixSetup,
            "the redirect URI isn't registered, or changed between start and end: check base_url",
        ),
        50146 | 501461 => (
            FixSetup,
            "claims mapping needs an application-specific signing key: remove the claims mapping policy, or give the app a valid key",
        ),
        70011 | 700022 | 700023 | 28002 | 28003 => (
            FixSetup,
            "a scope is wrong, or they are of two resources: check scopes",
        ),
        // The text of Entra's own error page (AzureAD issues, O365/python-o365#551)
        650053 => (
            FixSetup,
            "a scope doesn't exist on its resource: correct its spelling in scopes",
        ),
        500011 | 650057 | 650056 | 65005 => (
            FixSetup,
            "a resource is unknown or not among the app's permissions: check scopes, graph_url and \"API permissions\"",
        ),
        65001 => (
            AdmitAccount,
            "nobody has consented to the scopes: grant admin consent",
        ),
        90094 | 90095 => (
            AdmitAccount,
            "the scopes need an administrator's consent: grant it under \"API permissions\"",
        ),
        65004 => (SignInAgain, "the person declined the consent"),
        50105 => (
            AdmitAccount,
            "the person isn't assigned to the app: assign them or their group",
        ),
        50020 | 500208 => (
            AdmitAccount,
            "the account is of another tenant or a personal one: invite it, or widen the app's audience",
        ),
        16000 | 90072 => (
            AdmitAccount,
            "the account isn't in the tenant: invite it as a guest, or let the person choose another account (prompt = \"select_account\")",
        ),
        50034 | 50014 | 51004 | 16003 => {
            (AdmitAccount, "the account isn't in the tenant: invite it")
        }
        50057 => (
            AdmitAccount,
            "the account is disabled: enable it, or leave it so",
        ),
        50053 => (
            AdmitAccount,
            "the account is locked, or its address is suspicious: look at Entra's sign-in log",
        ),
        500021 | 500022 | 500212 | 500213 => (
            AdmitAccount,
            "a tenant restriction or cross-tenant access policy forbids it: change the policy, or use another account",
        ),
        50058 => (
            SignInAgain,
            "there is no session at Microsoft to sign in silently",
        ),
        50076 | 50079 | 50074 | 50072 | 50078 => (
            SignInAgain,
            "multi-factor authentication is needed: the person must sign in again",
        ),
        // 530003: "Your device is required to be managed" (Azure/azure-cli#29282)
        53000 | 53001 | 530003 => (
            AdmitAccount,
            "Conditional Access wants a managed device: enrol it, or change the policy",
        ),
        53003 | 530032 | 530035 | 53011 | 50131 => (
            AdmitAccount,
            "Conditional Access blocked it: look at Entra's sign-in log with the correlation id",
        ),
        54005 => (
            SignInAgain,
            "the code was redeemed already: the callback was opened twice",
        ),
        70008 => (
            SignInAgain,
            "the code has expired: the person took too long",
        ),
        70000 => (
            SignInAgain,
            "the code or token isn't valid: the person must sign in again",
        ),
        50173 | 50089 | 50132 | 50133 => (
            SignInAgain,
            "the grant was revoked or has expired, perhaps by a new password: the person must sign in again",
        ),
        70043 => (
            SignInAgain,
            "Conditional Access's sign-in frequency ended the grant: the person must sign in again",
        ),
        700082 | 700084 => (
            SignInAgain,
            "the refresh token has expired: the person must sign in again",
        ),
        501481 => (SignInAgain, "the PKCE verifier doesn't fit the code"),
        700005 => (SignInAgain, "the code is of another tenant's path"),
        // Anybody can cause these by a callback with a made-up code.
        9002313 | 90014 | 900144 => (
            SignInAgain,
            "the request is malformed: is the code in the callback's URL cut or made up? if all sign-ins fail, check application_id and client_secret for stray characters",
        ),
        50196 => (
            Wait,
            "Entra sees a sign-in loop: does the page at login_failed_url need a sign-in?",
        ),
        90055 | 90033 | 90006 | 50033 | 90012 | 90024 | 90090 => (
            Wait,
            "Microsoft is overloaded: it may work again in a moment",
        ),
        _ => return None,
    })
}
