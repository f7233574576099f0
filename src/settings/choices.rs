//! Settings that are one of a few choices: enums in code, text in a file or the environment.

/// Declares an enum whose variants have names in a file or the environment.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $( $(#[$variant_doc:meta])* $variant:ident = $text:literal, )* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name { $( $(#[$variant_doc])* $variant, )* }

        impl $name {
            pub(crate) const NAMES: &'static [&'static str] = &[$( $text, )*];

            /// By its name in a file, the environment or a link.
            pub(crate) fn parse(text: &str) -> Option<Self> {
                match text { $( $text => Some(Self::$variant), )* _ => None }
            }
        }
    };
}

choice! {
    /// What the setting `guests` does with guests of the tenant.
    Guests {
        /// A guest is admitted by the domain of their own address, as everybody else.
        ByDomain = "by_domain",
        /// Every guest that the tenant has invited is admitted.
        Allowed = "allowed",
        /// No guest is admitted.
        Refused = "refused",
    }
}

choice! {
    /// How Entra's authorization response comes back: the setting `response_mode` (OAuth 2.0
    /// Multiple Response Type Encoding Practices, section 2.1; OAuth 2.0 Form Post Response Mode).
    ResponseMode {
        /// In the query of a redirect.
        Query = "query",
        /// As a form that the browser posts.
        FormPost = "form_post",
    }
}

impl ResponseMode {
    /// Its name in the authorization request.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }
}

choice! {
    /// What Entra asks of everybody who signs in: the setting `prompt` (OpenID Connect Core 1.0,
    /// section 3.1.2.1).
    Prompt {
        /// Their credentials, even if they are signed in at Entra.
        Login = "login",
        /// Their consent to the scopes.
        Consent = "consent",
        /// Which account to use.
        SelectAccount = "select_account",
    }
}
