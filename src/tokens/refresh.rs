//! One refresh: Entra is asked whether a user may still be signed in, and what they may do.

use std::{rc::Rc, sync::Arc};

use chrono::TimeDelta;
use futures_util::future::{OptionFuture, join};
use openidconnect::{RefreshToken, Scope};

use crate::{
    account::{decide::SignIn, denied::Denied, profile::Profile, rights::named_roles, user::User},
    graph::{
        groups,
        health::GraphHealth,
        profile::{self as graph, is_same_account},
    },
    http_client::HttpClient,
    oidc::{
        aadsts::Remedy,
        claims::{GroupsClaim, VerifiedClaims},
        exchange::{ExchangeError, Grant, Tokens},
        provider::Provider,
        token_error::TokenError,
        verify::{Expected, verify},
    },
    session::identity::Identity,
    settings::codes::Code,
    sign_in::error::SignInError,
    site::Site,
    store::{dyn_user_store::DynUserStore, error::StoreError, user_store::SignInOutcome},
    util::{clock::Clock, log::chain, picture::PictureUpdate, secret::Secret},
};

/// The user of a session that is checked, and what that needs.
pub(crate) struct SignedInAccount {
    pub(crate) identity: Identity,
    pub(crate) site: Arc<Site>,
    pub(crate) provider: Arc<Provider>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) users: Arc<dyn DynUserStore>,
    pub(crate) http: Rc<HttpClient>,
    pub(crate) graph_health: Arc<GraphHealth>,
}

/// What came of a refresh.
pub(super) enum Refreshed {
    /// The user stays signed in. `roles` is `None` where nothing new is known of them.
    GoesOn {
        tokens: Tokens,
        roles: Option<Vec<String>>,
    },
    /// The session is over, for a reason with a stable name.
    Ended(Code, String),
    /// Nobody can say: the application, Microsoft or the database has trouble.
    Trouble(Trouble),
}

/// Why nobody can say.
pub(super) struct Trouble {
    pub(super) reason: String,
    pub(super) needs_operator: bool,
    /// Whether all sessions of the site have it.
    pub(super) is_of_entra: bool,
    /// The time that Entra asks to wait.
    pub(super) retry_after: Option<TimeDelta>,
}

impl Refreshed {
    fn trouble(error: &SignInError) -> Self {
        Self::Trouble(Trouble {
            reason: chain(error),
            needs_operator: error.needs_operator(),
            is_of_entra: matches!(error, SignInError::Metadata(_) | SignInError::Exchange(_)),
            retry_after: None,
        })
    }

    /// Trouble of this session alone.
    fn trouble_of_session(reason: impl Into<String>) -> Self {
        Self::Trouble(Trouble {
            reason: reason.into(),
            needs_operator: false,
            is_of_entra: false,
            retry_after: None,
        })
    }
}

impl From<StoreError> for Refreshed {
    fn from(error: StoreError) -> Self {
        Self::trouble(&error.into())
    }
}

impl SignedInAccount {
    pub(super) async fn refresh(&self, token: &Secret) -> Refreshed {
        let tokens = match self.redeem(token, &self.site.scopes).await {
            Ok(tokens) => tokens,
            Err(SignInError::Exchange(error)) => return self.refused(error),
            Err(error) => return Refreshed::trouble(&error),
        };
        let claims = match self.verified_claims(&tokens).await {
            Ok(claims) => claims,
            Err(ended) => return ended,
        };
        let roles = match claims {
            Some(claims) => self.apply_rules(&claims, &tokens).await,
            None => self.check_user().await,
        };
        match roles {
            Ok(roles) => Refreshed::GoesOn { tokens, roles },
            Err(other) => other,
        }
    }

    /// Redeems a refresh token for an access token with these scopes.
    pub(super) async fn redeem(
        &self,
        token: &Secret,
        scopes: &[Scope],
    ) -> Result<Tokens, SignInError> {
        let settings = &self.site.config;
        let timeout = settings.entra_timeout;
        let snapshot = self.provider.snapshot(&self.http, timeout).await?;
        let client = self.site.client(&snapshot);
        let now = self.clock.now();
        let client = self.site.token_client(&client, &snapshot, &self.http, now);
        let grant = Grant::Refresh {
            token: RefreshToken::new(token.expose().to_owned()),
            scopes,
        };
        Ok(client.redeem(&grant).await?)
    }

    /// The claims of the new ID token; `None` where there is none that can be verified, for which nobody
    /// is signed out: Entra doesn't promise one that is signed.
    async fn verified_claims(&self, tokens: &Tokens) -> Result<Option<VerifiedClaims>, Refreshed> {
        let Some(id_token) = &tokens.id_token else {
            return Ok(None);
        };
        let settings = &self.site.config;
        let snapshot = self.provider.snapshot(&self.http, settings.entra_timeout);
        let snapshot = snapshot.await.map_err(SignInError::from);
        let snapshot = snapshot.map_err(|error| Refreshed::trouble(&error))?;
        let expected = Expected {
            settings,
            nonce: None,
            now: self.clock.now(),
        };
        let presented = (id_token, &tokens.access_token);
        let verified = verify(&self.provider, &self.http, snapshot, presented, &expected).await;
        match verified {
            Ok(claims) if self.is_of_same_account(&claims) => Ok(Some(claims)),
            Ok(_) => Err(Refreshed::Ended(
                Code::OtherPerson,
                "the refreshed ID token is of another account".to_owned(),
            )),
            Err(error @ TokenError::TenantNotAllowed(_)) => {
                Err(Refreshed::Ended(Code::IdTokenRefused, chain(&error)))
            }
            Err(error) => {
                tracing::warn!(
                    code = Code::RecheckWithoutRoles.as_str(),
                    reason = %chain(&error),
                    "the ID token of a refresh can't be verified, so rights and roles stay as they are"
                );
                Ok(None)
            }
        }
    }

