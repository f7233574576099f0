//! The signed-in person's own photo.

use crate::harness::TestApp;

const PICTURE: &str = "/microsoft_sso/picture/";

#[actix_web::test]
async fn a_person_sees_their_own_picture_under_its_true_type() {
    let app = TestApp::start().await;
    let browser = app.browser();
    assert_eq!(browser.get(PICTURE).await.status, 401);
    browser.sign_in("ada@contoso.example").await;
    for path in [PICTURE, "/microsoft_sso/picture"] {
        let reply = browser.get(path).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-type"), "image/png");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("cache-control"), "private, no-cache");
        let tag = reply.header("etag").to_owned();
        let again = browser.get_with(path, &[("If-None-Match", &tag)]).await;
        assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""));
        let other = browser.get_with(path, &[("If-None-Match", "\"x\"")]).await;
        assert_eq!(other.status, 200);
    }
}

#[actix_web::test]
async fn somebody_without_a_picture_has_none() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_in("grace@contoso.example").await;
    assert_eq!(browser.get(PICTURE).await.status, 404);
}
