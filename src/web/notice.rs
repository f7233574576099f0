//! Pages that say in a sentence what happened, for when no other page can tell it. Each has a title,
//! a way to try again and a way back.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};

use super::{
    page::{Link, Page},
    request::Client,
    visitor::{Retry, Visitor},
};
use crate::settings::{
    codes::Code,
    texts::{Text, Wording},
};

/// What happened. It never holds text from outside.
pub(crate) struct Notice<'a> {
    pub(crate) status: StatusCode,
    /// A stable name, for API clients.
    pub(crate) code: Code,
    pub(crate) title: Wording<'a>,
    pub(crate) text: Wording<'a>,
}

impl Notice<'_> {
    /// A page like the login page; JSON for API clients.
    pub(crate) fn respond(&self, visitor: &Visitor) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((header::RETRY_AFTER, "30"));
        }
        match visitor.client {
            Client::Browser => self.page(visitor, response),
            Client::Api => response
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .insert_header((header::REFERRER_POLICY, "no-referrer"))
                .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
                .json(serde_json::json!({
                    "error": self.code.as_str(),
                    "message": visitor.localizer().message(self.text),
                })),
        }
    }

    fn page(&self, visitor: &Visitor, response: actix_web::HttpResponseBuilder) -> HttpResponse {
        let localizer = visitor.localizer();
        let settings = visitor.site().map(|site| &site.config);
        let try_again = |href| Link::primary(href, localizer.text(Text::TryAgain));
        let home = settings.map_or("/", |settings| settings.next_url.as_str());
        let home = visitor.public_path(home);
        let retry = match &visitor.retry {
            Retry::SignIn(login) => Some(try_again(login)),
            // The empty reference is the page itself, so that no code of a callback is in it.
            Retry::Reload => Some(try_again("")),
            Retry::SignOut | Retry::No => None,
        };
        let logo = settings.and_then(|settings| settings.logo_url.as_deref());
        let logo = logo.map(|logo| match logo.strip_prefix('/') {
            Some(_) => visitor.public_path(logo),
            None => logo.to_owned(),
        });
        let page = Page {
            language: localizer.language,
            title: localizer.message(self.title),
            logo: logo.as_deref(),
            // The endpoint of the stylesheet may be what is missing.
            stylesheet: None,
            messages: Vec::new(),
            text: Some(localizer.message(self.text)),
            button: None,
            sign_out: (visitor.retry == Retry::SignOut).then(|| localizer.text(Text::SignOut)),
            links: retry
                .into_iter()
                .chain([Link::other(&home, localizer.text(Text::Back))])
                .collect(),
        };
        page.respond(response)
    }
}
