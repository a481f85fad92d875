//! Live sessions at vendors, and answers under way: component `provider-proxy`.

families! {
    "Live sessions";

    /// A live session at a vendor.
    LIVE: Values "live/{id}" of "JSON `provider_proxy::live::Live`",
        written by "provider-proxy", read by "-",
        kept "a day past its end", removed by "expiry";
    /// That and when a live session ends.
    LIVE_ENDING: Values "live-ending/{id}" of "JSON `provider_proxy::live::Ending`",
        written by "provider-proxy", read by "-",
        kept "a day past its end", removed by "expiry";
    /// Of the ticks of one moment, who pays.
    LIVE_TICK: Onces "live-tick/{moment}" of "taken at 1",
        written by "provider-proxy", read by "-",
        kept "two hours", removed by "expiry";
    /// A vendor's id of a live session to ours.
    LIVE_BY_VENDOR: Values "live-by-vendor/{tenant}/{vendor}/{vendor_id}" of "JSON text: our id",
        written by "provider-proxy", read by "webhook-ingest",
        kept "a day past its end", removed by "expiry";
    /// What a session holds at vendors.
    LIVE_OF_SESSION: Values "live-of-session/{session}" of "JSON text: the live session's id",
        written by "provider-proxy", read by "-",
        kept "until the live session's end", removed by "provider-proxy, ending it";
    /// Live sessions in the order of their making.
    LIVE_LIST: Logs "live-list" of "JSON `provider_proxy::live::Listed`",
        written by "provider-proxy", read by "-",
        kept "until ended", removed by "provider-proxy, ending it";
    /// Where the kill switch begins.
    LIVE_HEAD: Values "live-head" of "JSON `kv_schemas::sweep::Head`",
        written by "provider-proxy", read by "-",
        kept "for good", removed by "-";
    /// That a vendor said a live session ended.
    LIVE_REPORT: Values "live-report/{id}" of "JSON `webhooks::ingest::LiveReport`",
        written by "webhook-ingest", read by "provider-proxy",
        kept "a day past its end, 15 days at most", removed by "expiry";
    /// Live sessions whose vendor said when they ended after they were settled.
    LIVE_LATE: Logs "live-late" of "JSON text: the live session's id",
        written by "webhook-ingest", read by "provider-proxy",
        kept "until settled anew", removed by "provider-proxy, in maintenance";
    /// Where the settling anew begins.
    LIVE_LATE_HEAD: Values "live-late-head" of "JSON `kv_schemas::sweep::Head`",
        written by "provider-proxy", read by "-",
        kept "for good", removed by "-";
    /// What was paid of a live session, tick by tick.
    LIVE_PAID: Logs "live-paid/{id}" of "JSON `provider_proxy::live::Paid`",
        written by "provider-proxy", read by "-",
        kept "a day past its end", removed by "expiry";
    /// That an answer under way is to stop.
    INTERRUPT: Values "interrupt/{id}" of "JSON number: when, milliseconds since 1970",
        written by "provider-proxy", read by "-",
        kept "two hours", removed by "expiry";
}
