//! The button, as an HTML fragment for the application's own pages.

use actix_web::HttpRequest;
use askama::Template;

use super::{login_required::login_path, request::login_with_next};

/// The colours of the button.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Theme {
    /// As the person's system is set.
    #[default]
    Auto,
    /// On a light page.
    Light,
    /// On a dark page.
    Dark,
}

impl Theme {
    fn class(self) -> &'static str {
        match self {
            Self::Auto => " microsoft-sso-auto",
            Self::Light => "",
            Self::Dark => " microsoft-sso-dark",
        }
    }
}

/// "Sign in with Microsoft", after Microsoft's branding guidelines, without script, inline style or
/// anything from another site. Link the stylesheet `/microsoft_sso/style.css` from the page.
///
/// ```
/// use microsoft_sso::Button;
///
/// let html = Button::new().next("/orders?page=2").to_html();
/// assert!(html.contains("href=\"/microsoft_sso/login/?next=%2Forders%3Fpage%3D2\""));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Button {
    theme: Theme,
    text: String,
    href: String,
}

#[derive(Template)]
#[template(path = "button.html")]
struct Fragment<'a> {
    class: &'static str,
    text: &'a str,
    href: &'a str,
}

impl Default for Button {
    fn default() -> Self {
        Self::new()
    }
}

impl Button {
    /// A button to `/microsoft_sso/login/`.
    pub fn new() -> Self {
        Self {
            theme: Theme::Auto,
            text: "Sign in with Microsoft".to_owned(),
            href: "/microsoft_sso/login/".to_owned(),
        }
    }

    /// A button to `login/` where the application has it, for a page of any request: at the path given
    /// to [`config_at`](crate::config_at), below the path of `base_url`.
    pub fn for_request(req: &HttpRequest) -> Self {
        Self::new().login_path(login_path(req))
    }

    /// The text beside the mark. By default, "Sign in with Microsoft".
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// Light or dark. By default, as the person's system is set.
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// The path of `login/`, for a plugin that is mounted elsewhere. Set it before
    /// [`next`](Self::next).
    pub fn login_path(mut self, path: impl Into<String>) -> Self {
        self.href = path.into();
        self
    }

    /// The page after the sign-in: a path on this site.
    pub fn next(mut self, next: &str) -> Self {
        let path = self.href.split('?').next().unwrap_or_default();
        self.href = login_with_next(path, next);
        self
    }

    /// The HTML.
    pub fn to_html(&self) -> String {
        let fragment = Fragment {
            class: self.theme.class(),
            text: &self.text,
            href: &self.href,
        };
        // Writing to a string can't fail.
        fragment.render().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_application_sets_is_escaped() {
        let button = Button::new()
            .text("<b>\"'&")
            .login_path("\"><script>")
            .next("/\"><script>");
        let html = button.to_html();
        assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
        assert_eq!(html.matches('<').count(), html.matches('>').count());
    }

    #[test]
    fn it_works_under_a_strict_content_security_policy() {
        let html = Button::new().theme(Theme::Dark).to_html();
        for forbidden in ["style=", "<style", "<script", "http:", "https:", "onclick"] {
            assert!(!html.contains(forbidden), "{forbidden}: {html}");
        }
        assert!(
            html.contains("aria-hidden=\"true\"")
                && html.contains("<span>Sign in with Microsoft</span>")
        );
    }
}
