//! Faults on command.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    body::{BoxBody, MessageBody, SizedStream, to_bytes},
    dev::{ServiceRequest, ServiceResponse},
    http::StatusCode,
    middleware::Next,
    rt::time::sleep,
    web::{Bytes, Data},
};
use futures_util::stream;
use serde_json::{Value, json};

use super::{metadata::entra_error, state::Shared};

/// An endpoint of the emulated Microsoft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// `…/v2.0/.well-known/openid-configuration`
    Metadata,
    /// `…/discovery/v2.0/keys`
    Keys,
    /// `…/oauth2/v2.0/authorize`
    Authorize,
    /// `…/oauth2/v2.0/token`
    Token,
    /// `…/oauth2/v2.0/logout`
    Logout,
    /// Graph's `/me`
    Me,
    /// Graph's `/me/photo/$value`
    Photo,
    /// Graph's `/me/getMemberObjects`
    MemberObjects,
}

impl Endpoint {
    pub(super) fn of(path: &str) -> Option<Self> {
        let ends = |end: &str| path.ends_with(end);
        Some(match path {
            _ if ends("/.well-known/openid-configuration") => Self::Metadata,
            _ if ends("/discovery/v2.0/keys") => Self::Keys,
            _ if ends("/oauth2/v2.0/authorize") => Self::Authorize,
            _ if ends("/oauth2/v2.0/token") => Self::Token,
            _ if ends("/oauth2/v2.0/logout") => Self::Logout,
            _ if ends("/me") => Self::Me,
            _ if ends("/getMemberObjects") => Self::MemberObjects,
            _ if ends("/$value") => Self::Photo,
            _ => return None,
        })
    }
}

/// What goes wrong at an endpoint.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// An empty answer of this status.
    Status(u16),
    /// Throttled: this status, and `Retry-After` of so many seconds.
    RetryAfter(u16, u32),
    /// The right answer, after this time.
    Delay(Duration),
    /// This answer: status, content type, body.
    Body(u16, String, Vec<u8>),
    /// This JSON, with status 200.
    Json(Value),
    /// Entra's error document: status, `error`, AADSTS number, text.
    Entra(u16, String, u32, String),
    /// The right answer, a byte at a time with this pause between.
    Drip(Duration),
    /// Status 200 and a body without end.
    Endless,
    /// The right answer, broken off in the middle of its body.
    Truncated,
    /// 10 KB of gzip that unpack to 10 MiB of blanks, though nobody asked for compression.
    Bomb,
    /// No answer at all.
    Hang,
    /// A redirect to this URL.
    Redirect(String),
}

/// The middleware that records each request and does what was commanded.
pub(super) async fn apply(
    state: Data<Shared>,
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let endpoint = Endpoint::of(req.path());
    let fault = state.lock().arrive(&req, endpoint);
    let response = match fault {
        None => return Ok(next.call(req).await?.map_into_boxed_body()),
        Some(Fault::Delay(time)) => {
            sleep(time).await;
            return Ok(next.call(req).await?.map_into_boxed_body());
        }
        Some(Fault::Drip(pause)) => return drip(next.call(req).await?, pause).await,
        Some(Fault::Truncated) => return truncate(next.call(req).await?).await,
        Some(Fault::Hang) => {
            sleep(Duration::from_secs(3600)).await;
            HttpResponse::GatewayTimeout().finish()
        }
        Some(fault) => answer(fault),
    };
    Ok(req.into_response(response))
}

fn answer(fault: Fault) -> HttpResponse {
    let status = |status: u16| StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    match fault {
        Fault::RetryAfter(code, seconds) => HttpResponse::build(status(code))
            .insert_header(("Retry-After", seconds.to_string()))
            .json(
                json!({ "error": { "code": "TooManyRequests", "message": "Too many requests." } }),
            ),
        Fault::Body(code, content_type, body) => HttpResponse::build(status(code))
            .content_type(content_type)
            .body(body),
        Fault::Json(value) => HttpResponse::Ok().json(value),
        Fault::Entra(code, error, aadsts, text) => entra_error(status(code), &error, aadsts, &text),
        Fault::Endless => {
            let chunk = Bytes::from_static(&[b' '; 8192]);
            let body = stream::repeat_with(move || Ok::<_, actix_web::Error>(chunk.clone()));
            HttpResponse::Ok()
                .content_type("application/json")
                .streaming(body)
        }
        Fault::Bomb => HttpResponse::Ok()
            .content_type("application/json")
            .insert_header(("Content-Encoding", "gzip"))
            .body(&include_bytes!("bomb.gz")[..]),
        Fault::Redirect(to) => HttpResponse::Found()
            .insert_header(("Location", to))
            .finish(),
        Fault::Status(code) => HttpResponse::build(status(code)).finish(),
        Fault::Delay(_) | Fault::Drip(_) | Fault::Truncated | Fault::Hang => {
            HttpResponse::Ok().finish()
        }
    }
}

/// The first half of the body under the length of the whole, and then the end.
async fn truncate(
    response: ServiceResponse<impl MessageBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let (req, response) = response.into_parts();
    let (head, body) = response.into_parts();
    let whole = to_bytes(body)
        .await
        .map_err(|_| actix_web::error::ErrorInternalServerError("no body"))?;
    let half = Ok(whole.slice(..whole.len() / 2));
    let cut = Err(actix_web::error::ErrorInternalServerError("cut"));
    let body = SizedStream::new(whole.len() as u64, stream::iter([half, cut]));
    Ok(ServiceResponse::new(req, head.set_body(BoxBody::new(body))))
}

async fn drip(
    response: ServiceResponse<impl MessageBody>,
    pause: Duration,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let (req, response) = response.into_parts();
    let (head, body) = response.into_parts();
    let bytes = to_bytes(body)
        .await
        .map_err(|_| actix_web::error::ErrorInternalServerError("no body"))?;
    let body = stream::unfold(bytes, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        sleep(pause).await;
        Some((Ok::<_, actix_web::Error>(rest.split_to(1)), rest))
    });
    let response = head.set_body(BoxBody::new(actix_web::body::BodyStream::new(Box::pin(
        body,
    ))));
    Ok(ServiceResponse::new(req, response))
}
