//! The first path segment of an authority: `common`, a tenant id, a domain.

use uuid::Uuid;

use super::{
    person::Person,
    tenants::{DOMAINS, PERSONAL},
};

/// The accounts that an authority admits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TenantPath {
    Common,
    Organizations,
    Tenant(String),
}

impl TenantPath {
    pub(super) fn parse(path: &str) -> Option<Self> {
        let path = path.to_ascii_lowercase();
        Some(match path.as_str() {
            "common" => Self::Common,
            "organizations" => Self::Organizations,
            "consumers" => Self::Tenant(PERSONAL.to_owned()),
            _ => match DOMAINS.iter().find(|(domain, _)| *domain == path) {
                Some((_, tenant)) => Self::Tenant((*tenant).to_owned()),
                None => Self::Tenant(Uuid::try_parse(&path).ok()?.to_string()),
            },
        })
    }

    pub(super) fn admits(&self, person: &Person) -> bool {
        match self {
            Self::Common => true,
            Self::Organizations => !person.is_personal(),
            Self::Tenant(tenant) => person.tenant == *tenant,
        }
    }

    /// The tenant in the issuer, a template for the shared authorities.
    pub(super) fn issuer(&self) -> &str {
        match self {
            Self::Common | Self::Organizations => "{tenantid}",
            Self::Tenant(tenant) => tenant,
        }
    }

    /// The first path segment of the endpoints in the metadata: a domain becomes its tenant id.
    pub(super) fn segment<'a>(&'a self, path: &'a str) -> &'a str {
        match self {
            Self::Tenant(tenant) if path != "consumers" => tenant,
            _ => path,
        }
    }
}
