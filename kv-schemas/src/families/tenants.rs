//! Tenants, companies, keys, bindings, prices: crate `tenancy`.

families! {
    "Tenants";

    /// A tenant's record.
    TENANT: Values "tenant/{tenant}" of "JSON `tenancy::Tenant`",
        written by "twin-registry", read by "all that check a caller or serve a tenant",
        kept "until the tenant is deleted", removed by "twin-registry, deleting it";
    /// All tenant ids ever made, in order.
    TENANT_LIST: Logs "tenant-list" of "JSON text: the tenant's id",
        written by "twin-registry", read by "operations",
        kept "until the tenant is deleted", removed by "twin-registry, deleting it";
    /// All that a tenant holds elsewhere (keys, origins, bindings), written before the thing itself, for its deletion.
    TENANT_HOLDINGS: Logs "tenant-holdings/{tenant}" of "JSON `tenancy::holdings::Holding`",
        written by "twin-registry", read by "-",
        kept "until the tenant is deleted; the tail for good", removed by "twin-registry, deleting it";
    /// That a tenant was deleted: its id is not given again.
    TENANT_GONE: Values "tenant-gone/{tenant}" of "JSON number: when, milliseconds since 1970",
        written by "twin-registry", read by "-",
        kept "for good", removed by "-";
    /// Since when a tenant is being made, and by which attempt.
    TENANT_MARK: Values "tenant-mark/{tenant}" of "JSON `tenancy::Mark`",
        written by "twin-registry", read by "-",
        kept "until it is made", removed by "twin-registry, having made it";
    /// Who wins to make a tenant.
    TENANT_MAKING: Onces "tenant-making/{tenant}/{attempt}" of "taken at 1",
        written by "twin-registry", read by "-",
        kept "until it is made", removed by "twin-registry, having made it";
    /// A company's caps.
    COMPANY: Values "company/{company}" of "JSON `tenancy::Company`",
        written by "twin-registry", read by "pre-flight",
        kept "for good", removed by "-";
    /// What limits were in force until when, of a tenant or company: for auditors.
    LIMITS_PAST: Values "limits-past/{scope}/{owner}" of "JSON list of `tenancy::PastLimits`",
        written by "twin-registry", read by "auditors",
        kept "for good; at most 64 changes and a mark that there were others", removed by "-";
    /// Tenants that allow an origin; exists while there is one.
    ORIGIN: Values "origin/{origin}" of "JSON list of texts: tenants' ids",
        written by "twin-registry", read by "all, and the host (CORS)",
        kept "until no tenant allows it", removed by "twin-registry";
    /// What a key's SHA-256 belongs to.
    KEY: Values "key/{sha256}" of "JSON `tenancy::KeyRecord`",
        written by "twin-registry", read by "session-authorize, pre-flight, audit-append, provider-proxy",
        kept "until the tenant is deleted", removed by "twin-registry, deleting it";
    /// A tenant's binding to a vendor.
    VENDOR: Values "vendor/{tenant}/{vendor}" of "JSON `tenancy::VendorBinding`, secrets sealed",
        written by "twin-registry", read by "provider-proxy, webhook-ingest",
        kept "until it is unbound or the tenant is deleted", removed by "twin-registry";
    /// A vendor's price rows.
    PRICES: Values "price/{vendor}" of "JSON list of `money::PriceRow`",
        written by "twin-registry", read by "pre-flight",
        kept "for good", removed by "-";
    /// Vendors that have prices.
    PRICE_LIST: Logs "price-list" of "JSON text: the vendor's name",
        written by "twin-registry", read by "-",
        kept "for good", removed by "-";
    /// What the demo page shows.
    SITE: Values "site/demo" of "JSON `site::settings::Settings`",
        written by "site", read by "-",
        kept "for good", removed by "-";
}
