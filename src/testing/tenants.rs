//! The emulated tenants.

/// The tenant Contoso, of `contoso.example`.
pub const CONTOSO: &str = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490";
/// The tenant Fabrikam, of `fabrikam.example`.
pub const FABRIKAM: &str = "1c57a2ab-64cb-4d73-8a6e-2a5a0b4f1e5d";
/// The tenant of personal Microsoft accounts.
pub const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Each tenant's verified domains.
pub(super) const DOMAINS: &[(&str, &str)] = &[
    ("contoso.example", CONTOSO),
    ("contoso.onmicrosoft.example", CONTOSO),
    ("fabrikam.example", FABRIKAM),
];
