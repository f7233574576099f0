//! The authority: a cloud's login host and the tenant path under it.

use url::{Host, Url};
use uuid::Uuid;

use super::cloud::{cloud, external_id};

/// The tenant of all personal Microsoft accounts.
pub(crate) const PERSONAL_TENANT: Uuid = Uuid::from_u128(0x9188040d_6c67_4c5b_b112_36a304b66dad);

/// The authority that signs users in: `https://{host}/{tenant}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Authority {
    base: Url,
    tenant: TenantPath,
    /// The setting `issuer`.
    issuer: Option<String>,
}

/// The tenant path of an authority.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TenantPath {
    Common,
    Organizations,
    Consumers,
    Id(Uuid),
    Domain(String),
}

impl TenantPath {
    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "common" => Some(Self::Common),
            "organizations" => Some(Self::Organizations),
            "consumers" => Some(Self::Consumers),
            lower => match Uuid::try_parse(lower) {
                Ok(id) => Some(Self::Id(id)),
                Err(_) => is_domain(lower).then(|| Self::Domain(lower.to_owned())),
            },
        }
    }

    fn as_path(&self) -> String {
        match self {
            Self::Common => "common".to_owned(),
            Self::Organizations => "organizations".to_owned(),
            Self::Consumers => "consumers".to_owned(),
            Self::Id(id) => id.to_string(),
            Self::Domain(domain) => domain.clone(),
        }
    }

    /// Whether the issuer of this path names its tenant so: an id, or for many tenants the template.
    fn is_issuers(&self, tenant: &str) -> bool {
        match self {
            Self::Common | Self::Organizations => tenant == "{tenantid}",
            Self::Consumers => tenant == PERSONAL_TENANT.to_string(),
            Self::Id(id) => tenant == id.to_string(),
            Self::Domain(_) => Uuid::try_parse(tenant).is_ok(),
        }
    }
}