    fn is_of_same_account(&self, claims: &VerifiedClaims) -> bool {
        claims.tenant_id() == self.identity.tenant_id
            && claims.object_id() == self.identity.object_id
    }

    /// The rules of the settings, as at a sign-in. Its result is the roles that the user has now.
    async fn apply_rules(
        &self,
        claims: &VerifiedClaims,
        tokens: &Tokens,
    ) -> Result<Option<Vec<String>>, Refreshed> {
        let policy = &self.site.policy;
        let is_overage = *claims.groups() == GroupsClaim::Overage && policy.needs_groups();
        let (user, groups) = self.ask_graph(tokens, is_overage).await;
        let user =
            user.filter(|user| is_same_account(claims.tenant_id(), claims.object_id(), &user.id));
        let groups = match (claims.groups(), groups) {
            (GroupsClaim::Listed(groups), _) => Some(groups.clone()),
            (GroupsClaim::Overage, Some(groups)) => Some(groups),
            // Graph's trouble takes no right away at once, and keeps none for ever.
            (GroupsClaim::Overage, None) if is_overage => {
                let reason = "Graph could not tell the groups of the account";
                return Err(Refreshed::trouble_of_session(reason));
            }
            (GroupsClaim::Overage, None) => None,
        };
        let profile = Profile::from_claims(claims, user, PictureUpdate::Keep, groups, policy);
        let profile = Arc::new(profile);
        let roles = named_roles(&profile, policy);
        let now = self.clock.now();
        let sign_in = SignIn::by_policy(profile, Arc::clone(policy), now);
        let sign_in = sign_in.map_err(|error| Refreshed::trouble(&error.into()))?;
        match self.users.recheck(sign_in.without_creation()).await? {
            SignInOutcome::SignedIn(user) => self.check_same_user(&user.user)?,
            SignInOutcome::Denied(Denied::ProfileUnavailable) => {
                let reason = Denied::ProfileUnavailable.to_string();
                return Err(Refreshed::trouble_of_session(reason));
            }
            SignInOutcome::Denied(denied) => {
                return Err(Refreshed::Ended(denied.code(), denied.to_string()));
            }
        }
        Ok(Some(roles))
    }

    /// What only Graph knows, where the settings depend on it.
    async fn ask_graph(
        &self,
        tokens: &Tokens,
        needs_groups: bool,
    ) -> (Option<graph::GraphUser>, Option<Vec<String>>) {
        let settings = &self.site.config;
        let limit = self.graph_health.limit_for_known(settings);
        let (http, token) = (&self.http, &tokens.access_token);
        let needs_names = self.site.policy.needs_names();
        let user = needs_names.then(|| graph::me(http, settings, token, limit));
        let groups = needs_groups.then(|| groups::fetch(http, settings, token, limit));
        let (user, groups) = join(OptionFuture::from(user), OptionFuture::from(groups)).await;
        (
            user.and_then(|user| known(user, "the user")),
            groups.and_then(|groups| known(groups, "the groups")),
        )
    }

    /// Entra's refusal ends the session, where it is one of the grant.
    fn refused(&self, error: ExchangeError) -> Refreshed {
        // In a tenant of many, its own administrator can cause any other.
        let is_own = !self.site.config.authority.is_multi_tenant();
        match error.ended_grant() {
            Some(refusal) => Refreshed::Ended(Code::RefreshRefused, refusal.to_string()),
            None => Refreshed::Trouble(Trouble {
                reason: chain(&error),
                needs_operator: is_own && error.remedy() == Remedy::FixSetup,
                is_of_entra: is_own || error.remedy() == Remedy::Wait,
                retry_after: error
                    .retry_after()
                    .and_then(|wait| TimeDelta::from_std(wait).ok()),
            }),
        }
    }

    /// Whether the user is still there, active, and not signed out.
    async fn check_user(&self) -> Result<Option<Vec<String>>, Refreshed> {
        match self.users.find(&self.identity.user_id).await? {
            Some(user) if user.is_active => {
                self.check_same_user(&user)?;
                Ok(None)
            }
            Some(_) => Err(Refreshed::Ended(
                Denied::Inactive.code(),
                Denied::Inactive.to_string(),
            )),
            None => Err(Refreshed::Ended(
                Denied::NotCreated.code(),
                "the user was deleted".to_owned(),
            )),
        }
    }

    /// The account may be another user's by now.
    fn check_same_user(&self, user: &User) -> Result<(), Refreshed> {
        let identity = &self.identity;
        if user.id == identity.user_id && user.session_generation == identity.generation {
            return Ok(());
        }
        let reason = "the user was signed out everywhere, or has the account no longer".to_owned();
        Err(Refreshed::Ended(Code::SignedOut, reason))
    }
}

fn known<T>(answer: Result<T, crate::graph::response::GraphError>, what: &str) -> Option<T> {
    if let Err(error) = &answer {
        tracing::warn!(
            code = Code::RecheckWithoutGraph.as_str(),
            reason = %chain(error),
            "Graph could not tell {what} again, so what depends on it stays as it is"
        );
    }
    answer.ok()
}
