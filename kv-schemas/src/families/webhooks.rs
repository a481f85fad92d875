//! Vendors' webhooks: crate `webhooks`.

families! {
    "Webhooks";

    /// A webhook as it came.
    WEBHOOK: Values "webhook/{id}" of "JSON `webhooks::ingest::Stored`",
        written by "webhook-ingest", read by "-",
        kept "14 days", removed by "webhook-ingest, as webhooks come";
    /// Which stored webhook has this dedupe id.
    WEBHOOK_SEEN: Values "webhook-seen/{tenant}/{provider}/{sha256}" of "JSON `webhooks::ingest::event::Seen`",
        written by "webhook-ingest", read by "-",
        kept "32 days", removed by "webhook-ingest, as webhooks come";
    /// Who wins to apply a webhook.
    WEBHOOK_APPLYING: Onces "webhook-applying/{tenant}/{provider}/{sha256}" of "taken at 1",
        written by "webhook-ingest", read by "-",
        kept "32 days", removed by "webhook-ingest, as webhooks come";
    /// Webhooks whose effect failed.
    DEAD_LETTER: Logs "dead-letter" of "JSON `webhooks::ingest::DeadLetter`",
        written by "webhook-ingest", read by "-",
        kept "14 days", removed by "webhook-ingest, as webhooks come";
    /// Webhooks in the order of their coming, for the reaper.
    WEBHOOK_LIST: Logs "webhook-list" of "JSON `webhooks::ingest::event::Listed`",
        written by "webhook-ingest", read by "-",
        kept "32 days", removed by "webhook-ingest, as webhooks come";
    /// Where the reaper of webhooks begins.
    WEBHOOK_HEAD: Values "webhook-head" of "JSON `webhooks::ingest::sweep::Head`",
        written by "webhook-ingest", read by "-",
        kept "for good", removed by "-";
}