impl Authority {
    /// Reads a tenant id, a domain, one of the shared names, or a full URL.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let url = if text.contains("://") {
            Url::parse(text).map_err(|_| "it is not a URL")?
        } else {
            let global = Url::parse("https://login.microsoftonline.com/");
            let global = global.map_err(|_| "it is not a URL")?;
            global.join(text).map_err(|_| "it is not a tenant")?
        };
        if !is_secure(&url) {
            return Err("it must be https (http only on a loopback address)");
        }
        if !url.username().is_empty() || url.query().is_some() || url.fragment().is_some() {
            return Err("it has more than a host and a tenant");
        }
        let mut path = url.path().trim_matches('/').to_owned();
        if let Some(name) = url.host_str().and_then(external_id)
            && path.is_empty()
        {
            path = format!("{name}.onmicrosoft.com");
        }
        let tenant = path.strip_suffix("/v2.0").unwrap_or(&path);
        let tenant = TenantPath::parse(tenant).ok_or(
            "it doesn't end in a tenant id, a domain, `common`, `organizations` or `consumers`",
        )?;
        let mut base = url;
        base.set_path("/");
        Ok(Self {
            base,
            tenant,
            issuer: None,
        })
    }

    /// The authority with an issuer of the settings; `None` if that can be no issuer of Entra's.
    pub(super) fn with_issuer(self, issuer: &str) -> Option<Self> {
        let url = Url::parse(issuer).ok()?;
        let tenant = issuer.strip_suffix("/v2.0")?.rsplit('/').next()?;
        // One issuer for many tenants would let each speak for all, and a template for one tenant would
        // let in the others.
        let is_of_tenant = self.tenant.is_issuers(tenant);
        let is_good = is_secure(&url) && is_of_tenant && url.query().is_none();
        is_good.then(|| Self {
            issuer: Some(issuer.to_owned()),
            ..self
        })
    }

    /// The discovery document (OpenID Connect Discovery 1.0, section 4), with the keys of an
    /// application that has some of its own (Microsoft identity platform, "Access tokens").
    pub(crate) fn metadata_url(&self, application_id: &str) -> String {
        let mut url = self.base.clone();
        let tenant = self.tenant.as_path();
        url.set_path(&format!("{tenant}/v2.0/.well-known/openid-configuration"));
        url.query_pairs_mut().append_pair("appid", application_id);
        url.into()
    }

    /// Whether it accepts users from several tenants.
    pub(crate) fn is_multi_tenant(&self) -> bool {
        matches!(self.tenant, TenantPath::Common | TenantPath::Organizations)
    }

    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.base)
    }

    /// The Graph of its cloud, where the cloud is known.
    pub(super) fn graph_url(&self) -> Option<&'static str> {
        let host = self.base.host_str()?;
        let is_external_id = external_id(host).is_some();
        let global = || is_external_id.then_some("https://graph.microsoft.com/v1.0");
        cloud(host).map(|cloud| cloud.graph).or_else(global)
    }

    /// The audience of a managed identity's token for it.
    pub(crate) fn exchange_audience(&self) -> &'static str {
        let cloud = self.base.host_str().and_then(cloud);
        cloud.map_or("api://AzureADTokenExchange", |cloud| cloud.exchange)
    }

    /// Whether this authority's metadata may name the issuer (OpenID Connect Discovery 1.0, section
    /// 4.3; multi-tenant authorities have Entra's `{tenantid}` template).
    pub(crate) fn accepts_issuer(&self, issuer: &str) -> bool {
        if let Some(own) = &self.issuer {
            return issuer == own;
        }
        let Ok(parsed) = Url::parse(issuer) else {
            return false;
        };
        let same_cloud = || {
            let ours = self.base.host_str().and_then(cloud);
            let theirs = parsed.host_str().and_then(cloud);
            parsed.scheme() == "https"
                && matches!((ours, theirs), (Some(a), Some(b)) if a.graph == b.graph)
        };
        // External ID: the issuer's host is the tenant's id.
        let names_tenant = || {
            let tenant = parsed.path().trim_start_matches('/').split('/').next();
            let is_external_id = self.base.host_str().and_then(external_id).is_some();
            let host = parsed.host_str().and_then(external_id);
            is_external_id && parsed.scheme() == "https" && host.is_some() && host == tenant
        };
        if parsed.origin() != self.base.origin() && !same_cloud() && !names_tenant() {
            return false;
        }
        let origin = parsed.origin().ascii_serialization();
        let tenant = issuer
            .strip_prefix(&origin)
            .and_then(|rest| rest.strip_prefix('/'))
            .and_then(|rest| rest.strip_suffix("/v2.0"));
        tenant.is_some_and(|tenant| self.tenant.is_issuers(tenant))
    }

    /// Whether an authorization response may name the issuer (RFC 9207, section 2.4): the one of the
    /// metadata, or with a multi-tenant authority that of one tenant.
    pub(crate) fn accepts_response_issuer(&self, issuer: &str) -> bool {
        let template = issuer.split('/').map(|part| match Uuid::try_parse(part) {
            Ok(_) => "{tenantid}",
            Err(_) => part,
        });
        self.accepts_issuer(issuer) || self.accepts_issuer(&template.collect::<Vec<_>>().join("/"))
    }

    /// Whether an endpoint of the metadata may be called: https, or loopback if the authority is.
    pub(crate) fn may_call(&self, endpoint: &Url) -> bool {
        endpoint.scheme() == "https" || (self.is_loopback() && is_loopback(endpoint))
    }
}

impl std::fmt::Display for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.base, self.tenant.as_path())
    }
}

