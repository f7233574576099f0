//! The steps of one sign-in, from the code to the user, in the order of the specification: redeem
//! the code, verify, profile, decide and write. Each takes what only the step before can make.

#[cfg(feature = "_diesel")]
use std::sync::Mutex;
use std::{rc::Rc, sync::Arc};

use actix_web::HttpRequest;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{AuthorizationCode, RedirectUrl};
use tokio::time::sleep;

use super::{
    ask::Demand,
    attempt::Attempt,
    error::SignInError,
    hooks::{DynHooks, HookContext},
};
#[cfg(feature = "_diesel")]
use crate::session::{draft::SessionDraft, token_store::TokenStore};
use crate::{
    account::{decide::SignIn, denied::Denied, profile::Profile, user::UserId},
    graph::{
        groups,
        health::GraphHealth,
        profile::{self as graph, Answers, GraphUser, GroupsSource, is_same_account},
        response::GraphError,
    },
    http_client::HttpClient,
    oidc::{
        claims::{GroupsClaim, VerifiedClaims},
        exchange::{Grant, Tokens},
        provider::Provider,
        verify::{Expected, verify},
    },
    session::identity::{GroupsKnown, Identity, SignedIn, UserIs},
    settings::codes::Code,
    site::Site,
    store::{dyn_user_store::DynUserStore, error::StoreError, user_store::SignInOutcome},
    util::{clock::Clock, crypto::CryptoError, log::chain, secret::Secret},
};

/// One sign-in under way, owned by a task of its own.
pub(crate) struct SignInFlow {
    pub(crate) site: Arc<Site>,
    pub(crate) provider: Arc<Provider>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: Arc<dyn DynUserStore>,
    pub(crate) hooks: Option<Arc<dyn DynHooks>>,
    #[cfg(feature = "_diesel")]
    pub(crate) tokens: Option<Arc<TokenStore>>,
    pub(crate) http: Rc<HttpClient>,
    pub(crate) graph_health: Arc<GraphHealth>,
    pub(crate) request: HttpRequest,
    pub(crate) redirect_uri: RedirectUrl,
    pub(crate) attempt: Attempt,
    pub(crate) demand: Demand,
    pub(crate) began_at: DateTime<Utc>,
    /// The local user whom the account becomes linked to.
    pub(crate) link: Option<UserId>,
}

impl SignInFlow {
    /// Runs the steps. `session` is `None` where the session middleware writes it alone.
    pub(crate) async fn run(
        self,
        code: AuthorizationCode,
        #[cfg(feature = "_diesel")] session: Option<SessionDraft>,
    ) -> Result<SignedIn, SignInError> {
        let (tokens, claims) = self.redeem_and_verify(code).await?;
        let (profile, unavailable) = self.profile(&tokens, &claims).await?;
        let claims = Arc::new(claims);
        let now = self.clock.now();
        let policy = &self.site.policy;
        let sign_in = self.sign_in(Arc::clone(&profile), now)?;
        let context = HookContext {
            request: &self.request,
            profile: &profile,
            access_token: &tokens.access_token,
            http: &self.http,
            settings: &self.site.config,
        };
        let identity = {
            let (profile, site) = (Arc::clone(&profile), Arc::clone(&self.site));
            move |user| Identity::for_sign_in(user, &profile, &claims, &site, now)
        };
        let session_tokens = self.session_tokens(&tokens)?;
        #[cfg(feature = "_diesel")]
        let (outcome, session) = match session {
            // A hook may still refuse who is signed in, so its session is written after it.
            Some(draft) if self.hooks.is_none() => {
                let made = draft.sign_in(sign_in, identity.clone(), session_tokens.clone());
                made.await?
            }
            _ => (self.decide_and_write(sign_in, context).await?, None),
        };
        #[cfg(not(feature = "_diesel"))]
        let outcome = self.decide_and_write(sign_in, context).await?;
        let signed_in = match (outcome, unavailable) {
            (SignInOutcome::SignedIn(signed_in), _) => signed_in,
            // The operator needs to know what is wrong with Graph.
            (SignInOutcome::Denied(Denied::ProfileUnavailable), Some(error)) => {
                return Err(SignInError::Graph(error));
            }
            (SignInOutcome::Denied(denied), _) => {
                return Err(SignInError::Denied(denied, profile.account_id()));
            }
        };
        let user = UserIs::from(&signed_in);
        let identity = identity(signed_in.user);
        #[cfg(feature = "_diesel")]
        self.keep_refresh_token(&identity, &session_tokens, &tokens)
            .await?;
        Ok(SignedIn {
            identity,
            user,
            tokens: session_tokens,
            #[cfg(feature = "_diesel")]
            session: Mutex::new(session),
            groups: if profile.groups.is_none() && policy.needs_groups() {
                GroupsKnown::No
            } else {
                GroupsKnown::Yes
            },
        })
    }

