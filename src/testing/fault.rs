//! The middleware that logs each request and applies the fault set for its endpoint.

use std::time::{Duration, SystemTime};

use actix_web::{
    HttpResponse,
    body::{BoxBody, MessageBody, SizedStream, to_bytes},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{Date, HeaderName, TryIntoHeaderPair},
    },
    middleware::Next,
    rt::time::sleep,
    web::{Bytes, Data},
};
use futures_util::stream;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{endpoint::Fault, error_document::error_document, state::SharedState};
use crate::util::clock::{Clock, SystemClock};

/// The middleware: the request's response or fault, with the ids that Microsoft gives each request.
pub(super) async fn apply(
    state: Data<SharedState>,
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let is_graph = req.path().starts_with("/v1.0/");
    let date = SystemTime::from(SystemClock.now() + state.lock().clock_offset);
    let mut response = respond(state, req, next).await?;
    let names: &[_] = if is_graph {
        &["request-id", "client-request-id"]
    } else {
        &["x-ms-request-id"]
    };
    for name in names {
        let name = HeaderName::from_static(name);
        let headers = response.headers_mut();
        if !headers.contains_key(&name)
            && let Ok(id) = Uuid::new_v4().to_string().parse()
        {
            headers.insert(name, id);
        }
    }
    // By the emulated clock, as the tokens are.
    if let Ok((name, value)) = Date(date.into()).try_into_pair() {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

async fn respond(
    state: Data<SharedState>,
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let fault = state.lock().log_request(&req);
    let response = match fault {
        None => return Ok(next.call(req).await?.map_into_boxed_body()),
        Some(Fault::Delay(time)) => {
            sleep(time).await;
            return Ok(next.call(req).await?.map_into_boxed_body());
        }
        Some(Fault::Drip(pause)) => return drip(next.call(req).await?, pause).await,
        Some(Fault::Members(members)) => return replace(next.call(req).await?, members).await,
        Some(Fault::Truncated) => return truncate(next.call(req).await?).await,
        Some(Fault::Hang) => {
            sleep(Duration::from_secs(3600)).await;
            HttpResponse::GatewayTimeout().finish()
        }
        Some(fault) => faulty_response(fault),
    };
    Ok(req.into_response(response))
}

/// The response of a fault that doesn't need the right one.
fn faulty_response(fault: Fault) -> HttpResponse {
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
        Fault::Entra(code, error, aadsts, text) => {
            error_document(status(code), &error, aadsts, &text)
        }
        Fault::ClaimsChallenge => HttpResponse::Unauthorized()
            .insert_header((
                "WWW-Authenticate",
                "Bearer realm=\"\", error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNjA0MTA2NjUxIn19fQ==\"",
            ))
            .json(json!({ "error": {
                "code": "InvalidAuthenticationToken",
                "message": "Continuous access evaluation resulted in challenge.",
            } })),
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
        Fault::Delay(_) | Fault::Drip(_) | Fault::Members(_) | Fault::Truncated | Fault::Hang => {
            HttpResponse::Ok().finish()
        }
    }
}

/// The JSON response with other members.
async fn replace(
    response: ServiceResponse<impl MessageBody>,
    members: Value,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let (req, response) = response.into_parts();
    let body = to_bytes(response.into_body())
        .await
        .map_err(|_| actix_web::error::ErrorInternalServerError("no body"))?;
    let mut whole: Value = serde_json::from_slice(&body)?;
    if let (Some(whole), Value::Object(members)) = (whole.as_object_mut(), members) {
        whole.extend(members);
    }
    Ok(ServiceResponse::new(req, HttpResponse::Ok().json(whole)))
}

/// Announces the length of the whole body, sends half of it, then closes the connection.
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

/// Sends the body one byte at a time.
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
