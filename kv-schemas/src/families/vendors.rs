//! Jobs at vendors and fetched context: component `provider-proxy`.

families! {
    "Jobs and context";

    /// A job at a vendor.
    JOB: Values "job/{id}" of "JSON `provider_proxy::jobs::Job`",
        written by "provider-proxy", read by "-",
        kept "14 days past its end", removed by "expiry";
    /// A vendor's id of a job to ours.
    JOB_BY_VENDOR: Values "job-by-vendor/{tenant}/{vendor}/{vendor_id}" of "JSON text: our id",
        written by "provider-proxy", read by "webhook-ingest",
        kept "14 days past its end", removed by "expiry";
    /// That a vendor said something of a job: it is looked at soon.
    JOB_HINT: Values "job-hint/{id}" of "JSON number: when, milliseconds since 1970",
        written by "webhook-ingest", read by "provider-proxy",
        kept "until the job is looked at, 15 days at most", removed by "provider-proxy; expiry";
    /// Of those who drive a run, who calls the vendor for a job of it.
    JOB_CALLING: Onces "job-calling/{id}" of "taken at 1",
        written by "provider-proxy", read by "-",
        kept "with its job", removed by "expiry";
    /// Jobs in the order of their making, for the slow poll.
    JOB_LIST: Logs "job-list" of "JSON `provider_proxy::jobs::Listed`",
        written by "provider-proxy", read by "-",
        kept "until done", removed by "provider-proxy, finding it done";
    /// Where the slow poll begins.
    JOB_HEAD: Values "job-head" of "JSON `kv_schemas::sweep::Head`",
        written by "provider-proxy", read by "-",
        kept "for good", removed by "-";
    /// A topic's context as it was fetched.
    CONTEXT: Values "context/{tenant}/{sha256}" of "JSON `provider_proxy::context::Fetched`",
        written by "provider-proxy", read by "-",
        kept "a day past the fetch", removed by "expiry";
    /// Of those who want a topic at one moment, who fetches it.
    CONTEXT_FETCH: Onces "context-fetch/{tenant}/{sha256}/{moment}" of "taken at 1",
        written by "provider-proxy", read by "-",
        kept "two hours", removed by "expiry";
}
