//! A whole sign-in to an application under test.

use actix_http::Request;
use actix_web::{
    body::MessageBody,
    cookie::Cookie,
    dev::{Service, ServiceResponse},
    http::StatusCode,
};
use url::Position;

use super::{
    entra::FakeEntra,
    entra_error_page::EntraErrorPage,
    test_browser::{Reply, TestBrowser},
};

/// Why [`FakeEntra::sign_in_to`] signed nobody in.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum TestSignInError {
    /// The application doesn't redirect.
    #[error("{path} answers {status} instead of redirecting: {body}")]
    #[non_exhaustive]
    NoRedirect {
        /// The path that was requested.
        path: String,
        /// The status of the response.
        status: StatusCode,
        /// The body of the response.
        body: String,
    },
    /// The application redirects, but nobody is signed in.
    #[error("{path} redirects to {location} with nobody signed in: the log says why")]
    #[non_exhaustive]
    Refused {
        /// The path that was requested.
        path: String,
        /// Where it redirects to.
        location: String,
    },
    /// Entra shows an error page.
    #[error(transparent)]
    EntraErrorPage(#[from] EntraErrorPage),
}

crate::util::log::readable_debug!(TestSignInError);

impl FakeEntra {
    /// Signs a person in to an application that `actix_web::test::init_service` made, and returns
    /// the cookies that a browser has then: add them to the test's requests.
    ///
    /// The application is expected at `http://localhost` with the plugin at `/microsoft_sso`;
    /// [`Self::sign_in_to_path`] takes another path.
    ///
    /// ```
    /// use actix_web::{App, test, web};
    /// use microsoft_sso::{Config, DieselStore, Identity, MicrosoftSso};
    /// use microsoft_sso::testing::FakeEntra;
    ///
    /// async fn hello(identity: Identity) -> String {
    ///     format!("Hello {}", identity.first_name)
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let entra = FakeEntra::start()?;
    /// let config = Config::builder()
    ///     .authority(entra.authority("common"))
    ///     .graph_url(entra.graph_url())
    ///     .application_id(entra.application_id())
    ///     .client_secret(entra.client_secret())
    ///     .allowable_domains(["contoso.example"])
    ///     .build()?;
    /// let store = DieselStore::connect("sqlite://:memory:", &config)?;
    /// store.migrate()?;
    /// let sso = web::Data::new(MicrosoftSso::builder(config).store(store).build()?);
    /// let app = App::new()
    ///     .app_data(sso.clone())
    ///     .configure(microsoft_sso::config)
    ///     .route("/", web::get().to(hello))
    ///     .wrap(sso.sessions());
    /// let app = test::init_service(app).await;
    ///
    /// let mut request = test::TestRequest::get();
    /// for cookie in entra.sign_in_to(&app, "ada@contoso.example").await? {
    ///     request = request.cookie(cookie);
    /// }
    /// let body = test::call_and_read_body(&app, request.to_request()).await;
    /// assert_eq!(body, "Hello Ada");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The application or Entra refuses the sign-in, or the session isn't kept.
    pub async fn sign_in_to<S, B>(
        &self,
        app: &S,
        username: &str,
    ) -> Result<Vec<Cookie<'static>>, TestSignInError>
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
        B: MessageBody,
    {
        self.sign_in_to_path(app, "/microsoft_sso", username).await
    }

    /// Does what [`Self::sign_in_to`] does, for an application that has the plugin at the path given
    /// to [`config_at`](crate::config_at).
    ///
    /// # Errors
    /// As for [`Self::sign_in_to`].
    pub async fn sign_in_to_path<S, B>(
        &self,
        app: &S,
        path: &str,
        username: &str,
    ) -> Result<Vec<Cookie<'static>>, TestSignInError>
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
        B: MessageBody,
    {
        let mut browser = TestBrowser::new(app);
        let scope = path.trim_end_matches('/');

        let login = format!("{scope}/login/");
        // As the request comes after the redirect to `base_url`.
        let reply = browser.get(&format!("{login}?moved=1")).await;
        let authorize_url = redirect_target(&login, reply)?;
        if !authorize_url.starts_with(&self.url()) {
            return Err(TestSignInError::Refused {
                path: login,
                location: authorize_url,
            });
        }

        let response = self.authorize(&authorize_url, username)?;
        // Without the path of `base_url`, which a proxy would take away.
        let callback = &format!("{scope}/callback/");
        let callback_with_code = if response.form_post {
            let reply = browser
                .post_from_entra(callback, &response.parameters)
                .await;
            let to = redirect_target(callback, reply)?;
            to[to.find(callback).unwrap_or(0)..].to_owned()
        } else {
            format!("{callback}{}", &response.url()[Position::AfterPath..])
        };
        let reply = browser.get(&callback_with_code).await;
        let location = redirect_target(callback, reply)?;

        // A refused sign-in redirects, too. The user's own photo needs a signed-in user.
        let photo = browser.get(&format!("{scope}/picture/")).await;
        if photo.status == StatusCode::UNAUTHORIZED {
            return Err(TestSignInError::Refused {
                path: callback.clone(),
                location,
            });
        }
        Ok(browser.into_cookies())
    }
}

fn redirect_target(path: &str, reply: Reply) -> Result<String, TestSignInError> {
    let Reply {
        status,
        location,
        body,
    } = reply;
    location
        .filter(|_| status.is_redirection())
        .ok_or_else(|| TestSignInError::NoRedirect {
            path: path.to_owned(),
            status,
            body,
        })
}
