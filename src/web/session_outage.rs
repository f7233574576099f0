//! The page while the session store is unavailable.

use actix_web::{HttpResponse, ResponseError, http::StatusCode};

use super::{notice::Notice, visitor::Visitor};
use crate::settings::{
    codes::Code,
    texts::{Text, Wording},
};

#[derive(Debug, thiserror::Error)]
#[error("the session store is unavailable")]
pub(super) struct SessionStoreUnavailable {
    visitor: Visitor,
}

impl SessionStoreUnavailable {
    pub(super) fn new(visitor: Visitor) -> Self {
        Self { visitor }
    }
}

impl ResponseError for SessionStoreUnavailable {
    fn status_code(&self) -> StatusCode {
        StatusCode::SERVICE_UNAVAILABLE
    }

    fn error_response(&self) -> HttpResponse {
        let notice = Notice {
            status: self.status_code(),
            code: Code::SessionStoreFailed,
            title: Wording::Known(Text::SessionsUnavailableTitle),
            text: Wording::Known(Text::SessionsUnavailable),
        };
        notice.respond(&self.visitor)
    }
}
