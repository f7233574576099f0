//! A browser, as far as sign-ins go: it keeps cookies as browsers do and doesn't follow redirects.

use std::cell::RefCell;

use awc::{
    Client, ClientRequest,
    http::{StatusCode, header},
};
use cookie_store::{CookieStore, RawCookie};
use microsoft_sso::testing::FakeEntra;
use serde_json::Value;
use url::Url;

pub(crate) struct Browser {
    client: Client,
    jar: RefCell<CookieStore>,
    base: Url,
    entra: FakeEntra,
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: header::HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn location(&self) -> &str {
        self.header("location")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn cookies(&self) -> Vec<String> {
        let values = self.headers.get_all("set-cookie");
        values
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }
}

impl Browser {
    pub(crate) fn new(base: &str, entra: FakeEntra) -> Self {
        let client = Client::builder().disable_redirects().disable_timeout();
        Self {
            client: client.finish(),
            jar: RefCell::default(),
            base: Url::parse(base).unwrap(),
            entra,
        }
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        self.base.join(path).unwrap()
    }

    /// The `Cookie` header that would be sent to a path.
    pub(crate) fn cookie_header(&self, path: &str) -> String {
        let jar = self.jar.borrow();
        let url = self.url(path);
        let pairs = jar.get_request_values(&url);
        pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ")
    }

    pub(crate) fn forget_cookies(&self) {
        self.jar.borrow_mut().clear();
    }

    /// Drops the session's cookie, as browsers do with one that they don't accept.
    pub(crate) fn lose_session(&self) {
        let host = self.base.host_str().unwrap();
        let mut jar = self.jar.borrow_mut();
        jar.remove(host, "/", "microsoft_sso_session").unwrap();
    }

    /// Puts the cookies of another browser into this one, as those of this one's host.
    pub(crate) fn copy_cookies(&self, from: &Self) {
        for cookie in from.cookie_header("/microsoft_sso/login/").split("; ") {
            let cookie = RawCookie::parse(format!("{cookie}; Path=/")).unwrap();
            let stored = [cookie.into_owned()].into_iter();
            let mut jar = self.jar.borrow_mut();
            jar.store_response_cookies(stored, &self.base);
        }
    }

    /// Puts the cookies of another browser into this one.
    pub(crate) fn steal_cookies(&self, from: &Self) {
        *self.jar.borrow_mut() = from.jar.borrow().clone();
    }

    async fn send(&self, request: ClientRequest, url: Url, body: String) -> Reply {
        let cookies = self.cookie_header(url.as_str());
        let mut request = request;
        if !cookies.is_empty() {
            request = request.insert_header((header::COOKIE, cookies));
        }
        self.exchange(request, url, body).await
    }

    /// Sends a request as it is, without cookies of the jar, and keeps those that come.
    async fn exchange(&self, request: ClientRequest, url: Url, body: String) -> Reply {
        let mut response = request.send_body(body).await.unwrap();
        let headers = response.headers().clone();
        let set = headers
            .get_all("set-cookie")
            .filter_map(|value| RawCookie::parse(value.to_str().ok()?.to_owned()).ok());
        self.jar.borrow_mut().store_response_cookies(set, &url);
        let body = response.body().limit(16 << 20).await.unwrap();
        Reply {
            status: response.status(),
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.get_with(path, &[("Accept", "text/html")]).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let url = self.url(path);
        let mut request = self.client.get(url.as_str());
        for (name, value) in headers {
            request = request.insert_header((*name, *value));
        }
        self.send(request, url, String::new()).await
    }

    pub(crate) async fn head(&self, path: &str) -> Reply {
        let url = self.url(path);
        let request = self.client.head(url.as_str());
        let request = request.insert_header(("Accept", "text/html"));
        self.send(request, url, String::new()).await
    }

    pub(crate) async fn post_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let url = self.url(path);
        let mut request = self.client.post(url.as_str());
        for (name, value) in headers {
            request = request.insert_header((*name, *value));
        }
        self.send(request, url, String::new()).await
    }

    /// Posts a form, as a page of another site would: no `SameSite=Lax` cookie comes along.
    pub(crate) async fn post_from_elsewhere(&self, path: &str, form: &str) -> Reply {
        let url = self.url(path);
        let request = self.client.post(url.as_str());
        let request = request.content_type("application/x-www-form-urlencoded");
        self.exchange(request, url, form.to_owned()).await
    }

    /// Opens `login/` and returns the URL at Microsoft.
    pub(crate) async fn start(&self, query: &str) -> String {
        let reply = self.get(&format!("/microsoft_sso/login/{query}")).await;
        assert_eq!(reply.status, StatusCode::FOUND, "{}", reply.body);
        reply.location().to_owned()
    }

    /// Opens `login/`, picks a person at Microsoft, and returns the callback's URL.
    pub(crate) async fn to_callback(&self, username: &str, query: &str) -> String {
        let url = self.start(query).await;
        self.entra.sign_in(&url, username).unwrap()
    }

    /// A whole sign-in; returns the callback's answer.
    pub(crate) async fn sign_in(&self, username: &str) -> Reply {
        let callback = self.to_callback(username, "").await;
        self.get(&callback).await
    }

    /// The signed-in user, or `None`.
    pub(crate) async fn me(&self) -> Option<Value> {
        let reply = self.get("/me").await;
        match reply.status {
            StatusCode::OK => Some(reply.json()),
            StatusCode::UNAUTHORIZED => None,
            other => panic!("{other}: {}", reply.body),
        }
    }

    /// What the next page tells the person.
    pub(crate) async fn message(&self) -> String {
        self.get("/").await.body
    }

    /// A sign-in that must fail; returns what the person is told.
    pub(crate) async fn refused(&self, username: &str) -> String {
        let reply = self.sign_in(username).await;
        self.is_refused(&reply).await
    }

    /// Checks that a callback without its attempt signs nobody in, and that the sign-in begins anew.
    pub(crate) async fn begins_anew(&self, reply: &Reply) {
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
        let location = reply.location();
        assert!(location.starts_with("/microsoft_sso/login/?"), "{location}");
        assert!(location.ends_with("&again=1"), "{location}");
        assert!(self.me().await.is_none(), "signed in");
    }

    /// Checks that a callback's answer signs nobody in; returns what the person is told.
    pub(crate) async fn is_refused(&self, reply: &Reply) -> String {
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
        assert_eq!(reply.location(), "/");
        assert!(self.me().await.is_none(), "signed in");
        let message = self.message().await;
        assert!(!message.is_empty(), "no reason given");
        message
    }
}
