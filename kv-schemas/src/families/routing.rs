//! Circuit breakers and the statistics of routing: crate `router`, used by component `provider-proxy`.

families! {
    "Routing";

    /// Circuit breaker of a vendor that fails a tenant.
    BREAKER: Values "breaker/{tenant}/{vendor}" of "JSON `router::breaker::Record`",
        written by "provider-proxy", read by "operations",
        kept "until the vendor answers, the tenant is deleted, or nobody has asked for an hour and a quarter",
        removed by "provider-proxy, having its answer, and in maintenance; twin-registry, deleting the tenant";
    /// Who wins to probe a vendor in the turn that began at this moment.
    BREAKER_PROBE: Onces "breaker-probe/{tenant}/{vendor}/{moment}" of "taken at 1",
        written by "provider-proxy", read by "-",
        kept "two hours", removed by "expiry";
    /// A tenant's routing decisions.
    ROUTE_COUNT: Counters "route-count/{tenant}" of "decisions",
        written by "provider-proxy", read by "-",
        kept "for good", removed by "-";
    /// A tenant's last 64 routing decisions: the slot is the decision's number modulo 64.
    ROUTE_RING: Values "route-ring/{tenant}/{slot}" of "JSON `router::window::Numbered`",
        written by "provider-proxy", read by "-",
        kept "for good, 64 of a tenant", removed by "-";
    /// What a tenant's last routing decisions came to.
    ROUTE_SUMMARY: Values "route-summary/{tenant}" of "JSON `router::Summary`",
        written by "provider-proxy", read by "operations",
        kept "for good", removed by "-";
}
