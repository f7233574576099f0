//! One sign-in, from the code to the user: each step takes what only the step before can make.

use std::{rc::Rc, sync::Arc};

use actix_web::HttpRequest;
use openidconnect::RedirectUrl;

use crate::{
    account::{Denied, Profile, SignIn},
    attempt::Attempt,
    audit::{self, Person},
    entra::{
        claims::Claims,
        flow::{Tokens, exchange},
        graph::{self, GraphError, GraphUser},
        groups::{self, Groups},
        http::HttpClient,
        verify::verify,
    },
    error::{SignInError, chain},
    extract::Sso,
    hooks::HookContext,
    session::{Identity, SignedIn},
    store::{Admitted, StoreError},
};

/// What a sign-in needs, held by a task of its own.
pub(crate) struct SigningIn {
    pub(crate) sso: Sso,
    pub(crate) request: HttpRequest,
    pub(crate) http: Rc<HttpClient>,
    pub(crate) redirect_uri: RedirectUrl,
    pub(crate) attempt: Attempt,
}

impl SigningIn {
    pub(crate) async fn run(&self, code: &str) -> Result<SignedIn, SignInError> {
        let (tokens, claims) = self.tokens(code).await?;
        let config = &self.sso.site.config;
        let (profile, unavailable) = self.profile(&tokens, &claims).await?;
        let now = self.sso.clock.now();
        let context = HookContext {
            request: &self.request,
            profile: &profile,
            access_token: &tokens.access_token,
            http: &self.http,
            settings: config,
        };
        let sign_in = SignIn::new(Arc::clone(&profile), self.sso.site.policy.clone(), now);
        let admitted = match (self.admit(sign_in, context).await?, unavailable) {
            (Ok(admitted), _) => admitted,
            // The operator wants to know what was wrong with Graph.
            (Err(Denied::ProfileUnavailable), Some(error)) => {
                return Err(SignInError::Graph(error));
            }
            (Err(denied), _) => {
                let (tenant_id, object_id) = (profile.tenant_id, profile.object_id.clone());
                let person = Person {
                    tenant_id,
                    object_id,
                };
                return Err(SignInError::Denied(denied, person));
            }
        };
        let identity = Identity::new(admitted.user, &profile, &claims, &self.sso.site, now);
        audit::signed_in(&identity, admitted.created);
        let lacks_groups = profile.groups.is_none() && self.sso.site.policy.needs_groups();
        let access_token = config.save_access_token.then_some(tokens.access_token);
        Ok(SignedIn {
            identity,
            access_token,
            lacks_groups,
        })
    }

    /// The store's part, with the application's hooks around it where there are any. Somebody new
    /// is then looked for, prepared and created; all others are one hop to the store.
    async fn admit(
        &self,
        sign_in: SignIn,
        context: HookContext<'_>,
    ) -> Result<Result<Admitted, Denied>, StoreError> {
        let store = &self.sso.store;
        let Some(hooks) = &self.sso.hooks else {
            return store.sign_in(sign_in).await;
        };
        if let Err(denied) = hooks.before_validation(context).await {
            return Ok(Err(denied));
        }
        let mut admitted = store.sign_in(sign_in.clone().deferred()).await?;
        if let (Err(Denied::CreationDeferred), Some(mut user)) = (&admitted, sign_in.new_user()?) {
            if let Err(denied) = hooks.before_creation(context, &mut user).await {
                return Ok(Err(denied));
            }
            admitted = store.sign_in(sign_in.prepared(user)).await?;
        }
        let admitted = match admitted {
            Ok(admitted) => admitted,
            Err(denied) => return Ok(Err(denied)),
        };
        let before_login = hooks.before_login(context, &admitted.user).await;
        Ok(before_login.map(|()| admitted))
    }

    /// The second upstream round: what Graph knows of the person, and why it can't be asked.
    async fn profile(
        &self,
        tokens: &Tokens,
        claims: &Claims,
    ) -> Result<(Arc<Profile>, Option<GraphError>), SignInError> {
        let site = &self.sso.site;
        let ask_groups = claims.groups == Groups::TooMany && site.policy.needs_groups();
        let config = &site.config;
        let answers = graph::profile(&self.http, config, &tokens.access_token, ask_groups).await;
        let (user, unavailable) = same_person(claims, answers.user)?;
        let groups = match (&claims.groups, answers.groups) {
            (Groups::Listed(groups), _) => Some(groups.clone()),
            (Groups::TooMany, Some(Ok(groups))) => Some(groups),
            (Groups::TooMany, Some(Err(error))) => {
                tracing::error!(
                    code = "groups_unreadable",
                    scope = groups::SCOPE,
                    reason = %chain(&error),
                    "the person's groups could not be read, so they have no right that comes from a group"
                );
                None
            }
            (Groups::TooMany, None) => None,
        };
        let basic = config.save_basic_info;
        let profile = Profile::new(claims, user, answers.photo, groups, basic);
        Ok((Arc::new(profile), unavailable))
    }

    /// The first upstream round: the code's exchange, and the ID token's check.
    async fn tokens(&self, code: &str) -> Result<(Tokens, Claims), SignInError> {
        let sso = &self.sso;
        let snapshot = sso.snapshot(&self.http).await?;
        let verifier = self.attempt.verifier();
        let within = sso.site.config.entra_timeout;
        let client = sso.site.client(&snapshot);
        let tokens = exchange(
            &client,
            &self.http,
            code,
            verifier,
            &self.redirect_uri,
            within,
        );
        let tokens = tokens.await?;
        let nonce = self.attempt.nonce();
        let at = (&sso.site.config, sso.clock.now());
        let provider = sso.site.provider(&sso.providers);
        let claims = verify(provider, &self.http, snapshot, &tokens, &nonce, at).await?;
        Ok((tokens, claims))
    }
}

/// Graph's answer, if it is of the token's person. One that can't be had is no answer; one of
/// somebody else ends the sign-in.
fn same_person(
    claims: &Claims,
    user: Result<GraphUser, GraphError>,
) -> Result<(Option<GraphUser>, Option<GraphError>), SignInError> {
    match user {
        Ok(user) if graph::is_same_person(claims.tenant_id, &claims.object_id, &user.id) => {
            Ok((Some(user), None))
        }
        Ok(_) => Err(SignInError::OtherPerson),
        Err(error) => {
            tracing::error!(reason = %chain(&error), "Graph could not be asked who the person is");
            Ok((None, Some(error)))
        }
    }
}
