//! The link of a local user with a Microsoft account: the user who asks for it at the start is the one who
//! has to be there at the end.

use futures_util::future::LocalBoxFuture;
use ring::digest::{SHA256, digest};

use actix_web::HttpRequest;

use crate::account::user::UserId;

/// The application's answer to who is signed in locally, by whatever means.
pub(crate) type LocalUser =
    dyn Fn(HttpRequest) -> LocalBoxFuture<'static, Option<UserId>> + Send + Sync;

/// Names a user in `state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkTag(pub(super) [u8; 16]);

impl LinkTag {
    pub(crate) fn new(user: &UserId) -> Self {
        let mut tag = [0; 16];
        let hash = digest(&SHA256, format!("link {user}").as_bytes());
        tag.copy_from_slice(&hash.as_ref()[..16]);
        Self(tag)
    }
}
