//! Messages of conversations in other apps: crate `messaging`, for `webhook-ingest` (what comes in) and `provider-proxy`
//! (what goes out).

families! {
    "Messages";

    /// A message that came in, or is to go out. Written once.
    MESSAGE: Values "message/{id}" of "JSON `messaging::Message`",
        written by "webhook-ingest, provider-proxy", read by "-",
        kept "15 days", removed by "expiry";
    /// What became of it.
    MESSAGE_STATE: Values "message-state/{id}" of "JSON `messaging::State`",
        written by "provider-proxy", read by "-",
        kept "15 days", removed by "expiry";
    /// Messages that are not done with, in the order of their coming.
    MESSAGE_LIST: Logs "message-list" of "JSON `messaging::Listed`",
        written by "webhook-ingest, provider-proxy", read by "-",
        kept "until answered, sent or given up", removed by "provider-proxy";
    /// Where the work on messages begins.
    MESSAGE_HEAD: Values "message-head" of "JSON `kv_schemas::sweep::Head`",
        written by "provider-proxy", read by "-",
        kept "for good", removed by "-";
    /// Since when somebody is at a message.
    MESSAGE_MARK: Values "message-mark/{id}" of "JSON number: milliseconds since 1970",
        written by "provider-proxy", read by "-",
        kept "until that step is done, 15 days at most", removed by "provider-proxy; expiry";
    /// The tickets of those who are at a message: the newest holds the lease.
    MESSAGE_TICKET: Counters "message-ticket/{id}" of "tries",
        written by "provider-proxy", read by "-",
        kept "15 days", removed by "expiry";
    /// When messages were last worked through.
    MESSAGES_WORKED: Values "messages-worked" of "JSON number: milliseconds since 1970",
        written by "provider-proxy", read by "-",
        kept "for good", removed by "-";
}
