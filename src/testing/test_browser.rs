//! A browser for one application that runs without a port: it keeps cookies and follows no
//! redirects.

use std::net::{Ipv4Addr, SocketAddr};

use actix_http::Request;
use actix_web::{
    body::{MessageBody, to_bytes},
    cookie::{Cookie, time::Duration},
    dev::{Service, ServiceResponse},
    http::{
        StatusCode,
        header::{HOST, LOCATION},
    },
    test::TestRequest,
};

use crate::util::clock::{Clock, SystemClock};

pub(super) struct TestBrowser<'a, S> {
    app: &'a S,
    cookies: Vec<Cookie<'static>>,
}

/// A response, as far as sign-ins need it.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    pub(super) body: String,
}

impl<'a, S, B> TestBrowser<'a, S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    pub(super) fn new(app: &'a S) -> Self {
        Self {
            app,
            cookies: Vec::new(),
        }
    }

    pub(super) async fn get(&mut self, path: &str) -> Reply {
        let mut request = TestRequest::get();
        for cookie in &self.cookies {
            request = request.cookie(cookie.clone());
        }
        self.send(request.uri(path)).await
    }

    /// Posts a form as Entra's page does: browsers send no `SameSite=Lax` cookies with it.
    pub(super) async fn post_from_entra(
        &mut self,
        path: &str,
        form: &[(&'static str, String)],
    ) -> Reply {
        self.send(TestRequest::post().uri(path).set_form(form))
            .await
    }

    pub(super) fn into_cookies(self) -> Vec<Cookie<'static>> {
        self.cookies
    }

    async fn send(&mut self, request: TestRequest) -> Reply {
        // A loopback host lets the plugin derive the redirect URI from the request.
        let request = request
            .insert_header((HOST, "localhost"))
            .peer_addr(SocketAddr::from((Ipv4Addr::LOCALHOST, 50_000)))
            .to_request();
        match self.app.call(request).await {
            Ok(response) => {
                for cookie in response.response().cookies() {
                    self.store(cookie.into_owned());
                }
                reply(response.into_parts().1).await
            }
            // Under a real server, actix makes this response.
            Err(error) => reply(error.error_response()).await,
        }
    }

    fn store(&mut self, cookie: Cookie<'static>) {
        self.cookies.retain(|old| old.name() != cookie.name());
        if !is_removal(&cookie) {
            self.cookies.push(cookie);
        }
    }
}

/// `Max-Age` takes precedence over `Expires` (RFC 6265, section 5.3).
fn is_removal(cookie: &Cookie<'_>) -> bool {
    match (cookie.max_age(), cookie.expires_datetime()) {
        (Some(max_age), _) => max_age <= Duration::ZERO,
        (None, Some(expires)) => expires.unix_timestamp() <= SystemClock.now().timestamp(),
        (None, None) => false,
    }
}

async fn reply(response: actix_web::HttpResponse<impl MessageBody>) -> Reply {
    let status = response.status();
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|value| value.to_str().ok());
    let location = location.map(str::to_owned);
    let body = to_bytes(response.into_body()).await;
    Reply {
        status,
        location,
        body: body.map_or_else(
            |_| "(the body can't be read)".to_owned(),
            |body| String::from_utf8_lossy(&body).into_owned(),
        ),
    }
}