/// Whether the host of a URL can only be this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost" || domain.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// https, or http on this machine.
pub(crate) fn is_secure(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

/// A host name of two labels or more, in ASCII.
pub(crate) fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490";

    #[test]
    fn an_authority_is_a_tenant_a_domain_or_a_url() {
        for (text, expected) in [
            ("common", "https://login.microsoftonline.com/common"),
            (
                TENANT,
                &format!("https://login.microsoftonline.com/{TENANT}")[..],
            ),
            (
                "Contoso.com",
                "https://login.microsoftonline.com/contoso.com",
            ),
            (
                "https://login.microsoftonline.us/organizations/v2.0",
                "https://login.microsoftonline.us/organizations",
            ),
            (
                "http://127.0.0.1:9000/common/",
                "http://127.0.0.1:9000/common",
            ),
        ] {
            assert_eq!(
                Authority::parse(text).unwrap().to_string(),
                expected,
                "{text}"
            );
        }
        for text in [
            "",
            "contoso",
            "http://login.example/common",
            "https://a.example/",
            "a b.c",
            "https://u@a.example/common",
        ] {
            assert!(Authority::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_issuer_of_metadata_must_be_the_authoritys_own() {
        let host = "https://login.microsoftonline.com";
        let common = Authority::parse("common").unwrap();
        assert!(common.accepts_issuer(&format!("{host}/{{tenantid}}/v2.0")));
        for issuer in [
            format!("{host}/{TENANT}/v2.0"),
            format!("{host}/{{tenantid}}/v2.0/"),
            format!("{host}/{{tenantid}}"),
            "https://evil.example/{tenantid}/v2.0".to_owned(),
            "http://login.microsoftonline.com/{tenantid}/v2.0".to_owned(),
            format!("{host}.evil.example/{{tenantid}}/v2.0"),
        ] {
            assert!(!common.accepts_issuer(&issuer), "{issuer}");
        }
        let single = Authority::parse(TENANT).unwrap();
        assert!(single.accepts_issuer(&format!("{host}/{TENANT}/v2.0")));
        assert!(!single.accepts_issuer(&format!("{host}/{PERSONAL_TENANT}/v2.0")));
        let domain = Authority::parse("contoso.com").unwrap();
        assert!(domain.accepts_issuer(&format!("{host}/{TENANT}/v2.0")));
        assert!(!domain.accepts_issuer(&format!("{host}/{{tenantid}}/v2.0")));
        let china = Authority::parse("https://login.chinacloudapi.cn/common").unwrap();
        assert!(china.accepts_issuer("https://login.partner.microsoftonline.cn/{tenantid}/v2.0"));
        assert!(!china.accepts_issuer(&format!("{host}/{{tenantid}}/v2.0")));
    }

    #[test]
    fn external_id_has_its_tenant_in_the_host_of_its_issuer() {
        let issuer = format!("https://{TENANT}.ciamlogin.com/{TENANT}/v2.0");
        for text in [
            "https://contoso.ciamlogin.com",
            "https://contoso.ciamlogin.com/contoso.onmicrosoft.com",
            &format!("https://contoso.ciamlogin.com/{TENANT}/v2.0"),
        ] {
            let authority = Authority::parse(text).unwrap();
            assert!(authority.accepts_issuer(&issuer), "{text}");
            assert_eq!(
                authority.graph_url(),
                Some("https://graph.microsoft.com/v1.0")
            );
            for other in [
                format!("https://{TENANT}.ciamlogin.com/{PERSONAL_TENANT}/v2.0"),
                format!("https://{PERSONAL_TENANT}.ciamlogin.com/{TENANT}/v2.0"),
                format!("https://evil.ciamlogin.com/{TENANT}/v2.0"),
                format!("https://{TENANT}.ciamlogin.com.evil.example/{TENANT}/v2.0"),
                format!("http://{TENANT}.ciamlogin.com/{TENANT}/v2.0"),
                format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
            ] {
                assert!(!authority.accepts_issuer(&other), "{text}: {other}");
            }
        }
        let other = format!("https://contoso.ciamlogin.com/{PERSONAL_TENANT}");
        assert!(!Authority::parse(&other).unwrap().accepts_issuer(&issuer));
        assert!(!Authority::parse(TENANT).unwrap().accepts_issuer(&issuer));
    }

    #[test]
    fn an_issuer_of_the_settings_is_the_only_one() {
        let template = "https://id.contoso.example/{tenantid}/v2.0";
        let one = format!("https://id.contoso.example/{TENANT}/v2.0");
        let common = || Authority::parse("https://login.contoso.example/common").unwrap();
        let authority = common().with_issuer(template).unwrap();
        assert!(authority.accepts_issuer(template));
        assert!(authority.accepts_response_issuer(&one));
        assert!(!authority.accepts_issuer("https://login.contoso.example/{tenantid}/v2.0"));
        assert!(common().with_issuer(&one).is_none(), "one for all tenants");
        let single = || Authority::parse(TENANT).unwrap();
        assert!(single().with_issuer(&one).unwrap().accepts_issuer(&one));
        for issuer in [
            "",
            "https://id.contoso.example",
            "https://id.contoso.example/x/v2.0",
            "http://id.contoso.example/{tenantid}/v2.0",
            template,
            &format!("https://id.contoso.example/{PERSONAL_TENANT}/v2.0"),
        ] {
            assert!(single().with_issuer(issuer).is_none(), "{issuer}");
        }
    }
}