    fn sign_in(&self, profile: Arc<Profile>, now: DateTime<Utc>) -> Result<SignIn, CryptoError> {
        let sign_in = SignIn::by_policy(profile, Arc::clone(&self.site.policy), now)?;
        Ok(match &self.link {
            Some(user) => sign_in.linking(user.clone()),
            None => sign_in,
        })
    }

    /// The first round trip: the code becomes tokens, and the ID token verified claims.
    async fn redeem_and_verify(
        &self,
        code: AuthorizationCode,
    ) -> Result<(Tokens, VerifiedClaims), SignInError> {
        let settings = &self.site.config;
        let timeout = settings.entra_timeout;
        let snapshot = self.provider.snapshot(&self.http, timeout).await?;
        let client = self.site.client(&snapshot);
        let now = self.clock.now();
        let client = self.site.token_client(&client, &snapshot, &self.http, now);
        let grant = Grant::Code {
            code,
            verifier: Secret::new(self.attempt.verifier().into_secret()),
            redirect_uri: &self.redirect_uri,
        };
        let tokens = client.redeem(&grant).await?;
        let presented = (tokens.id_token()?, &tokens.access_token);
        let expected = Expected {
            settings,
            nonce: Some(&self.attempt.nonce()),
            now: self.clock.now(),
        };
        let claims = verify(&self.provider, &self.http, snapshot, presented, &expected).await?;
        let leeway = TimeDelta::from_std(settings.clock_leeway).unwrap_or_default();
        self.demand.check(&claims, self.began_at, leeway)?;
        Ok((tokens, claims))
    }

    /// The second round trip: what Graph knows of the account, and why it is unavailable.
    async fn profile(
        &self,
        tokens: &Tokens,
        claims: &VerifiedClaims,
    ) -> Result<(Arc<Profile>, Option<GraphError>), SignInError> {
        let is_overage = *claims.groups() == GroupsClaim::Overage;
        let source = if is_overage && self.site.policy.needs_groups() {
            GroupsSource::Graph
        } else {
            GroupsSource::Token
        };
        let answers = self.ask_graph(tokens, claims, source).await;
        let (user, unavailable) = check_same_account(claims, answers.user)?;
        let groups = match (claims.groups(), answers.groups) {
            (GroupsClaim::Listed(groups), _) => Some(groups.clone()),
            (GroupsClaim::Overage, Some(Ok(groups))) => Some(groups),
            (GroupsClaim::Overage, Some(Err(error))) => {
                tracing::error!(
                    code = Code::GroupsUnreadable.as_str(),
                    scope = groups::SCOPE,
                    reason = %chain(&error),
                    "the groups of the account could not be read, so it has no right that comes from a group"
                );
                None
            }
            (GroupsClaim::Overage, None) => None,
        };
        let profile = Profile::from_claims(claims, user, answers.photo, groups, &self.site.policy);
        Ok((Arc::new(profile), unavailable))
    }

