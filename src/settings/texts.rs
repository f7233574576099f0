//! The texts that people read, and their translations.

use std::collections::BTreeMap;

macro_rules! texts {
    ($( $name:ident $key:literal $english:literal; )*) => {
        /// A text that people read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Text { $( $name, )* }

        impl Text {
            /// The name of each, as the setting `texts` has it.
            pub(crate) const KEYS: &'static [&'static str] = &[$( $key, )*];

            #[cfg(test)]
            const ALL: &'static [Self] = &[$( Self::$name, )*];

            pub(crate) fn key(self) -> &'static str {
                match self { $( Self::$name => $key, )* }
            }

            pub(crate) fn english(self) -> &'static str {
                match self { $( Self::$name => $english, )* }
            }
        }
    };
}

texts! {
    Button "button" "Sign in with Microsoft";
    Title "title" "Sign in";
    UseAnother "use_another" "Use another account";
    NoCookiesTitle "no_cookies_title" "Cookies are blocked";
    NoCookies "no_cookies" "Your browser didn't send this site's cookies back, and signing in needs them. Please allow cookies for this site, then sign in again.";
    StartAgain "start_again" "This sign-in was started in another browser or took too long. Please sign in again.";
    Cancelled "cancelled" "The sign-in was cancelled. You can try again at any time.";
    NotLetIn "not_let_in" "Microsoft did not let you sign in to this application. Please ask its administrator.";
    NeedsAdministrator "needs_administrator" "This application can't complete the sign-in, and trying again will not help. Please ask the application's administrator.";
    Unreachable "unreachable" "Microsoft can't be reached at the moment. Please try again in a few minutes.";
    NotCompleted "not_completed" "Microsoft did not complete the sign-in. Please sign in again.";
    NoAccess "no_access" "Your organisation has no access to this application.";
    Unverified "unverified" "Microsoft's answer could not be verified. Please sign in again; if that does not help, ask the application's administrator.";
    OutOfOrder "out_of_order" "The application can't sign anybody in at the moment. Please try again in a few minutes.";
    Overloaded "overloaded" "Very many people are signing in at this moment. Please try again in half a minute.";
    AdminOff "admin_off" "Signing in with Microsoft is not enabled for the administration.";
    PagesOff "pages_off" "Signing in with Microsoft is not enabled for these pages.";
    Domain "domain" "Your e-mail address is not of an organisation that may use this application.";
    Guest "guest" "This application isn't open to guests of the organisation.";
    NotCreated "not_created" "You have no account in this application. Please ask its administrator.";
    Inactive "inactive" "Your account is switched off. Please ask the application's administrator.";
    EmailTaken "email_taken" "Another account has your e-mail address already. Please ask the application's administrator.";
    LinkTitle "link_title" "Connect with Microsoft";
    LinkNeedsUser "link_needs_user" "Please sign in to this application first, then connect your account with Microsoft.";
    CrossSiteLink "cross_site_link" "This request came from another site and was refused.";
    LinkedElsewhere "linked_elsewhere" "This Microsoft account is connected with another user of this application.";
    AlreadyLinked "already_linked" "You are connected with another Microsoft account. Please disconnect that one first.";
    AwaitsApproval "awaits_approval" "Your account has to be approved first. You can sign in once the application's administrator has done so.";
    StepUpMissing "step_up_missing" "This page needs a stronger or a fresh sign-in, and Microsoft did not confirm one. Please sign in again; if that does not help, ask the application's administrator.";
    ForbiddenTitle "forbidden_title" "No access";
    Forbidden "forbidden" "You are signed in, but your account may not open this page. Please ask the application's administrator.";
    Failed "failed" "Signing in failed. Please ask the application's administrator.";
    TryAgain "try_again" "Try again";
    Back "back" "Back to the application";
    SignOut "sign_out" "Sign out";
    UnreachableTitle "unreachable_title" "Microsoft can't be reached";
    OutOfOrderTitle "out_of_order_title" "Sign-in is not available";
    OverloadedTitle "overloaded_title" "Please wait a moment";
    SwitchedOffTitle "switched_off_title" "Sign-in is switched off";
    SwitchedOff "switched_off" "Signing in with Microsoft is switched off.";
    NoLoginPageTitle "no_login_page_title" "Page not found";
    NoLoginPage "no_login_page" "This application has no sign-in page at this address.";
    RedirectLoopTitle "redirect_loop_title" "Signed in again and again";
    RedirectLoop "redirect_loop" "You were signed in, or refused, several times within seconds, and sent here again. Your browser may not accept this site's cookies. Please wait a minute, then try again, or ask the application's administrator.";
    SessionsUnavailableTitle "sessions_unavailable_title" "Temporarily unavailable";
    SessionsUnavailable "sessions_unavailable" "The application can't look up who is signed in at the moment. Please try again in a few minutes.";
    NotSetUpTitle "not_set_up_title" "Sign-in is not set up";
    NotSetUp "not_set_up" "Sign-in is not set up in this application. Its log says what is missing.";
    CrossSiteTitle "cross_site_title" "Do you want to sign out?";
    CrossSite "cross_site" "This sign-out came from another site and was refused.";
    SignOutByButtonTitle "sign_out_by_button_title" "Sign out";
    SignOutByButton "sign_out_by_button" "Opening this address doesn't sign you out. Please use the button.";
    FormPostOffTitle "form_post_off_title" "Please sign in again";
    FormPostOff "form_post_off" "This sign-in came back in a way that is switched off. Please sign in again.";
    LacksGroups "lacks_groups" "You are signed in, but your groups could not be read from Microsoft, so rights that come from them are missing. Please tell the application's administrator (GroupMember.Read.All).";
}

/// What a person is told: one of these texts, or the application's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wording<'a> {
    Known(Text),
    Custom(&'a str),
}

/// Translations or other wordings, by language tag and by the name of the text.
///
/// ```
/// use microsoft_sso::Texts;
///
/// let texts = Texts::new()
///     .language("de", [("button", "Mit Microsoft anmelden"), ("title", "Anmelden")]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts(pub(crate) BTreeMap<String, BTreeMap<String, String>>);

impl Texts {
    /// No texts: all are in English.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the texts of a language, named by its tag (`de`, `pt-BR`). `docs/settings.md` lists the
    /// names of the texts; a missing one stays in English.
    #[must_use]
    pub fn language<K: Into<String>, V: Into<String>>(
        mut self,
        tag: impl Into<String>,
        texts: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let texts = texts
            .into_iter()
            .map(|(key, text)| (key.into(), text.into()));
        self.0.entry(tag.into()).or_default().extend(texts);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_each_text() {
        let docs = include_str!("../../docs/settings.md");
        for text in Text::ALL {
            let row = format!("| `{}` | {} |\n", text.key(), text.english());
            assert!(docs.contains(&row), "docs/settings.md lacks: {row}");
        }
        let table = docs.split_once("| name | in English |\n").unwrap().1;
        let rows = table.lines().take_while(|line| line.starts_with('|'));
        assert_eq!(rows.count(), Text::ALL.len() + 1, "it lists others");
    }
}
