//! Refusals that another account of the same person could pass.

use super::error::SignInError;
use crate::{
    account::denied::Denied,
    oidc::{exchange::ExchangeError, refusal::EntraRefusal, token_error::TokenError},
};

/// Whether another account could pass where this one was refused.
pub(crate) fn may_pass(error: &SignInError) -> bool {
    match error {
        SignInError::Denied(Denied::ProfileUnavailable, _) => false,
        SignInError::Denied(..) | SignInError::Token(TokenError::TenantNotAllowed(_)) => true,
        SignInError::Refused(refusal)
        | SignInError::Exchange(ExchangeError::Refused(refusal, _)) => refuses_account(refusal),
        _ => false,
    }
}

/// Not assigned to the application, of another tenant, unknown, disabled, or locked.
fn refuses_account(refusal: &EntraRefusal) -> bool {
    const NUMBERS: [u32; 11] = [
        50105, 50020, 50034, 50014, 51004, 16000, 16003, 50053, 50057, 90072, 500_208,
    ];
    refusal.has_number(&NUMBERS)
}
