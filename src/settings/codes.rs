//! The codes of refusals, notices and log lines: each once, with what it means and what to do. docs/codes.md
//! is made of them.

use super::texts::Text;

/// Where a code is met.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Met {
    /// A sign-in that failed: the audit event `refused`, and a message for the person.
    Refused,
    /// A page, or JSON for API clients.
    Page,
    /// JSON alone.
    Api,
    /// The audit event `session_ended`.
    Ended,
    /// A line in the log.
    Log,
}

macro_rules! codes {
    ($( $name:ident $key:literal $met:ident $status:literal [$($text:ident),*] $meaning:literal $mend:literal; )*) => {
        /// A stable name for what happened, for logs, metrics, API clients and tests.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "some are of features"))]
        pub(crate) enum Code { $( $name, )* }

        impl Code {
            #[cfg(test)]
            const ALL: &'static [Self] = &[$( Self::$name, )*];

            pub(crate) fn as_str(self) -> &'static str {
                match self { $( Self::$name => $key, )* }
            }

            /// What the person may read; the first one, unless the cause says otherwise.
            fn texts(self) -> &'static [Text] {
                match self { $( Self::$name => &[$( Text::$text ),*], )* }
            }

            /// The text for the person where the cause tells no other.
            pub(crate) fn text(self) -> Text {
                self.texts().first().copied().unwrap_or(Text::Failed)
            }

            /// Where it is met, with which status, what it means, and what to do.
            #[cfg(test)]
            fn entry(self) -> (Met, &'static str, &'static str, &'static str) {
                match self { $( Self::$name => (Met::$met, $status, $meaning, $mend), )* }
            }
        }
    };
}

