//! The language of a response: `Accept-Language` against the settings.

use actix_web::{
    HttpRequest,
    http::header::{ACCEPT_LANGUAGE, AcceptLanguage, Header},
};

use crate::settings::{
    config::Settings,
    texts::{Text, Wording},
};

/// Longest `Accept-Language` that is read, in bytes: ranking a long one costs its sender nothing.
const MAX_LEN: usize = 512;

/// The texts in the language of a request.
pub(crate) struct Localizer<'a> {
    pub(crate) language: &'a str,
    /// `None` where no site is known: everything is in English.
    settings: Option<&'a Settings>,
}

impl<'a> Localizer<'a> {
    /// Best `Accept-Language` match, else the setting `language`.
    pub(crate) fn for_request(req: &HttpRequest, config: &'a Settings) -> Self {
        let header = req.headers().get(ACCEPT_LANGUAGE);
        let is_short = header.is_some_and(|header| header.len() <= MAX_LEN);
        let preferred = || {
            let ranking = AcceptLanguage::parse(req).ok()?.ranked();
            let mut tags = ranking.iter().filter_map(|tag| tag.item());
            tags.find_map(|tag| available(config, tag.as_str()))
        };
        let has_choice = is_short && !config.texts.0.is_empty();
        let language = has_choice.then(preferred).flatten();
        Self::new(language.unwrap_or(&config.language), Some(config))
    }

    pub(crate) fn new(language: &'a str, settings: Option<&'a Settings>) -> Self {
        Self { language, settings }
    }

    pub(crate) fn text(&self, text: Text) -> &'a str {
        let Some(settings) = self.settings else {
            return text.english();
        };
        let texts = settings.texts.0.get(self.language);
        if let Some(translated) = texts.and_then(|texts| texts.get(text.key())) {
            return translated;
        }
        match text {
            Text::Button => &settings.text,
            Text::Title => &settings.page_title,
            other => other.english(),
        }
    }

    pub(crate) fn message<'b>(&self, message: Wording<'b>) -> &'b str
    where
        'a: 'b,
    {
        match message {
            Wording::Known(text) => self.text(text),
            Wording::Custom(text) => text,
        }
    }
}

/// The available language for a tag: the same, or one that differs in its region alone.
fn available<'a>(config: &'a Settings, wanted: &str) -> Option<&'a str> {
    let languages = || {
        let others = config.texts.0.keys().map(String::as_str);
        others.chain([config.language.as_str()])
    };
    let primary = |tag: &str| {
        tag.split('-')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    languages()
        .find(|tag| tag.eq_ignore_ascii_case(wanted))
        .or_else(|| languages().find(|tag| primary(tag) == primary(wanted)))
}
