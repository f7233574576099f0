//! Microsoft's clouds: the hosts of each, its Graph, and External ID.

/// The login hosts of one cloud, which are aliases of the same issuer, and its Graph.
/// Source: Microsoft's "National clouds" and "Microsoft Graph deployments" pages.
pub(super) struct Cloud {
    hosts: &'static [&'static str],
    pub(super) graph: &'static str,
    /// The audience of tokens that are exchanged for the application's own ("Configure an application
    /// to trust a managed identity").
    pub(super) exchange: &'static str,
}

const CLOUDS: &[Cloud] = &[
    Cloud {
        hosts: &[
            "login.microsoftonline.com",
            "login.windows.net",
            "login.microsoft.com",
        ],
        graph: "https://graph.microsoft.com/v1.0",
        exchange: "api://AzureADTokenExchange",
    },
    Cloud {
        hosts: &["login.microsoftonline.us", "login.usgovcloudapi.net"],
        graph: "https://graph.microsoft.us/v1.0",
        exchange: "api://AzureADTokenExchangeUSGov",
    },
    Cloud {
        hosts: &["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
        graph: "https://microsoftgraph.chinacloudapi.cn/v1.0",
        exchange: "api://AzureADTokenExchangeChina",
    },
];

/// The first label of a host of External ID ("Microsoft Entra External ID": `{name}.ciamlogin.com`).
pub(super) fn external_id(host: &str) -> Option<&str> {
    let name = host.strip_suffix(".ciamlogin.com")?;
    (!name.contains('.')).then_some(name)
}

/// The cloud of a login host.
pub(super) fn cloud(host: &str) -> Option<&'static Cloud> {
    CLOUDS.iter().find(|cloud| cloud.hosts.contains(&host))
}