    /// Graph's answers, for which a user who is known waits less while Graph is silent, and somebody
    /// new, who can't do without, a little longer where Graph asks for it.
    async fn ask_graph(
        &self,
        tokens: &Tokens,
        claims: &VerifiedClaims,
        source: GroupsSource,
    ) -> Answers {
        let settings = &self.site.config;
        let (health, graph_url) = (&self.graph_health, &settings.graph_url);
        let ask = |limit| graph::fetch(&self.http, settings, &tokens.access_token, source, limit);
        let is_bounded = health.is_silent(graph_url) && self.is_known(claims).await;
        let mut answers = if is_bounded {
            ask(health.limit_for_known(settings)).await
        } else {
            ask(settings.graph_timeout).await
        };
        let wait = answers.user.as_ref().err().and_then(GraphError::short_wait);
        if let Some(wait) = wait
            && !self.is_known(claims).await
        {
            sleep(wait).await;
            answers = ask(settings.graph_timeout).await;
        }
        let is_silent = answers.user.as_ref().is_err_and(GraphError::is_silence);
        health.note(graph_url, is_silent, self.clock.now());
        if is_silent && is_bounded && health.may_probe(graph_url, self.clock.now()) {
            self.probe_graph(tokens);
        }
        answers
    }

    /// Asks a silent Graph again with its whole time limit, while nobody waits: it may be slow alone.
    fn probe_graph(&self, tokens: &Tokens) {
        let (http, clock) = (Rc::clone(&self.http), Arc::clone(&self.clock));
        let (health, site) = (Arc::clone(&self.graph_health), Arc::clone(&self.site));
        let token = tokens.access_token.clone();
        tokio::task::spawn_local(async move {
            let settings = &site.config;
            let answer = graph::me(&http, settings, &token, settings.graph_timeout).await;
            let is_silent = answer.is_err_and(|error| error.is_silence());
            health.note(&settings.graph_url, is_silent, clock.now());
        });
    }

    async fn is_known(&self, claims: &VerifiedClaims) -> bool {
        let (tenant_id, object_id) = (claims.tenant_id(), claims.object_id());
        let found = self.store.find_by_account(tenant_id, object_id).await;
        matches!(found, Ok(Some(_)))
    }

    /// The store decides and writes in one transaction, with the application's hooks around it. With
    /// hooks, an account without a user takes two: look up, then create as the hook says.
    async fn decide_and_write(
        &self,
        sign_in: SignIn,
        context: HookContext<'_>,
    ) -> Result<SignInOutcome, StoreError> {
        let store = &self.store;
        let Some(hooks) = &self.hooks else {
            return store.sign_in(sign_in).await;
        };
        if let Err(denied) = hooks.before_validation(context).await {
            return Ok(denied.into());
        }
        let mut outcome = if sign_in.is_link() {
            store.sign_in(sign_in.clone()).await?
        } else {
            store.sign_in(sign_in.clone().without_creation()).await?
        };
        if !sign_in.is_link() && matches!(outcome, SignInOutcome::Denied(Denied::NotCreated)) {
            let mut user = match sign_in.new_user() {
                Ok(user) => user,
                Err(denied) => return Ok(denied.into()),
            };
            if let Err(denied) = hooks.before_creation(context, &mut user).await {
                return Ok(denied.into());
            }
            outcome = store.sign_in(sign_in.prepared(user)).await?;
        }
        if let SignInOutcome::SignedIn(signed_in) = &outcome
            && !signed_in.user.is_active
        {
            return Ok(Denied::of_inactive(&signed_in.user).into());
        }
        if let SignInOutcome::SignedIn(signed_in) = &outcome
            && let Err(denied) = hooks.before_login(context, &signed_in.user).await
        {
            return Ok(denied.into());
        }
        Ok(outcome)
    }
}

/// Graph's user, if it is the token's account. A failed request yields `None`; another account fails
/// the sign-in.
fn check_same_account(
    claims: &VerifiedClaims,
    user: Result<GraphUser, GraphError>,
) -> Result<(Option<GraphUser>, Option<GraphError>), SignInError> {
    match user {
        Ok(user) if is_same_account(claims.tenant_id(), claims.object_id(), &user.id) => {
            Ok((Some(user), None))
        }
        Ok(_) => Err(SignInError::OtherAccount),
        Err(error) => {
            tracing::error!(reason = %chain(&error), "Graph could not say who the account is");
            Ok((None, Some(error)))
        }
    }
}
