//! The log and its sums: crate `audit`. Only `audit-append` writes these.

families! {
    "Log";

    /// Log entries on their way in.
    STAGE: Logs "stage" of "JSON `audit::Entry`",
        written by "audit-append", read by "pre-flight",
        kept "until sequenced", removed by "audit-append, sequencing";
    /// Where a permit's entry was staged.
    STAGED_AT: Values "staged-at/{id}" of "JSON number: the stage index",
        written by "audit-append", read by "pre-flight (reaper)",
        kept "for good", removed by "-";
    /// The log itself: canonical entries by sequence number.
    ENTRY: Values "entry/{seq}" of "JSON `audit::Entry`, canonical",
        written by "audit-append", read by "pre-flight",
        kept "for good", removed by "-";
    /// A permit's place in the log.
    ENTRY_OF: Values "entry-of/{id}" of "JSON number: the sequence number",
        written by "audit-append", read by "pre-flight",
        kept "for good", removed by "-";
    /// How far the sequencer is; under the ticket of the run that wrote it, so that a run that was replaced writes aside.
    SEQUENCER: Values "sequencer/{ticket}" of "JSON `audit::state::State`",
        written by "audit-append", read by "pre-flight",
        kept "until the next run; one that was replaced may leave its own", removed by "audit-append, sequencing";
    /// The tickets of sequencer runs: the newest holds the lease.
    SEQUENCER_TICKET: Counters "sequencer-ticket" of "tickets drawn",
        written by "audit-append", read by "pre-flight",
        kept "for good", removed by "-";
    /// Since when a sequencer run is under way.
    SEQUENCER_MARK: Values "sequencer-mark" of "JSON number: milliseconds since 1970",
        written by "audit-append", read by "-",
        kept "until that run ends", removed by "audit-append, sequencing";
    /// A scope's entries of a month or a day in order: positions in the log.
    TALLY: Values "tally/{scope}/{owner}/{window}/{n}" of "JSON number: a sequence number",
        written by "audit-append", read by "pre-flight",
        kept "for good", removed by "-";
    /// Sums of a scope's entries of a month or a day; right up to the position it names.
    TOTALS: Values "totals/{scope}/{owner}/{window}" of "JSON `audit::Totals`",
        written by "audit-append", read by "pre-flight",
        kept "for good", removed by "-";
    /// A tenant's entries in order: positions in the log.
    TENANT_ENTRY: Values "tenant-entry/{tenant}/{n}" of "JSON number: a sequence number",
        written by "audit-append", read by "-",
        kept "for good", removed by "-";
    /// How many entries a tenant has; right up to the position it names.
    TENANT_ENTRIES: Values "tenant-entries/{tenant}" of "JSON `audit::places::TenantCount`",
        written by "audit-append", read by "-",
        kept "for good", removed by "-";
}
