//! What follows a failed sign-in.

use super::{attempt_cookies::RecentEndings, error::SignInError, state::SilentSignIn};

/// After this many failures in [`RECENT_SECS`] a sign-in isn't restarted: something redeems each code
/// first, and it would go on for ever.
const MAX_FAILURES: usize = 3;

/// The seconds that count for [`MAX_FAILURES`].
pub(crate) const RECENT_SECS: i64 = 60;

/// What the browser gets after a failed sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NextStep {
    /// A page with status 503. The attempt stays, so that a reload can finish it.
    ServiceUnavailable,
    /// The code was redeemed before, by the same callback on another node, or brought no refresh token: begin
    /// again. Entra
    /// answers at once, and the person sees no error.
    RestartSignIn,
    /// Begin again, and let Entra ask.
    RestartInteractive,
    /// Go on to `next` without being signed in.
    ContinueAnonymous,
    /// The page at `login_failed_url`, which shows a message.
    ShowFailure,
}

pub(crate) fn next_step(
    error: &SignInError,
    silent: SilentSignIn,
    recent: RecentEndings,
) -> NextStep {
    if error.is_outage() {
        return NextStep::ServiceUnavailable;
    }
    // Without a refresh token, the sign-in may have begun at a node that didn't ask for one yet.
    let is_repeatable = error.is_used_code() || matches!(error, SignInError::NoRefreshToken);
    if is_repeatable && recent.failed < MAX_FAILURES {
        return NextStep::RestartSignIn;
    }
    if error.needs_interaction() {
        match silent {
            SilentSignIn::No => {}
            SilentSignIn::ElseInteractive => return NextStep::RestartInteractive,
            SilentSignIn::ElseAnonymous => return NextStep::ContinueAnonymous,
        }
    }
    NextStep::ShowFailure
}

#[cfg(test)]
mod tests {
    use awc::http::{StatusCode, header::HeaderMap};

    use super::*;
    use crate::{
        http_client::response::Source,
        oidc::{exchange::ExchangeError, refusal::EntraRefusal},
    };

    #[test]
    fn each_failure_has_its_next_step() {
        let refused = |error: &str| SignInError::Refused(EntraRefusal::new(error, ""));
        let used = || {
            let refusal = EntraRefusal::new("invalid_grant", "AADSTS70000: x AADSTS54005: used");
            let url = "https://login.example/token";
            let endpoint = Source::new(url, StatusCode::BAD_REQUEST, &HeaderMap::new());
            SignInError::Exchange(ExchangeError::Refused(refusal, endpoint))
        };
        use NextStep::*;
        use SilentSignIn::*;
        for (error, silent, failed, expected) in [
            (SignInError::Overloaded, No, 0, ServiceUnavailable),
            (SignInError::Session, ElseAnonymous, 9, ServiceUnavailable),
            (used(), No, 0, RestartSignIn),
            (used(), ElseAnonymous, 2, RestartSignIn),
            (used(), No, 3, ShowFailure),
            (SignInError::NoRefreshToken, No, 0, RestartSignIn),
            (SignInError::NoRefreshToken, No, 3, ShowFailure),
            (refused("login_required"), No, 0, ShowFailure),
            (
                refused("login_required"),
                ElseInteractive,
                0,
                RestartInteractive,
            ),
            (
                refused("interaction_required"),
                ElseAnonymous,
                0,
                ContinueAnonymous,
            ),
            (refused("access_denied"), ElseInteractive, 0, ShowFailure),
            (SignInError::NoCode, No, 0, ShowFailure),
            (SignInError::AdminDisabled, ElseAnonymous, 0, ShowFailure),
        ] {
            let recent = RecentEndings {
                signed_in: 0,
                failed,
            };
            assert_eq!(
                next_step(&error, silent, recent),
                expected,
                "{error}, {silent:?}"
            );
        }
    }
}
