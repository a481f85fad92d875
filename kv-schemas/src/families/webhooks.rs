//! Vendors' webhooks: crate `webhooks`.

families! {
    "Webhooks";

    /// A webhook as it came.
    WEBHOOK: Values "webhook/{id}" of "JSON `webhooks::ingest::Stored`",
        written by "webhook-ingest", read by "-",
        kept "14 days", removed by "webhook-ingest, as webhooks come and in its maintenance";
    /// Which stored webhook has this dedupe id.
    WEBHOOK_SEEN: Values "webhook-seen/{tenant}/{provider}/{sha256}" of "JSON `webhooks::ingest::event::Seen`",
        written by "webhook-ingest", read by "operations",
        kept "32 days", removed by "webhook-ingest, as webhooks come and in its maintenance";
    /// Who wins to apply a webhook.
    WEBHOOK_APPLYING: Onces "webhook-applying/{tenant}/{provider}/{sha256}" of "taken at 1",
        written by "webhook-ingest", read by "-",
        kept "32 days", removed by "webhook-ingest, as webhooks come and in its maintenance";
    /// Webhooks whose effect failed.
    DEAD_LETTER: Logs "dead-letter" of "JSON `webhooks::ingest::DeadLetter`",
        written by "webhook-ingest", read by "operations",
        kept "14 days", removed by "webhook-ingest, as webhooks come and in its maintenance";
    /// Webhooks that are not done with: what crashed, and what is to be retried.
    WEBHOOK_DUE: Logs "webhook-due" of "JSON `webhooks::ingest::due::Due`",
        written by "webhook-ingest", read by "-",
        kept "until done or dead", removed by "webhook-ingest";
    /// Where the work on that list begins.
    WEBHOOK_DUE_HEAD: Values "webhook-due-head" of "JSON `kv_schemas::sweep::Head`",
        written by "webhook-ingest", read by "-",
        kept "for good", removed by "-";
    /// Since when somebody is working on that list.
    WEBHOOK_DUE_MARK: Values "webhook-due-mark" of "JSON number: milliseconds since 1970",
        written by "webhook-ingest", read by "-",
        kept "until that run ends", removed by "webhook-ingest";
    /// The tickets of those who work on that list: the newest holds the lease.
    WEBHOOK_DUE_TICKET: Counters "webhook-due-ticket" of "runs",
        written by "webhook-ingest", read by "-",
        kept "for good", removed by "-";
    /// When that list was last worked on: deliveries do some of the work when nobody else does.
    WEBHOOK_WORKED: Values "webhook-worked" of "JSON number: milliseconds since 1970",
        written by "webhook-ingest", read by "-",
        kept "for good", removed by "-";
    /// How many deliveries were verified, rejected or duplicates, and how many effects failed or are dead.
    WEBHOOK_COUNT: Counters "webhook-count/{outcome}" of "deliveries or events",
        written by "webhook-ingest", read by "operations",
        kept "for good", removed by "-";
    /// How much of a tenant was stored in an hour: above a bound, nothing more.
    WEBHOOK_QUOTA: Counters "webhook-quota/{tenant}/{measure}/{hour}" of "new events; bytes of their bodies",
        written by "webhook-ingest", read by "-",
        kept "two hours", removed by "expiry";
    /// Webhooks in the order of their coming, for the reaper.
    WEBHOOK_LIST: Logs "webhook-list" of "JSON `webhooks::ingest::event::Listed`",
        written by "webhook-ingest", read by "-",
        kept "32 days", removed by "webhook-ingest, as webhooks come and in its maintenance";
    /// Where the reaper of webhooks begins.
    WEBHOOK_HEAD: Values "webhook-head" of "JSON `webhooks::ingest::sweep::Head`",
        written by "webhook-ingest", read by "operations",
        kept "for good", removed by "-";
}
