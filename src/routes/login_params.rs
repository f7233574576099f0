//! The parameters of a link to `login/`, under what the settings demand.

use actix_web::HttpRequest;
use openidconnect::core::CoreAuthPrompt;

use crate::{
    account::user::UserId,
    settings::{choices::Prompt, hint::Hint},
    sign_in::{ask::Ask, state::SilentSignIn},
    web::{
        extract::Sso,
        request::{ASK, parameter},
    },
};

/// Marks a sign-in that begins because a callback had no attempt.
pub(super) const AGAIN: &str = "again";

/// What a sign-in asks of Entra.
pub(super) struct LoginParams {
    pub(super) prompt: Option<CoreAuthPrompt>,
    pub(super) silent: SilentSignIn,
    pub(super) again: bool,
    pub(super) login_hint: Option<Hint>,
    pub(super) domain_hint: Option<Hint>,
    pub(super) ask: Ask,
}

/// The sign-in must not ask the person, and has to.
pub(super) struct Unasked;

impl LoginParams {
    /// The parameters of a link take precedence, except where that would weaken a setting. After the
    /// refusal of an account, the person is asked which one to use.
    pub(super) fn for_request(
        req: &HttpRequest,
        sso: &Sso,
        user: Option<&UserId>,
        is_account_refused: bool,
    ) -> Result<Self, Unasked> {
        let settings = &sso.site.config;
        let sealed = parameter(req, ASK).zip(user);
        let ask = sealed.and_then(|(sealed, user)| {
            let now = sso.clock.now();
            Ask::open(&sso.sealer, &sso.site, user, now, &sealed)
        });
        let ask = ask.unwrap_or_default();
        let hint = |name| parameter(req, name).and_then(Hint::parse);
        let linked = parameter(req, "prompt");
        let linked_prompt = linked.as_deref().and_then(Prompt::parse);
        let is_silent = parameter(req, "silent").is_some();
        let asks_for_none = linked.as_deref() == Some("none");
        let account = is_account_refused.then_some(Prompt::SelectAccount);
        let (prompt, silent) = match settings.prompt.or(account) {
            _ if ask.demand.fresh => (Some(CoreAuthPrompt::Login), SilentSignIn::No),
            Some(_) if is_silent => return Err(Unasked),
            // Credentials are more than the choice of an account.
            Some(Prompt::SelectAccount) if linked_prompt == Some(Prompt::Login) => {
                (Some(CoreAuthPrompt::Login), SilentSignIn::No)
            }
            Some(demanded) => (Some(core_prompt(demanded)), SilentSignIn::No),
            None if is_silent => (Some(CoreAuthPrompt::None), SilentSignIn::ElseAnonymous),
            None if asks_for_none => (Some(CoreAuthPrompt::None), SilentSignIn::ElseInteractive),
            None => (linked_prompt.map(core_prompt), SilentSignIn::No),
        };
        let demanded_domain = settings.domain_hint.clone();
        let domain_hint = if settings.authority.is_multi_tenant() {
            demanded_domain.or_else(|| hint("domain_hint"))
        } else {
            hint("domain_hint").or(demanded_domain)
        };
        Ok(Self {
            prompt,
            silent,
            again: parameter(req, AGAIN).is_some(),
            login_hint: hint("login_hint"),
            domain_hint,
            ask,
        })
    }
}

fn core_prompt(prompt: Prompt) -> CoreAuthPrompt {
    match prompt {
        Prompt::Login => CoreAuthPrompt::Login,
        Prompt::Consent => CoreAuthPrompt::Consent,
        Prompt::SelectAccount => CoreAuthPrompt::SelectAccount,
    }
}
