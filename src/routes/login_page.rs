//! `GET /microsoft_sso/`: the stock login page, and the stylesheet of page and button.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS},
    },
};

use crate::{
    settings::{
        codes::Code,
        texts::{Text, Wording},
    },
    sign_in::attempt_cookies::AttemptCookies,
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
        request::{login_with_next, parameter, with_parameter},
        respond::{redirect_within, switched_off},
        visitor::Visitor,
    },
};

pub(super) async fn login_page(
    req: HttpRequest,
    sso: Sso,
    cookies: AttemptCookies,
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
    let mount = origin::mount_path(&req);
    let scope = origin::public_path(&sso, &mount);
    let next = parameter(&req, "next").and_then(|next| NextPath::within(&next));
    // Whoever is signed in has no business here, unless there is something to tell.
    if user.is_some() && messages.is_empty() {
        let next = next.as_ref().unwrap_or(&config.next_url).as_str();
        let path = next.split('?').next().unwrap_or_default();
        if path.trim_end_matches('/') != mount {
            return redirect_within(&sso, next, None);
        }
    }
    let localizer = Localizer::for_request(&req, config);
    let mut login = format!("{scope}/login/");
    if let Some(next) = &next {
        login = login_with_next(&login, next.as_str());
    }
    let button = Button::new()
        .text(localizer.text(Text::Button))
        .login_path(&login);
    let others = config.other_providers.iter();
    let mut others: Vec<_> = others
        .map(|(name, to)| (name.as_str(), origin::public_path(&sso, to.as_str())))
        .collect();
    if cookies.is_account_refused() {
        let asking = with_parameter(&login, "prompt", "select_account");
        others.insert(0, (localizer.text(Text::UseAnother), asking));
    }
    let logo = config.logo_url.as_deref();
    let logo = logo.map(|logo| match logo.strip_prefix('/') {
        Some(_) => origin::public_path(&sso, logo),
        None => logo.to_owned(),
    });
    let page = Page {
        language: localizer.language,
        title: localizer.text(Text::Title),
        logo: logo.as_deref(),
        stylesheet: Some(&format!("{scope}/style.css")),
        messages: messages.iter().collect(),
        text: None,
        button: Some(&button.to_html()),
        sign_out: None,
        links: others
            .iter()
            .map(|(name, to)| Link::other(to, name))
            .collect(),
    };
    page.respond(HttpResponse::Ok())
}

fn no_login_page(req: &HttpRequest) -> HttpResponse {
    let notice = Notice {
        status: StatusCode::NOT_FOUND,
        code: Code::NoLoginPage,
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
