//! `GET picture/`: the photo of the signed-in user.

use actix_web::{
    HttpResponse,
    http::header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETag, EntityTag, IfNoneMatch,
        X_CONTENT_TYPE_OPTIONS,
    },
    web::Header,
};

use crate::{
    util::log::chain,
    web::{current_user::CurrentUser, extract::Sso},
};

pub(super) async fn photo(
    sso: Sso,
    user: CurrentUser,
    known: Option<Header<IfNoneMatch>>,
) -> HttpResponse {
    let picture = match sso.store.microsoft_user(&user.id).await {
        Ok(found) => found.and_then(|microsoft| microsoft.picture),
        Err(error) => {
            tracing::error!(reason = %chain(&error), "the picture can't be read");
            return HttpResponse::ServiceUnavailable().finish();
        }
    };
    let Some(picture) = picture else {
        return HttpResponse::NotFound()
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish();
    };
    let tag = EntityTag::new_strong(picture.sha256());
    let is_known = known.is_some_and(|Header(known)| match known {
        IfNoneMatch::Any => true,
        IfNoneMatch::Items(tags) => tags.iter().any(|known| known.weak_eq(&tag)),
    });
    let mut response = if is_known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header(ETag(tag))
        // The browser may keep it and revalidates it; nobody else may keep it.
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'"));
    if is_known {
        return response.finish();
    }
    response
        .content_type(picture.media_type())
        .body(picture.bytes().to_vec())
}
