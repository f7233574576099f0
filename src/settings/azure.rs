//! The variables of Azure's workload identity, which stand in for settings that aren't set.

/// What the webhook of Azure's workload identity sets in a pod.
#[derive(Clone, Debug, Default)]
pub(super) struct AzureVariables {
    pub(super) token_file: String,
    pub(super) client_id: Option<String>,
    pub(super) tenant_id: Option<String>,
    pub(super) authority_host: Option<String>,
}

impl AzureVariables {
    pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        Self {
            token_file: set("AZURE_FEDERATED_TOKEN_FILE").unwrap_or_default(),
            client_id: set("AZURE_CLIENT_ID"),
            tenant_id: set("AZURE_TENANT_ID"),
            authority_host: set("AZURE_AUTHORITY_HOST"),
        }
    }
}
