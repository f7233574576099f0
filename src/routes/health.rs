//! `GET health/`: for load balancers and monitors.

use actix_web::{
    Error, HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS},
};
use serde::Serialize;

use crate::{sso::status::Status, web::extract::shared};

/// What anybody may know: no names of sites, and not how full the queue is.
#[derive(Serialize)]
struct Health {
    status: &'static str,
    store: &'static str,
    /// Of the site where it is the oldest.
    keys_age: Option<u64>,
    /// Of the site where it ends first.
    certificate_days: Option<i64>,
}

/// It is of the process, not of a site: a load balancer's probe has an address for a host.
pub(super) async fn health(req: HttpRequest) -> Result<HttpResponse, Error> {
    let sso = shared(&req)?;
    if !sso.health_enabled {
        return Ok(HttpResponse::NotFound().finish());
    }
    let health = Health::from(sso.shared_status().await);
    let mut response = match health.status {
        "ok" => HttpResponse::Ok(),
        _ => HttpResponse::ServiceUnavailable(),
    };
    Ok(response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .json(health))
}

impl From<Status> for Health {
    fn from(status: Status) -> Self {
        // Where a credential has ended, whoever is signed in still is: no reason to take the node away.
        let (health, store) = if status.is_store_available {
            ("ok", "ok")
        } else {
            ("unavailable", "unavailable")
        };
        let sites = status.sites.iter();
        Self {
            status: health,
            store,
            keys_age: sites.clone().filter_map(|site| site.keys_age).max(),
            certificate_days: sites.filter_map(|site| site.certificate_days).min(),
        }
    }
}
