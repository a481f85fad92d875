//! What is told to a tenant's server, and where to: crate `events`.

families! {
    "Outgoing events";

    /// What happened at a tenant, in order: what its server and its pages are told.
    FEED: Logs "feed/{tenant}" of "JSON `events::Event`",
        written by "pre-flight, provider-proxy, webhook-ingest, twin-registry, event-relay", read by "-",
        kept "7 days, and the newest 10,000 only", removed by "event-relay, in maintenance; twin-registry, erasing";
    /// Which of a feed's slots are forgotten, and up to where a hole stays one.
    FEED_HEAD: Values "feed-head/{tenant}" of "JSON `events::feed::Head`",
        written by "pre-flight, provider-proxy, webhook-ingest, twin-registry, event-relay", read by "-",
        kept "until the tenant is deleted", removed by "event-relay, in maintenance";
    /// That an event is in the feed.
    FEED_ONCE: Onces "feed-once/{tenant}/{id}" of "taken at 1",
        written by "pre-flight, provider-proxy, webhook-ingest, twin-registry, event-relay", read by "-",
        kept "8 days", removed by "expiry";
    /// In which minute an event was last told that is told once a minute at most.
    FEED_MINUTE: Values "feed-minute/{tenant}/{digest}" of "JSON number: minutes since 1970",
        written by "pre-flight", read by "-",
        kept "two hours", removed by "expiry";
    /// Where a tenant's server hears of events.
    ENDPOINT: Values "event-endpoint/{tenant}" of "JSON `tenancy::Endpoint`, secrets sealed",
        written by "twin-registry", read by "event-relay",
        kept "until it is removed or the tenant is deleted", removed by "twin-registry";
    /// All endpoints, in the order of their making.
    ENDPOINT_LIST: Logs "event-endpoint-list" of "JSON `tenancy::ListedEndpoint`",
        written by "twin-registry", read by "event-relay",
        kept "until the endpoint is removed", removed by "event-relay, in maintenance";
    /// Where the next look at endpoints begins.
    ENDPOINT_HEAD: Values "event-endpoint-head" of "JSON `kv_schemas::sweep::Head`",
        written by "event-relay", read by "-",
        kept "for good", removed by "-";
    /// How far an endpoint was told.
    DELIVERY: Values "event-delivery/{tenant}" of "JSON `events::delivery::State`",
        written by "event-relay", read by "twin-registry",
        kept "until the endpoint is removed", removed by "event-relay, in maintenance";
    /// Since when somebody delivers to an endpoint.
    DELIVERY_MARK: Values "event-delivery-mark/{tenant}" of "JSON number: milliseconds since 1970",
        written by "event-relay", read by "-",
        kept "until that run ends", removed by "event-relay";
    /// The tickets of those who deliver to an endpoint: the newest holds the lease.
    DELIVERY_TICKET: Counters "event-delivery-ticket/{tenant}" of "tickets drawn",
        written by "event-relay", read by "-",
        kept "for good", removed by "-";
    /// Events that an endpoint didn't take, to be sent again.
    DELIVERY_RETRY: Logs "event-retry/{tenant}" of "JSON `events::delivery::Retry`",
        written by "event-relay", read by "-",
        kept "until it is taken or dead", removed by "event-relay, in maintenance";
    /// Where the next look at them begins.
    DELIVERY_RETRY_HEAD: Values "event-retry-head/{tenant}" of "JSON `kv_schemas::sweep::Head`",
        written by "event-relay", read by "-",
        kept "until the tenant is deleted", removed by "event-relay, in maintenance";
    /// Events that an endpoint never took.
    DELIVERY_DEAD: Logs "event-dead/{tenant}" of "JSON `events::delivery::Dead`",
        written by "event-relay", read by "-",
        kept "14 days, and the newest 1,000 only", removed by "event-relay, in maintenance";
    /// Where the next look at them begins.
    DELIVERY_DEAD_HEAD: Values "event-dead-head/{tenant}" of "JSON `kv_schemas::sweep::Head`",
        written by "event-relay", read by "-",
        kept "until the tenant is deleted", removed by "event-relay, in maintenance";
    /// Who wins to send a dead event again.
    REDELIVERY: Onces "event-redelivery/{tenant}/{place}" of "taken at 1",
        written by "event-relay", read by "-",
        kept "15 days", removed by "expiry";
    /// Streams of a page's session, or of a tenant's servers.
    EVENT_STREAMS: Counters "event-stream/{tenant}/{session}" of "streams ever opened",
        written by "event-relay", read by "-",
        kept "two days", removed by "expiry";
    /// Tenants that have a feed.
    FEED_LIST: Logs "feed-list" of "JSON text: the tenant's id",
        written by "pre-flight, provider-proxy, webhook-ingest, twin-registry, event-relay", read by "-",
        kept "until the tenant is deleted", removed by "event-relay, in maintenance";
    /// Where the next look at feeds begins.
    FEED_LIST_HEAD: Values "feed-list-head" of "JSON `kv_schemas::sweep::Head`",
        written by "event-relay", read by "-",
        kept "for good", removed by "-";
}
