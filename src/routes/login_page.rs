//! `GET /microsoft_sso/`: the stock login page, and the stylesheet of page and button.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS},
    },
};

use crate::{
    settings::texts::{Text, Wording},
    util::next_path::NextPath,
    web::{
        button::Button,
        current_user::CurrentUser,
        extract::Sso,
        localize::Localizer,
        messages::Messages,
        notice::Notice,
        origin,
        page::{Link, Page, STYLE},
        request::parameter,
        respond::{redirect, switched_off},
        visitor::Visitor,
    },
};

pub(super) async fn login_page(
    req: HttpRequest,
    sso: Sso,
    messages: Messages,
    user: Option<CurrentUser>,
) -> HttpResponse {
    let config = &sso.site.config;
    if !config.enabled {
        return switched_off(&req);
    }
    if !config.login_page_enabled {
        return no_login_page(&req);
    }
    let scope = origin::mount_path(&req);
    let next = parameter(&req, "next").and_then(|next| NextPath::parse(&next));
    // Whoever is signed in has no business here, unless there is something to tell.
    if user.is_some() && messages.is_empty() {
        let next = next.as_ref().unwrap_or(&config.next_url).as_str();
        let path = next.split('?').next().unwrap_or_default();
        if path.trim_end_matches('/') != scope {
            return redirect(StatusCode::SEE_OTHER, next, None);
        }
    }
    let localizer = Localizer::for_request(&req, config);
    let button = Button::new()
        .text(localizer.text(Text::Button))
        .login_path(format!("{scope}/login/"));
    let button = match &next {
        Some(next) => button.next(next.as_str()),
        None => button,
    };
    let others = config.other_providers.iter();
    let page = Page {
        language: localizer.language,
        title: localizer.text(Text::Title),
        logo: config.logo_url.as_deref(),
        stylesheet: Some(&format!("{scope}/style.css")),
        messages: messages.iter().collect(),
        text: None,
        button: Some(&button.to_html()),
        sign_out: None,
        links: others
            .map(|(name, to)| Link::other(to.as_str(), name))
            .collect(),
    };
    page.respond(HttpResponse::Ok())
}

fn no_login_page(req: &HttpRequest) -> HttpResponse {
    let notice = Notice {
        status: StatusCode::NOT_FOUND,
        code: "no_login_page",
        title: Wording::Known(Text::NoLoginPageTitle),
        text: Wording::Known(Text::NoLoginPage),
    };
    notice.respond(&Visitor::for_request(req))
}

pub(super) async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type("text/css; charset=utf-8")
        .body(STYLE)
}