codes! {
    StateInvalid "state_invalid" Refused "303" [StartAgain] "`state` is missing, or was sealed with another key." "Is `secret_key` the same on all nodes and across restarts?";
    NoAttempt "no_attempt" Refused "303" [StartAgain] "This browser has no such sign-in under way, also after the sign-in restarted once." "Is the cookie dropped (another host name than `base_url`, https missing, cookies refused)? Did it take longer than `timeout`?";
    AlreadyCompleted "already_completed" Refused "303" [StartAgain] "The callback was carried out before." "Nothing; the sign-in begins again by itself.";
    EmptyCallback "code_missing" Refused "303" [StartAgain] "The callback has neither `code` nor `error`." "Does something between Entra and the application change the query?";
    IssuerRefused "issuer_refused" Refused "303" [Unverified] "The callback names another issuer (`iss`) than the authority's." "Does something between Entra and the application change the query? Else somebody tried to mix up authorization servers.";
    EntraRefused "entra_refused" Refused "303" [Cancelled, NotLetIn, Unreachable, NeedsAdministrator] "Entra refused the sign-in." "The reason has the AADSTS numbers and what to do about them.";
    NoBaseUrl "no_base_url" Refused "500" [NeedsAdministrator] "The application was reached by a public name." "Set `base_url`. It is a warning, since anybody can send a `Host`, but without `base_url` nobody signs in by a public name.";
    AdminDisabled "admin_disabled" Refused "303" [AdminOff] "The sign-in was for a page below `admin_route`, and `admin_enabled` is off." "Nothing, if that is meant.";
    PagesDisabled "pages_disabled" Refused "303" [PagesOff] "The sign-in was for a page outside of `admin_route`, and `pages_enabled` is off." "Nothing, if that is meant.";
    MetadataUnavailable "metadata_unavailable" Refused "303, 500, 503" [Unreachable, NeedsAdministrator] "Entra's metadata or keys could not be fetched." "Is `authority` right (90002: no such tenant)? Can this machine reach the URL in the reason: [proxies, TLS inspection, IPv6](connect.md#reach-microsoft)?";
    ExchangeRefused "code_refused" Refused "303" [NeedsAdministrator, NotLetIn, NotCompleted, Unreachable] "Entra refused the code." "The reason has the AADSTS numbers and what to do about them. Usually the client secret: wrong (7000215) or expired (7000222).";
    CredentialUnusable "credential_unusable" Refused "303" [NeedsAdministrator, Unreachable] "The application's credential can't be read or fetched." "The reason names the file, or what the managed identity's endpoint answered.";
    TokenEndpointFailed "token_endpoint_failed" Refused "303" [Unreachable, NeedsAdministrator] "The token endpoint gave no usable answer." "The reason names endpoint, HTTP status and request ID. An HTML answer is often a proxy's.";
    IdTokenRefused "id_token_refused" Refused "303" [Unverified, NoAccess, Unreachable, NeedsAdministrator] "The ID token is missing or invalid, or its tenant isn't in `tenants`." "The reason names the claim; often this machine's clock is wrong. If no key has the token's `kid`, is the app registration's own signing key (claims mapping) still valid?";
    NoRefreshToken "no_refresh_token" Refused "303" [NeedsAdministrator] "`recheck` is on, and Entra sent no refresh token, three times." "Have all nodes the setting? Is something between here and Entra changing its answers, or is it another provider?";
    NoTokenDatabase "no_token_database" Refused "303" [NeedsAdministrator] "`recheck` is on at a site that the application makes, and the store has no database." "Implement `UserStore::session_database`, or leave `recheck` off.";
    EndedMeanwhile "ended_meanwhile" Refused "303" [NotCompleted] "The user was set inactive, deleted or signed out while they signed in." "Nothing.";
    LinkUserChanged "link_user_changed" Refused "303" [LinkNeedsUser] "At the callback, `Builder::local_user` didn't answer with the user who asked for the link." "Does the local session's cookie come along with a redirect from Microsoft (`SameSite=Lax`)?";
    AuthContextMissing "auth_context_missing" Refused "303" [StepUpMissing] "The page asked for an authentication context, and the ID token doesn't show it." "[The optional claim `acrs`, the policy](access.md#ask-for-a-fresh-or-a-stronger-sign-in).";
    NotFresh "not_fresh" Refused "303" [StepUpMissing] "The page asked for a fresh sign-in, and `auth_time` is older." "Did the person enter their credentials? Is this machine's clock right?";
    OtherPerson "other_person" Refused "303" [Unverified] "Graph's user, or a refreshed ID token's, isn't the account that signed in." "Is `graph_url` of the same cloud as `authority`?";
    GraphUnavailable "graph_unavailable" Refused "303" [Unreachable, NeedsAdministrator] "Graph was unavailable, and the user is new or nothing is known of the account." "The reason names URL, HTTP status, request ID and Graph's error code. 403: a scope is missing or not consented to. A claims challenge: let the Conditional Access policy apply at this application's sign-in, too.";
    DomainNotAllowed "domain_not_allowed" Refused "303" [Domain] "The e-mail domain isn't in `allowable_domains`." "Add it.";
    DomainUnproved "domain_unproved" Refused "303" [Domain] "The domain is listed, but any tenant could claim that e-mail address." "[Whose domain counts](settings.md#whose-domain-counts).";
    GuestRefused "guest_refused" Refused "303" [Guest] "The account is a guest of the tenant, and `guests` is `refused`." "[Guests](settings.md#guests).";
    UserNotCreated "user_not_created" Refused "303" [NotCreated] "There is no user for the account, and `auto_create_users` is off." "Create the user, and [link](access.md#link-users-who-are-there-already) the account.";
    UserInactive "user_inactive" Refused "303" [Inactive] "The user is inactive." "`MicrosoftSso::set_active`, if they may come back.";
    AwaitsApproval "awaits_approval" Refused "303" [AwaitsApproval] "A hook created the user inactive, and nobody has set it active." "`MicrosoftSso::set_active`.";
    LinkedElsewhere "linked_elsewhere" Refused "303" [LinkedElsewhere] "Somebody asked to link an account that is another user's." "`POST unlink/`, or `MicrosoftSso::unlink`, takes a link away.";
    AlreadyLinked "already_linked" Refused "303" [AlreadyLinked] "A user who has another account asked for a link." "`POST unlink/`, or `MicrosoftSso::unlink`, takes a link away.";
    EmailTaken "email_taken" Refused "303" [EmailTaken] "Another user has the proved address, and `unique_email` is on." "Link the account to that user, or give one of them another address.";
    ApplicationRefused "application_refused" Refused "303" [] "A hook of the application refused; the person reads its text." "Ask the application's developers.";
    StoreFailed "store_failed" Refused "503" [OutOfOrder] "The user store failed." "The reason names file or host, and the next step.";
    Overloaded "overloaded" Refused "503" [Overloaded] "More concurrent sign-ins than `max_sign_ins` and its queue hold." "Is Microsoft or the database slow? If not, raise `max_sign_ins` or add a node.";
    Internal "internal" Refused "503" [OutOfOrder] "The system has no random bytes, the session can't be written, or a worker stopped." "The reason; restart the process if it lasts.";
    RedirectLoop "redirect_loop" Page "429" [RedirectLoop] "A browser signs in again and again." "Is the session cookie dropped (Secure over http, another host name), does the page at `login_failed_url` need a sign-in, or does a page ask for more than Microsoft gives?";
    NoCookies "no_cookies" Page "400" [NoCookies] "The browser sends no cookie of this site back." "Does a proxy drop `Set-Cookie`, or the person block cookies?";
    UnknownSite "unknown_site" Page "421" [] "The request is for a host that is in no `sites` table." "Add the site, or give the base settings an `application_id`.";
    SwitchedOff "switched_off" Page "404" [SwitchedOff] "`enabled` is off; for `link/` and `unlink/`, there is no `Builder::local_user`." "Nothing, if that is meant.";
    NoLoginPage "no_login_page" Page "404" [NoLoginPage] "`login_page_enabled` is off." "Nothing, if that is meant.";
    CrossSite "cross_site" Page "403" [CrossSite, CrossSiteLink] "A sign-out, a link or its end came from a page of another site." "Does the form stand on a page of the application's own origin?";
    MethodNotAllowed "method_not_allowed" Page "405" [SignOutByButton] "Somebody opened `logout/` instead of posting to it." "Make the link a form.";
    FormPostOff "form_post_off" Page "400" [FormPostOff] "A callback was posted, and `response_mode` is `query`." "Was the setting changed while somebody signed in? Else nothing.";
    LocalLoginRequired "local_login_required" Page "401" [LinkNeedsUser] "`link/` or `unlink/` was posted, and `Builder::local_user` names nobody." "Show the button only to users who are signed in.";
    Forbidden "forbidden" Page "403" [Forbidden] "A signed-in user was refused a page." "The log names the user, the page and what they lack.";
    SessionStoreFailed "session_store_failed" Page "503" [SessionsUnavailable] "Sessions can't be read or written." "Is the database, or Redis, up? The reason has its error.";
    NotSetUp "not_set_up" Page "500" [NotSetUp] "A piece of the plugin is missing or misplaced in the application." "The log names the line to write.";
    LoginRequired "login_required" Api "401" [] "Nobody is signed in, or not for what is asked for." "`login_url` of the answer is where to sign in.";
    TokenUnavailable "token_unavailable" Api "503" [] "Entra or the database could not give a handler its access token." "The log has the code and reason of the failure.";
    NoTokens "no_tokens" Api "500" [] "A handler asked for an access token, and no setting keeps any." "Set `recheck`, or `save_access_token`.";
    GraphFailed "graph_failed" Api "502, 503" [] "A handler's request to Graph failed." "The reason names URL, status, request ID and Graph's code.";
    TokenRequired "token_required" Api "401" [] "An API was called without an access token." "Nothing.";
    InvalidToken "invalid_token" Api "401" [] "An API was called with an access token that isn't good for it." "The log has the reason, as `api_token_refused`.";
    InsufficientScope "insufficient_scope" Api "403" [] "The access token lacks a scope or a role." "`WWW-Authenticate` names it: grant consent, or assign the role.";
    Unavailable "unavailable" Api "503" [] "Entra's keys can't be had, so no access token can be verified." "The log has `metadata_unavailable` with the reason.";
    RefreshRefused "refresh_refused" Ended "" [] "Entra says that the user may not be signed in any more." "The reason has the AADSTS number: disabled, revoked, consent withdrawn, Conditional Access.";
    RecheckGraceOver "recheck_grace_over" Ended "" [] "The session could not be checked for `recheck_grace`." "See `recheck_failed`.";
    SignedOut "signed_out" Ended "" [] "The user was signed out everywhere, or has the account no longer." "Nothing.";
    EndedElsewhere "ended_elsewhere" Ended "" [] "The row of the refresh token is gone: the session was ended on another node, or by SQL." "Nothing.";
    BeforeRecheck "before_recheck" Ended "" [] "The session has no refresh token: it began before `recheck` was on." "Nothing.";
    TokenUnreadable "token_unreadable" Ended "" [] "The refresh token can't be opened." "Was `secret_key` changed without `secret_key_previous`?";
    RecheckFailed "recheck_failed" Log "" [] "Sessions can't be checked; each goes on for `recheck_grace`. The first failure is logged, and others at debug." "The reason names endpoint, status and Microsoft's code. Mend it within the grace.";
    RecheckWithoutRoles "recheck_without_roles" Log "" [] "The ID token of a refresh can't be verified; rights and roles stay as they are." "The reason.";
    RecheckWithoutGraph "recheck_without_graph" Log "" [] "Graph can't be asked for names or groups at a check." "The reason.";
    TokenNotDeleted "token_not_deleted" Log "" [] "The refresh token of an ended session is still there; it expires with the session." "Is the database well?";
    ApiTokenRefused "api_token_refused" Log "" [] "A caller's access token isn't good for the API." "The reason names the claim.";
    GroupsUnreadable "groups_unreadable" Log "" [LacksGroups] "The groups of an account could not be read, so it has no right that comes from one." "Put `GroupMember.Read.All` into `scopes`, with admin consent.";
    TokenTooLarge "token_too_large" Log "" [] "An access token is too large for a cookie session and isn't saved." "Keep sessions on the server.";
    RolesTooLarge "roles_too_large" Log "" [] "The roles are too many for a cookie session; the user has none." "Keep sessions on the server.";
    FrontChannelLogoutFailed "front_channel_logout_failed" Log "" [] "Entra ended a session, and it could not be ended here." "Is the database well?";
    ConnectionReplaced "connection_replaced" Log "" [] "A connection to the database was lost and replaced; the work was done again." "Nothing, unless it is often.";
    SqlitePragma "sqlite_pragma" Log "" [] "A connection of the application's own pool lacks a pragma." "Set it in the pool's `connection_customizer`.";
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, fmt::Write};

    use super::*;

    const HEAD: &str = "# Codes\n\nEach refusal, notice and line of the log that has a `code`. The code is stable; the texts are named as in\n[`texts`](settings.md#translate-the-texts). This page is made from the source (`src/settings/codes.rs`).\n";

    fn page() -> String {
        let mut page = HEAD.to_owned();
        for (met, title, intro) in [
            (
                Met::Refused,
                "Sign-ins that fail",
                "The audit event `refused` has `code` and `reason`. The person reads the message on the page at\n`login_failed_url`, or on a page with status 503 or 500.",
            ),
            (
                Met::Page,
                "Pages",
                "A page, or JSON with `error` and `message` for API clients.",
            ),
            (
                Met::Api,
                "Answers to API clients",
                "JSON with `error` and `message`.",
            ),
            (
                Met::Ended,
                "Sessions that end",
                "The audit event `session_ended`, with the setting `recheck`.",
            ),
            (Met::Log, "Lines of the log", "Nobody is refused by these."),
        ] {
            let _ = write!(page, "\n## {title}\n\n{intro}\n\n");
            page += "| code | status | message | meaning | what to do |\n| --- | --- | --- | --- | --- |\n";
            for code in Code::ALL {
                let (of, status, meaning, mend) = code.entry();
                if of != met {
                    continue;
                }
                let texts = code.texts().iter().map(|text| format!("`{}`", text.key()));
                let texts = texts.collect::<Vec<_>>().join(", ");
                let _ = writeln!(
                    page,
                    "| `{code}` | {status} | {texts} | {meaning} | {mend} |"
                );
            }
        }
        page
    }

    #[test]
    fn the_documentation_lists_each_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/codes.md");
        // `WRITE_DOCS=1 cargo test --lib codes` writes it.
        if crate::util::environment::variable("WRITE_DOCS").is_some() {
            std::fs::write(path, page()).unwrap();
        }
        let docs = std::fs::read_to_string(path).unwrap();
        assert_eq!(
            docs,
            page(),
            "write it with `WRITE_DOCS=1 cargo test --lib codes`"
        );
    }

    #[test]
    fn each_code_has_a_name_of_its_own() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
