//! Money, units, rates, places and permits: crate `limits`. Only `pre-flight` writes these.

families! {
    "Limits";

    /// Reserved money of a scope in a window (a month; a session's life): settled plus held.
    MONEY: Counters "spend/{scope}/{owner}/{window}" of "nano-USD",
        written by "pre-flight", read by "-",
        kept "a session's for 3 days, a month's for good", removed by "expiry (sessions'); - (months')";
    /// Reserved units of a scope in a window (a day; a session's life): settled plus held.
    UNITS: Counters "units/{scope}/{owner}/{unit}/{window}" of "units of that type",
        written by "pre-flight", read by "-",
        kept "a session's for 3 days, a day's for 40", removed by "expiry";
    /// Open permits of a tenant or company.
    OPEN: Counters "open/{scope}/{owner}" of "permits",
        written by "pre-flight", read by "-",
        kept "for good", removed by "-";
    /// Requests of a credential in a short window.
    RATE: Counters "rate/{credential}/{window}" of "requests",
        written by "pre-flight", read by "-",
        kept "two hours", removed by "expiry";
    /// A permit: what was reserved where, and what became of it.
    PERMIT: Values "permit/{id}" of "JSON `limits::Permit`",
        written by "pre-flight", read by "-",
        kept "32 days past its end", removed by "expiry";
    /// Who wins to resolve a permit.
    PERMIT_RESOLVER: Onces "permit-resolver/{id}" of "taken at 1",
        written by "pre-flight", read by "-",
        kept "with its permit", removed by "expiry";
    /// Who wins to give back what a permit held but did not use.
    PERMIT_CLOSER: Onces "permit-closer/{id}" of "taken at 1",
        written by "pre-flight", read by "-",
        kept "with its permit", removed by "expiry";
    /// Who wins to make a permit whose id follows from an idempotency key.
    PERMIT_MAKER: Onces "permit-maker/{id}" of "taken at 1",
        written by "pre-flight", read by "-",
        kept "with its permit", removed by "expiry";
    /// Until when a lease was extended.
    PERMIT_EXTENSION: Values "permit-extension/{id}" of "JSON number: milliseconds since 1970",
        written by "pre-flight", read by "-",
        kept "with its permit", removed by "expiry";
    /// The corrections of what a permit cost.
    CORRECTIONS: Logs "corrections/{id}" of "JSON `limits::permit::Listed`: the correction's own permit",
        written by "pre-flight", read by "-",
        kept "for good", removed by "-";
    /// Callers that wait for a place of a tenant, in the order of their coming.
    QUEUE: Logs "queue/{tenant}" of "JSON `limits::queue::Waiting`",
        written by "pre-flight", read by "-",
        kept "until served or gone; the tail for good", removed by "pre-flight, as callers come";
    /// The first slot of the queue that may still count.
    QUEUE_HEAD: Values "queue-head/{tenant}" of "JSON number: an index",
        written by "pre-flight", read by "-",
        kept "for good", removed by "-";
    /// Permits in the order of their making, for the reaper.
    PERMIT_LIST: Logs "permit-list" of "JSON `limits::permit::Listed`",
        written by "pre-flight", read by "operations",
        kept "until resolved", removed by "pre-flight, in maintenance";
    /// How far the reaper is in that list, and what it waits for.
    PERMIT_HEAD: Values "permit-head" of "JSON `limits::reaper::Head`",
        written by "pre-flight", read by "operations",
        kept "for good", removed by "-";
    /// Since when a run of the reaper is under way.
    REAPER_MARK: Values "reaper-mark" of "JSON number: milliseconds since 1970",
        written by "pre-flight", read by "-",
        kept "until that run ends", removed by "pre-flight";
    /// The tickets of the reaper's runs: the newest holds the lease.
    REAPER_TICKET: Counters "reaper-ticket" of "runs",
        written by "pre-flight", read by "-",
        kept "for good", removed by "-";
    /// Keys to delete once an hour is over.
    EXPIRY: Logs "expiry/{hour}" of "JSON list of texts: keys",
        written by "pre-flight, session-authorize, provider-proxy, webhook-ingest, operations", read by "-",
        kept "until the hour after that one is over too", removed by "pre-flight, in maintenance";
    /// The last hour whose keys are deleted.
    EXPIRY_HEAD: Values "expiry-head" of "JSON `kv_schemas::expiry::Head`",
        written by "pre-flight", read by "-",
        kept "for good", removed by "-";
}
