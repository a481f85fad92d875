//! What an operator looks at: counts, snapshots, reports of checks.

families! {
    "Operations";

    /// How often something was denied, by its reason.
    DENIAL_COUNT: Counters "denial-count/{reason}" of "denials",
        written by "pre-flight", read by "operations",
        kept "for good", removed by "-";
    /// Denials of a tenant on a UTC day, by their reason; under `_all`, which no tenant is called, those of all tenants.
    DENIALS: Counters "denials/{owner}/{day}/{reason}" of "denials",
        written by "pre-flight", read by "-",
        kept "40 days past that day", removed by "expiry";
    /// The reasons that have such a counter, so that whoever shows a day doesn't try every one there is.
    DENIAL_REASONS: Logs "denial-reasons/{owner}/{day}" of "JSON text: the reason",
        written by "pre-flight", read by "-",
        kept "40 days past that day", removed by "expiry";
    /// How many runs have ended, by how.
    RUN_COUNT: Counters "run-count/{outcome}" of "runs",
        written by "provider-proxy", read by "operations",
        kept "for good", removed by "-";
    /// Breakers that opened and are not closed.
    BREAKER_LIST: Logs "breaker-list" of "JSON `router::breaker::Listed`",
        written by "provider-proxy", read by "operations",
        kept "until it is closed, or as idle as its record", removed by "provider-proxy, in maintenance";
    /// Where the next look at that list begins.
    BREAKER_HEAD: Values "breaker-head" of "JSON `kv_schemas::sweep::Head`",
        written by "provider-proxy", read by "-",
        kept "for good", removed by "-";
    /// The state of the whole at a moment.
    SNAPSHOT: Values "snapshot/{name}" of "JSON `snapshot::Snapshot`",
        written by "operations", read by "-",
        kept "the newest 400", removed by "operations, in maintenance";
    /// All snapshots in the order of their making.
    SNAPSHOT_LIST: Logs "snapshot-list" of "JSON text: its name",
        written by "operations", read by "-",
        kept "the newest 400", removed by "operations, in maintenance";
    /// Where that list begins.
    SNAPSHOT_HEAD: Values "snapshot-head" of "JSON number: an index",
        written by "operations", read by "-",
        kept "for good", removed by "-";
    /// Of those who find the day's snapshot missing in one stretch of minutes, who makes it.
    SNAPSHOT_MAKING: Onces "snapshot-making/{stretch}" of "taken at 1",
        written by "operations", read by "-",
        kept "two hours", removed by "expiry";
    /// What a check of the operator's found last.
    CHECK_REPORT: Values "check-report/{name}" of "JSON `snapshot::Report`",
        written by "operations", read by "-",
        kept "until an operator takes it away: there are 32 names at most", removed by "operations, asked";
    /// The names of all checks that have reported.
    CHECK_LIST: Logs "check-list" of "JSON text: the name",
        written by "operations", read by "-",
        kept "as long as its report", removed by "operations, asked";
    /// Traces that were sent in a second: more than a bound are left out.
    TRACE_TURN: Counters "trace-turn/{second}" of "exports",
        written by "provider-proxy", read by "-",
        kept "two hours", removed by "expiry";
    /// Counts over all tenants, runs and breakers, as the last walk over them found them, and how far the next one is.
    CENSUS: Values "census" of "JSON `operations::census::Census`",
        written by "operations", read by "twin-registry (health)",
        kept "for good", removed by "-";
}
